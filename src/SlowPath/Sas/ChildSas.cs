using System.Net;
using Appliance.Crypto;
using Appliance.Ike;
using Appliance.Policy;
using Appliance.Shared;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Sas;

/// <summary>What children ask of the gateway that they belong to.</summary>
internal interface IChildHost
{
    /// <summary>Applies a tunnel's ends, routes and MTU to the tables now; <paramref name="shape"/> is that of an SA to come. False when there is no room.</summary>
    bool Apply(string tunnel, EspShape? shape);

    /// <summary>Applies them at the end of the loop's round: a tunnel lost an SA.</summary>
    void ApplySoon(string tunnel);

    /// <summary>Slot of a tunnel.</summary>
    uint? SlotOf(string tunnel);

    /// <summary>Tells IKE.</summary>
    void Raise(IkeEvent e);
}

/// <summary>
/// IKE's children over the SAD: 1. the tunnel gets the child's ends, an instance its routes; 2. selectors and both SAs are written, and published inbound first; 3. the tunnel's workers are
/// switched (<see cref="OutboundChoice"/>). Runs on the loop.
/// </summary>
internal sealed class ChildSas : IChildSas
{
    /// <summary>How long after the start adopted children wait for the IKE SA that names them.</summary>
    public const int ClaimMilliseconds = 60_000;
    private readonly Region region;
    private readonly SaStore store;
    private readonly SaInstaller installer;
    private readonly EffectiveTunnels tunnels;
    private readonly IChildHost host;
    private readonly OutboundChoice choice;
    private readonly OutboundMove move;
    private readonly ILogger log;
    private readonly HashSet<(bool Outbound, uint Spi)> children = [], unclaimed = [];
    private readonly Dictionary<uint, uint> outboundOf = [];
    private SaEntry? removing;
    private long claimUntil;

    public ChildSas(Region region, SaStore store, SaInstaller installer, EffectiveTunnels tunnels, IChildHost host, ILogger log)
    {
        this.region = region;
        this.store = store;
        this.installer = installer;
        this.tunnels = tunnels;
        this.host = host;
        this.log = log;
        choice = new OutboundChoice(region, store);
        move = new OutboundMove(region, store, installer);
        store.Retired += Ended;
        foreach (var entry in store.All) Adopt(entry);
        foreach (var slot in store.All.Where(e => e.Group is null && children.Contains((e.IsOutbound, e.Spi))).Select(e => e.TunnelSlot).Distinct()) choice.Apply(slot);
    }

    /// <inheritdoc/>
    public async Task<string?> InstallAsync(ChildSa child, Secret inboundKey, Secret outboundKey, bool activateOutbound)
    {
        if (Refuse(child, inboundKey, outboundKey, out var cipher, out var keyLength) is { } reason) return reason;
        tunnels.SetEnds(child.Instance, ChildKind.Ends(child.Local, child.Remote, child.UdpEncapsulation));
        var rules = SelectorRules.Of(child)!;
        tunnels.Add(child.Instance, child.InboundSpi, RoutesOf(child.Instance, rules));
        var requests = new List<SaRequest>();
        try
        {
            if (!host.Apply(child.Instance, new EspShape(CipherFacts.IvLength(cipher), CipherFacts.IcvLength(cipher), CipherFacts.BlockSize(cipher))))
                throw new RefusedException($"no room for tunnel '{child.Instance}'", "raise region: tunnels, next_hops, ipv4_groups or ipv6_nodes");
            if (!store.Selectors.TryWrite(rules, out var start)) throw new RefusedException("no room for the child's traffic selectors", "raise region: spd_rules");
            var check = !SelectorRules.Cover(rules, tunnels.Find(child.Instance)!.Routes);
            requests.Add(Request(child, false, cipher, keyLength, inboundKey, start, rules.Count, false));
            outboundOf[child.InboundSpi] = child.OutboundSpi;
            requests.Add(Request(child, true, cipher, keyLength, outboundKey, start, rules.Count, check));
            try
            {
                await InstallAsync(requests, cipher, child.Instance);
            }
            catch
            {
                store.Selectors.Release(start, (uint)rules.Count);
                throw;
            }

            if (activateOutbound) Activate(child.OutboundSpi);
            return null;
        }
        catch (RefusedException refused)
        {
            tunnels.Remove(child.Instance, child.InboundSpi);
            if (store.Find(false, child.InboundSpi) is null) outboundOf.Remove(child.InboundSpi);
            Tidy(child.Instance, host.SlotOf(child.Instance));
            return $"{refused.Message} ({refused.Hint})";
        }
        finally
        {
            foreach (var request in requests) request.Wipe();
        }
    }

    /// <inheritdoc/>
    public void Activate(uint outboundSpi)
    {
        if (store.Find(true, outboundSpi) is not { } entry) return;
        choice.Activate(entry);
        choice.Apply(entry.TunnelSlot);
    }

    /// <inheritdoc/>
    public void Remove(uint inboundSpi, uint outboundSpi, int lingerMilliseconds, string reason)
    {
        if (outboundSpi != 0 && store.Find(true, outboundSpi) is { } outbound)
        {
            log.LogDebug("outbound SA 0x{Spi:x8} of tunnel {Tunnel} ends: {Reason}", outbound.Spi, outbound.Tunnel, reason);
            choice.Forget(outbound);
            choice.Apply(outbound.TunnelSlot);
            removing = outbound;
            store.Drain(outbound);
        }

        if (inboundSpi == 0 || store.Find(false, inboundSpi) is not { } inbound) return;
        log.LogDebug("inbound SA 0x{Spi:x8} of tunnel {Tunnel} ends in {Linger} ms: {Reason}", inbound.Spi, inbound.Tunnel, lingerMilliseconds, reason);
        if (lingerMilliseconds > 0) store.ExpireAt(inbound, Environment.TickCount64 + lingerMilliseconds);
        else store.Retire(inbound);
    }

    /// <inheritdoc/>
    public void Move(IReadOnlyList<(uint InboundSpi, uint OutboundSpi)> children, IPEndPoint local, IPEndPoint remote, bool udp)
    {
        var ends = ChildKind.Ends(local, remote, udp);
        var moved = children.Select(c => store.Find(true, c.OutboundSpi)).OfType<SaEntry>().ToList();
        foreach (var name in moved.Select(e => e.Tunnel).Distinct())
        {
            tunnels.SetEnds(name, ends);
            host.Apply(name, null);
        }

        foreach (var (inboundSpi, _) in children)
            if (store.Find(false, inboundSpi) is { } entry) MoveInbound(ref region.InboundSa(entry.Slot), ends);
        foreach (var entry in moved)
        {
            var seconds = tunnels.Find(entry.Tunnel)?.KeepaliveSeconds ?? 0;
            if (move.Begin(entry, ends, seconds, choice) is not { } problem) continue;
            log.LogError("outbound SA 0x{Spi:x8} of tunnel {Tunnel} cannot move to {Remote}: {Problem}", entry.Spi, entry.Tunnel, remote, problem);
            store.Retire(entry);
        }
    }

    /// <inheritdoc/>
    public long? Silent(IReadOnlyList<uint> inboundSpis)
    {
        var last = 0L;
        foreach (var spi in inboundSpis)
            if (store.Find(false, spi) is { } entry)
                last = Math.Max(last, Volatile.Read(ref region.InboundState(entry.Slot).LastUsed));
        return last == 0 ? null : Math.Max(0, Environment.TickCount64 - last);
    }

    /// <inheritdoc/>
    public bool Exists(uint inboundSpi, uint outboundSpi)
    {
        if (store.Find(false, inboundSpi) is null || store.Find(true, outboundSpi) is null) return false;
        unclaimed.Remove((false, inboundSpi));
        unclaimed.Remove((true, outboundSpi));
        outboundOf[inboundSpi] = outboundSpi;
        return true;
    }

    /// <summary>Outbound SPI of the child with an inbound SPI; null for none of IKE's.</summary>
    public uint? OutboundOf(uint inboundSpi) => outboundOf.TryGetValue(inboundSpi, out var outbound) ? outbound : null;

    /// <summary>Now and then: adopted children that no IKE SA claimed in time end. <paramref name="tick"/> is <see cref="Environment.TickCount64"/>.</summary>
    public void Sweep(long tick)
    {
        if (unclaimed.Count == 0) return;
        if (claimUntil == 0) claimUntil = tick + ClaimMilliseconds;
        if (tick < claimUntil) return;
        foreach (var (isOutbound, spi) in unclaimed.ToList())
        {
            if (store.Find(isOutbound, spi) is not { } entry) continue;
            log.LogWarning("{Direction} SA 0x{Spi:x8} of tunnel {Tunnel} is from before the restart and no IKE SA names it: it ends", entry.Direction, spi, entry.Tunnel);
            store.Retire(entry);
        }

        unclaimed.Clear();
    }

    private string? Refuse(ChildSa child, Secret inboundKey, Secret outboundKey, out Cipher cipher, out int keyLength)
    {
        if (!ChildKind.TryCipher(child.Encryption, child.Integrity, out cipher, out keyLength)) return $"{child.Encryption} with {child.Integrity} is no cipher of the data plane";
        if (inboundKey.Length != CipherFacts.KeyMaterialLength(cipher, keyLength) || outboundKey.Length != inboundKey.Length) return $"key material of {inboundKey.Length} octets for {cipher}";
        if (tunnels.Configured(child.Instance) is not { } configured || configured.Peer is null || (configured.IsTemplate && configured.Name == child.Instance))
            return $"there is no tunnel '{child.Instance}' that IKE may key";
        if (configured.Kind != ChildKind.Of(child.Mode)) return $"tunnel '{configured.Name}' is {configured.Kind}, the child is {child.Mode}";
        if (System.Text.Encoding.UTF8.GetByteCount(child.Instance) >= NameOctets.Size) return $"the name '{child.Instance}' is longer than {NameOctets.Size - 1} octets: give the tunnel a shorter one";
        if (child.Local.Address.AddressFamily != child.Remote.Address.AddressFamily) return $"the child's ends {child.Local} and {child.Remote} are of two families";
        if (SelectorRules.Of(child) is not { } rules) return $"{child.LocalSelectors.Count} local and {child.RemoteSelectors.Count} remote selectors make more than {SelectorRules.Maximum} pairs";
        return rules.Count == 0 ? "no packet fits the child's traffic selectors" : null;
    }

    /// <summary>Routes that a child brings to an instance: what its selectors say, but in IIPtran routing is apart from them (RFC 3884 §3.1) and the configuration has them.</summary>
    private IReadOnlyList<IpPrefix> RoutesOf(string name, IEnumerable<SpdRule> rules) =>
        tunnels.Configured(name) is { Kind: TunnelKind.IipTran } configured ? configured.Routes : SelectorRules.RemotePrefixes(rules);

    private static SaRequest Request(ChildSa child, bool isOutbound, Cipher cipher, int keyLength, Secret key, uint start, int count, bool check) => new()
    {
        Tunnel = child.Instance, IsOutbound = isOutbound, Spi = isOutbound ? child.OutboundSpi : child.InboundSpi, Cipher = cipher, KeyLength = keyLength, KeyMaterial = key.Octets.ToArray(),
        Esn = child.Esn, ReplayWindow = child.ReplayWindow, Worker = child.Worker, SoftSequence = child.SoftPackets, LifetimeMilliseconds = child.LifetimeMilliseconds,
        Negotiated = new NegotiatedSa(start, (uint)count, check, child.SoftBytes, child.HardBytes, child.Tfc, child.Worker),
    };

    private async Task InstallAsync(IReadOnlyList<SaRequest> requests, Cipher cipher, string tunnel)
    {
        var staged = installer.Stage(requests, Environment.TickCount64);
        var ready = installer.PreparedAsync([cipher]);
        if (!ready.IsCompleted)
        {
            var slot = host.SlotOf(tunnel);
            await ready;
            if (host.SlotOf(tunnel) != slot)
            {
                installer.Abandon(staged);
                throw new RefusedException($"tunnel '{tunnel}' went while its child was installed", "the configuration changed: try again");
            }
        }

        foreach (var entry in installer.Publish(staged)) children.Add((entry.IsOutbound, entry.Spi));
    }

    private static void MoveInbound(ref InboundSa sa, TunnelEnds ends)
    {
        Volatile.Write(ref sa.PeerPort, (ushort)0);
        sa.Encapsulation = ends.Encapsulation;
        sa.Peer = ends.Remote;
        Volatile.Write(ref sa.PeerPort, ends.Encapsulation == EspEncapsulation.Udp ? ends.RemotePort : (ushort)0);
    }

    /// <summary>An SA that an earlier process left: its tunnel has its ends and carries what it lets in.</summary>
    private void Adopt(SaEntry entry)
    {
        if (entry.Group is not null || tunnels.Configured(entry.Tunnel) is not { Peer: not null }) return;
        unclaimed.Add((entry.IsOutbound, entry.Spi));
        children.Add((entry.IsOutbound, entry.Spi));
        if (entry.IsOutbound)
        {
            ref var sa = ref region.OutboundSa(entry.Slot);
            tunnels.SetEnds(entry.Tunnel, new TunnelEnds(sa.Source, sa.Destination, sa.Encapsulation, sa.SourcePort, sa.DestinationPort));
            choice.Adopt(entry);
            return;
        }

        ref var record = ref region.InboundSa(entry.Slot);
        tunnels.Add(entry.Tunnel, entry.Spi, RoutesOf(entry.Tunnel, store.Selectors.Read(record.SelectorStart, record.SelectorCount)));
    }

    /// <summary>An SA was taken out of use, by whomever. IKE hears of it when it was not IKE's doing.</summary>
    private void Ended(SaEntry entry)
    {
        if (entry.Group is not null || !children.Remove((entry.IsOutbound, entry.Spi))) return;
        unclaimed.Remove((entry.IsOutbound, entry.Spi));
        if (!entry.IsOutbound)
        {
            outboundOf.Remove(entry.Spi);
            tunnels.Remove(entry.Tunnel, entry.Spi);
        }
        else if (entry == removing)
        {
            removing = null;
        }
        else
        {
            choice.Forget(entry);
            choice.Apply(entry.TunnelSlot);
            host.Raise(new ChildExpires(entry.Spi, Hard: true));
        }

        Tidy(entry.Tunnel, entry.TunnelSlot);
    }

    private void Tidy(string tunnel, uint? slot)
    {
        if (slot is null || store.OfTunnel(slot.Value).Count == 0) tunnels.Forget(tunnel);
        host.ApplySoon(tunnel);
    }
}
