using System.Security.Cryptography;
using Appliance.Crypto;
using Appliance.Ike;
using Appliance.Policy;
using Appliance.Shared;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Sas;

/// <summary>
/// Multi-point SAs over the SAD (draft-yamaya-ipsecme-mpsa-04 §3.3.2): 1. check, above all that no Sender-ID comes twice under one key, 2. write the record that takes in and those that send,
/// 3. ciphers are made ready, 4. publish inbound, then outbound, 5. <see cref="Activate"/>: each worker of each of the group's tunnels is pointed to its own record. Runs on the loop.
/// </summary>
internal sealed class GroupSas : IGroupSas
{
    private readonly Region region;
    private readonly SaStore store;
    private readonly SaInstaller installer;
    private readonly Func<string, GroupTunnel?> tunnelOf;
    private readonly Func<string, string?> configured;
    private readonly IChildHost host;
    private readonly int workers;
    private readonly ILogger log;
    private readonly UsedSenders used = new();
    private readonly SpiCollisions collisions;
    private readonly Dictionary<(string Group, uint Spi), LiveGroupSa> live = [];
    private readonly Dictionary<string, LiveGroupSa> active = new(StringComparer.Ordinal);
    private readonly HashSet<(string Group, uint Spi)> unclaimed = [];

    /// <summary>SAs that wait for their cipher, with the records that were made for each.</summary>
    private readonly Dictionary<(string Group, uint Spi), List<SaEntry>> installing = [];
    private long claimUntil;

    /// <summary>Takes over what an earlier process left. <paramref name="tunnelOf"/>: a tunnel as it is in the tables; <paramref name="configured"/>: the group of a tunnel of the configuration.</summary>
    public GroupSas(Region region, SaStore store, SaInstaller installer, Func<string, GroupTunnel?> tunnelOf, Func<string, string?> configured, IChildHost host, SpiCollisions collisions, int workers, ILogger log)
    {
        this.region = region;
        this.store = store;
        this.installer = installer;
        this.tunnelOf = tunnelOf;
        this.configured = configured;
        this.host = host;
        this.collisions = collisions;
        this.workers = workers;
        this.log = log;
        store.Ending += collisions.End;
        store.Retired += Ended;
        store.Published += entry =>
        {
            if (entry.Group is null && live.Values.FirstOrDefault(s => s.Spi == entry.Spi) is { } sa) collisions.Begin(sa.Inbound);
        };
        Adopt();
    }

    /// <summary>SAs at present.</summary>
    public IEnumerable<LiveGroup> All => live.Values.Select(s => new LiveGroup(s.Group, s.Spi, s.Inbound, s.Outbound, active.GetValueOrDefault(s.Group) == s));

    /// <inheritdoc/>
    public async Task<string?> InstallAsync(GroupSa sa, Secret key)
    {
        try
        {
            await InstallOrRefuseAsync(sa, key);
            return null;
        }
        catch (RefusedException refused)
        {
            return $"{refused.Message} ({refused.Hint})";
        }
    }

    /// <inheritdoc/>
    public void Activate(string group, uint spi)
    {
        if (!live.TryGetValue((group, spi), out var sa)) return;
        active[group] = sa;
        Name(sa);
        log.LogInformation("group {Group} sends by SA 0x{Spi:x8}", group, spi);
    }

    /// <inheritdoc/>
    public void Remove(string group, uint spi, string reason)
    {
        installing.Remove((group, spi));
        if (!live.TryGetValue((group, spi), out var sa)) return;
        log.LogInformation("SA 0x{Spi:x8} of group {Group} ends: {Reason}", spi, group, reason);
        End(sa);
    }

    /// <inheritdoc/>
    public bool Exists(string group, uint spi)
    {
        unclaimed.Remove((group, spi));
        return live.ContainsKey((group, spi)) || installing.ContainsKey((group, spi));
    }

    /// <summary>Now and then: adopted SAs that IKE did not claim in time end. <paramref name="tick"/> is <see cref="Environment.TickCount64"/>.</summary>
    public void Sweep(long tick)
    {
        collisions.Sweep(tick);
        if (unclaimed.Count == 0) return;
        if (claimUntil == 0) claimUntil = tick + ChildSas.ClaimMilliseconds;
        if (tick < claimUntil) return;
        foreach (var key in unclaimed.ToList())
        {
            log.LogWarning("SA 0x{Spi:x8} of group {Group} is from before the restart and IKE does not know it: it ends", key.Spi, key.Group);
            End(live[key]);
        }
    }

    private async Task InstallOrRefuseAsync(GroupSa sa, Secret key)
    {
        var (cipher, keyLength) = CipherOf(sa, key);
        var tunnels = TunnelsOf(sa.Group);
        var senders = SendersOf(sa, cipher, tunnels.Count);
        var name = (sa.Group, sa.Spi);
        var shape = new GroupSaShape(sa.Spi, cipher, keyLength, senders.Count == 0 ? 0 : sa.SenderIdBits, senders.Count == 0 ? 0 : sa.ReplayWindow, Environment.TickCount64 + sa.LifetimeMilliseconds);
        if (installing.ContainsKey(name)) throw new RefusedException($"SA 0x{sa.Spi:x8} of group '{sa.Group}' is being installed already", "wait for that", 409);
        var block = new byte[KeyBlock.Size];
        var staged = new List<SaEntry>();
        try
        {
            CipherKey.Expand(cipher, key.Octets, block);
            var before = Before(sa, cipher, block);
            if (before is not null) unclaimed.Remove(name);
            if (before is not null && before.SenderIds.SequenceEqual(senders))
            {
                Renew(before, shape.ExpiresAt);
                return;
            }

            RefuseUsed(sa, senders, block);
            installing[name] = staged;
            Stage(staged, shape, tunnels, senders, block, withInbound: before is null);
            await installer.PreparedAsync([cipher]);
            if (installing.GetValueOrDefault(name) != staged) throw new RefusedException($"SA 0x{sa.Spi:x8} of group '{sa.Group}' was removed while it was installed", "nothing is left of it", 409);
            if (!tunnels.Select(t => t.Slot).SequenceEqual(TunnelsOf(sa.Group).Select(t => t.Slot))) throw new RefusedException($"tunnels of group '{sa.Group}' went while its SA was installed", "the configuration changed: try again", 409);

            // Others may have been installed meanwhile.
            RefuseUsed(sa, senders, block);
            Publish(sa, staged, Before(sa, cipher, block), senders, block);
            installing.Remove(name);
        }
        catch
        {
            if (installing.GetValueOrDefault(name) == staged) installing.Remove(name);
            foreach (var entry in staged) store.Abandon(entry.IsOutbound, entry.Slot);
            throw;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(block);
        }

        foreach (var tunnel in tunnels) host.ApplySoon(tunnel.Configuration.Name);
        log.LogInformation("installed SA 0x{Spi:x8} of group {Group} from {Gateway}: {Cipher}, {Senders} Sender-IDs", sa.Spi, sa.Group, sa.Gateway, Configuration.CipherNames.NameOf(cipher, keyLength), senders.Count);
    }

    private void RefuseUsed(GroupSa sa, List<uint> senders, ReadOnlySpan<byte> block)
    {
        foreach (var id in senders)
            if (used.Contains(block, id))
                throw new RefusedException($"Sender-ID {id} of SA 0x{sa.Spi:x8} was used before under its key: IVs would repeat (RFC 6054 §2)", "register anew: the gateway gives fresh Sender-IDs", 409);
    }

    private static (Cipher Cipher, int KeyLength) CipherOf(GroupSa sa, Secret key)
    {
        if (!ChildKind.TryCipher(sa.Encryption, sa.Integrity, out var cipher, out var keyLength) || cipher == Cipher.AesGmac)
            throw new RefusedException($"{sa.Encryption} with {sa.Integrity} is no cipher for a group", "the gateway can use AES-GCM, ChaCha20-Poly1305 or AES-CBC with HMAC");
        if (key.Length != CipherFacts.KeyMaterialLength(cipher, keyLength)) throw new RefusedException($"key material of {key.Length} octets for {cipher}", "it does not fit the cipher");
        if (sa.LifetimeMilliseconds <= 0) throw new RefusedException($"SA 0x{sa.Spi:x8} has no lifetime left", "the gateway rekeys it");
        return (cipher, keyLength);
    }

    private List<GroupTunnel> TunnelsOf(string group)
    {
        var found = new List<GroupTunnel>(2);
        foreach (var isV4 in (ReadOnlySpan<bool>)[true, false])
            if (tunnelOf(GroupConfiguration.TunnelName(group, isV4)) is { } tunnel && tunnel.Configuration.Group == group) found.Add(tunnel);
        return found.Count > 0 ? found : throw new RefusedException($"there is no tunnel of group '{group}'", "the group needs an ESP address of ours ('local')", 404);
    }

    /// <summary>Sender-IDs in the order of the records, outer family by outer family; none for CBC.</summary>
    private List<uint> SendersOf(GroupSa sa, Cipher cipher, int families)
    {
        if (CipherFacts.IsCbc(cipher)) return [];
        var needed = families * workers;
        if (sa.SenderIdBits is < 8 or > 24) throw new RefusedException($"Sender-IDs of {sa.SenderIdBits} bits", "8 to 24 (RFC 6054 §2)");
        if (sa.SenderIds.Count < needed) throw new RefusedException($"SA 0x{sa.Spi:x8} came with {sa.SenderIds.Count} Sender-IDs, {needed} are needed: one for each worker and outer family", "a counter-mode SA is not used without");
        var senders = sa.SenderIds.Take(needed).ToList();
        if (senders.Distinct().Count() < needed || senders.Any(id => id >> sa.SenderIdBits != 0)) throw new RefusedException($"SA 0x{sa.Spi:x8} came with a Sender-ID twice, or wider than {sa.SenderIdBits} bits", "IVs would repeat");
        return senders;
    }

    /// <summary>The live SA with this SPI and key; null when there is none.</summary>
    private LiveGroupSa? Before(GroupSa sa, Cipher cipher, ReadOnlySpan<byte> block)
    {
        if (live.Values.FirstOrDefault(s => s.Spi == sa.Spi) is { } there)
        {
            var isSame = there.Group == sa.Group && there.Inbound.Cipher == cipher && CryptographicOperations.FixedTimeEquals(block, region.InboundSa(there.Inbound.Slot).Key);
            return isSame ? there : throw new RefusedException($"SPI 0x{sa.Spi:x8} is in use by another SA of group '{there.Group}'", "the gateway has to choose another SPI", 409);
        }

        if (store.Find(false, sa.Spi) is { } own && !region.InboundSa(own.Slot).Destination.IsAny)
            throw new RefusedException($"SPI 0x{sa.Spi:x8} is in use by tunnel '{own.Tunnel}', which is keyed by hand", "give that tunnel another SPI", 409);
        return null;
    }

    private void Stage(List<SaEntry> staged, GroupSaShape shape, List<GroupTunnel> tunnels, List<uint> senders, byte[] block, bool withInbound)
    {
        if (withInbound) GroupRecords.Write(ref region.InboundSa(Take(false, shape, tunnels[0], (int)(tunnels[0].Slot % (uint)workers), staged)), shape, tunnels[0], staged[^1].Owner, block);
        for (var i = 0; i < tunnels.Count * workers; i++)
        {
            var tunnel = tunnels[i / workers];
            var slot = Take(true, shape, tunnel, i % workers, staged);
            GroupRecords.Write(ref region.OutboundSa(slot), shape, tunnel, staged[^1].Owner, senders.Count > 0 ? senders[i] : null, block);
        }
    }

    private uint Take(bool isOutbound, GroupSaShape shape, GroupTunnel tunnel, int worker, List<SaEntry> staged)
    {
        if (!store.TryTake(isOutbound, out var slot)) throw new RefusedException($"no free {(isOutbound ? "outbound" : "inbound")} SA", "raise region: sas", 507);
        staged.Add(new SaEntry(isOutbound, slot, shape.Spi, tunnel.Configuration.Name, tunnel.Slot, shape.Cipher, shape.KeyLength, worker) { Group = tunnel.Configuration.Group });
        return slot;
    }

    /// <summary>What is published leaves <paramref name="staged"/>.</summary>
    private void Publish(GroupSa sa, List<SaEntry> staged, LiveGroupSa? there, List<uint> senders, byte[] block)
    {
        foreach (var id in senders) used.Add(block, id);
        if (there is null)
        {
            there = live[(sa.Group, sa.Spi)] = new LiveGroupSa(sa.Group, sa.Spi, staged[0]);
            staged.RemoveAt(0);
            collisions.Prepare(there.Inbound);
            if (!store.PublishInbound(there.Inbound) || !TunnelsOf(sa.Group).Skip(1).All(t => store.AddKey(there.Inbound, t.Configuration.Local, IpAddress.Any)))
            {
                End(there);
                throw new RefusedException($"no room to find SPI 0x{sa.Spi:x8}", "raise region: sas", 507);
            }

            collisions.Begin(there.Inbound);
        }

        var former = there.Outbound;
        (there.Outbound, there.SenderIds) = ([.. staged], senders);
        staged.Clear();
        foreach (var entry in there.Outbound) store.PublishOutbound(entry);
        if (active.GetValueOrDefault(sa.Group) == there) Name(there);
        foreach (var entry in former) store.Drain(entry);
    }

    private void Renew(LiveGroupSa sa, long expiresAt)
    {
        store.Renew(sa.Inbound, expiresAt);
        foreach (var entry in sa.Outbound) store.Renew(entry, expiresAt);
    }

    private void Name(LiveGroupSa sa)
    {
        foreach (var entry in sa.Outbound) store.Name(entry, entry.Worker);
        foreach (var tunnel in sa.Outbound.Select(e => e.Tunnel).Distinct()) host.ApplySoon(tunnel);
    }

    private void End(LiveGroupSa sa)
    {
        if (!live.Remove((sa.Group, sa.Spi))) return;
        installing.Remove((sa.Group, sa.Spi));
        unclaimed.Remove((sa.Group, sa.Spi));
        if (active.GetValueOrDefault(sa.Group) == sa) active.Remove(sa.Group);
        foreach (var entry in sa.Outbound) store.Drain(entry);
        store.Retire(sa.Inbound);
        foreach (var tunnel in sa.Outbound.Select(e => e.Tunnel).Distinct()) host.ApplySoon(tunnel);
    }

    /// <summary>A record was taken out of use. When that was not our doing, the others go too, and IKE hears of it.</summary>
    private void Ended(SaEntry entry)
    {
        if (entry.Group is null || !live.TryGetValue((entry.Group, entry.Spi), out var sa) || (entry != sa.Inbound && !sa.Outbound.Contains(entry))) return;
        End(sa);
        host.Raise(new GroupExpires(sa.Group, sa.Spi, Hard: true));
    }

    /// <summary>What an earlier process left: whole SAs are live until they are claimed or not, parts of one end.</summary>
    private void Adopt()
    {
        foreach (var parts in store.All.Where(e => e.Group is not null).GroupBy(e => (e.Group!, e.Spi)).ToList())
        {
            var inbound = parts.Where(e => !e.IsOutbound).ToList();
            foreach (var entry in parts.Where(e => e.IsOutbound)) Remember(entry);
            var wanted = workers * ((IsOurs(parts.Key.Item1, isV4: true) ? 1 : 0) + (IsOurs(parts.Key.Item1, isV4: false) ? 1 : 0));
            var sending = parts.Where(e => e.IsOutbound).GroupBy(e => (e.Tunnel, e.Worker)).OrderBy(g => g.Key.Tunnel, StringComparer.Ordinal).ThenBy(g => g.Key.Worker).Select(g => g.MaxBy(IsNamed)!).ToList();
            foreach (var extra in parts.Where(e => e.IsOutbound).Except(sending).ToList()) store.Retire(extra);
            if (inbound.Count != 1 || sending.Count != wanted || wanted == 0 || live.Keys.Any(k => k.Spi == parts.Key.Spi))
            {
                foreach (var entry in parts.ToList()) store.Retire(entry);
                continue;
            }

            var sa = new LiveGroupSa(parts.Key.Item1, parts.Key.Spi, inbound[0]) { Outbound = sending, SenderIds = [.. sending.Select(e => GroupRecords.SenderIdOf(region.OutboundSa(e.Slot))).OfType<uint>()] };
            live[parts.Key] = sa;
            unclaimed.Add(parts.Key);
            if (sending.Any(IsNamed)) active[sa.Group] = sa;
            collisions.Begin(sa.Inbound);
        }
    }

    private bool IsOurs(string group, bool isV4) => configured(GroupConfiguration.TunnelName(group, isV4)) == group;

    private bool IsNamed(SaEntry entry) => ((ReadOnlySpan<uint>)region.Tunnel(entry.TunnelSlot).OutboundSas).Contains(entry.Slot);

    private void Remember(SaEntry entry)
    {
        ref var record = ref region.OutboundSa(entry.Slot);
        if (GroupRecords.SenderIdOf(record) is { } id) used.Add(record.Key, id);
    }

    private sealed class LiveGroupSa(string group, uint spi, SaEntry inbound)
    {
        public string Group => group;

        public uint Spi => spi;

        public SaEntry Inbound => inbound;

        public List<SaEntry> Outbound { get; set; } = [];

        public List<uint> SenderIds { get; set; } = [];
    }
}

/// <summary>A live multi-point SA.</summary>
/// <param name="Group">Its group.</param>
/// <param name="Spi">Its SPI.</param>
/// <param name="Inbound">What takes in.</param>
/// <param name="Outbound">What sends.</param>
/// <param name="IsActive">Packets go out by it.</param>
internal sealed record LiveGroup(string Group, uint Spi, SaEntry Inbound, IReadOnlyList<SaEntry> Outbound, bool IsActive);
