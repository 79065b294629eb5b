using System.Security.Cryptography;
using Appliance.Crypto;
using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Sas;

/// <summary>
/// Installs SAs: 1. check all, 2. write the records, unpublished, 3. let the data plane make its ciphers ready, where there are any that need it, 4. publish inbound, then outbound, then
/// switch the tunnel. All of a call or none. Runs on the loop.
/// </summary>
internal sealed class SaInstaller(Region region, SaStore store, Func<string, (uint Slot, TunnelConfiguration Configuration, TunnelContents Contents, uint Adjacency)?> tunnelOf, int workers)
{
    private const int PrepareMilliseconds = 200;
    private const int DataPlaneSilentMilliseconds = 2000;
    private Task? preparing;

    /// <summary>Installs the SAs and switches their tunnels to them; slots in the order of the requests. <paramref name="now"/> is <see cref="Environment.TickCount64"/>.</summary>
    /// <exception cref="RefusedException">One of them cannot be; nothing was changed.</exception>
    public async Task<uint[]> InstallAsync(IReadOnlyList<SaRequest> requests, long now)
    {
        var staged = Stage(requests, now);
        await PreparedAsync(requests.Select(r => r.Cipher));
        foreach (var entry in Publish(staged))
        {
            var request = staged.First(s => s.Slot == entry.Slot && s.Request.IsOutbound == entry.IsOutbound).Request;
            if (entry.IsOutbound) store.Name(entry, request.ServesTunnel ? null : request.Worker);
        }

        return staged.Select(s => s.Slot).ToArray();
    }

    /// <summary>Steps 1 and 2: checks, and writes records that nobody reads yet.</summary>
    /// <exception cref="RefusedException">One of them cannot be; nothing was changed.</exception>
    public IReadOnlyList<(SaRequest Request, uint Slot)> Stage(IReadOnlyList<SaRequest> requests, long now)
    {
        var slots = new List<(SaRequest Request, uint Slot)>(requests.Count);
        try
        {
            foreach (var request in requests) Check(request, requests);
            foreach (var request in requests)
            {
                if (!store.TryTake(request.IsOutbound, out var slot))
                    throw new RefusedException($"no free {request.Direction} SA", "raise region: sas, or delete SAs that are not needed", 507);
                slots.Add((request, slot));
                Write(request, slot, now);
            }

            return slots;
        }
        catch
        {
            // Whatever went wrong, no slot stays half written with a key in it.
            Abandon(slots);
            throw;
        }
    }

    /// <summary>Gives up what was staged.</summary>
    public void Abandon(IReadOnlyList<(SaRequest Request, uint Slot)> staged)
    {
        foreach (var (request, slot) in staged) store.Abandon(request.IsOutbound, slot);
    }

    /// <summary>
    /// Step 3, for staged SAs of these ciphers: nothing where the data plane's own kernels do them, or there is no data plane (one that starts looks at all SAs first). Else the data plane
    /// is rung, once for all that were staged in the same moment, and waited for until it is ready, or too late: then the cipher is not ready and packets are dropped and counted until it is.
    /// </summary>
    public Task PreparedAsync(IEnumerable<Cipher> ciphers)
    {
        var tier = Volatile.Read(ref region.Header.CryptoTier);
        if (tier is (uint)AesGcmTier.Managed or (uint)AesGcmTier.Vaes && ciphers.All(CipherFacts.HasKernel)) return Task.CompletedTask;
        if (IsDataPlaneAlive(region)) return preparing ??= RingAndWaitAsync();
        Doorbell.Ring(ref region.Header.SaVersion);
        return Task.CompletedTask;
    }

    /// <summary>Step 4: makes them live, inbound first. No tunnel names them yet.</summary>
    public IReadOnlyList<SaEntry> Publish(IReadOnlyList<(SaRequest Request, uint Slot)> staged)
    {
        var entries = new List<SaEntry>(staged.Count);
        foreach (var (request, slot) in staged)
        {
            if (request.IsOutbound) continue;
            entries.Add(Entry(request, slot, region.InboundSa(slot).Tunnel, region.InboundSa(slot).Worker));
            store.PublishInbound(entries[^1]);
        }

        foreach (var (request, slot) in staged)
        {
            if (!request.IsOutbound) continue;
            entries.Add(Entry(request, slot, region.OutboundSa(slot).Tunnel, region.OutboundSa(slot).Worker));
            store.PublishOutbound(entries[^1]);
        }

        return entries;
    }

    private void Check(SaRequest request, IReadOnlyList<SaRequest> together)
    {
        if (tunnelOf(request.Tunnel) is null) throw new RefusedException($"there is no tunnel '{request.Tunnel}'", "GET /tunnels lists them", 404);
        if (store.Find(request.IsOutbound, request.Spi) is { } other)
            throw new RefusedException($"{request.Direction} SPI 0x{request.Spi:x8} is in use by tunnel '{other.Tunnel}'", "choose another SPI, or delete that SA first", 409);
        if (together.Count(r => r.IsOutbound == request.IsOutbound && r.Spi == request.Spi) > 1) throw new RefusedException($"{request.Direction} SPI 0x{request.Spi:x8} twice", "every SA has an SPI of its own");
        if (request.Negotiated is null && tunnelOf(request.Tunnel) is { Configuration.Peer: { } peer })
            throw new RefusedException($"tunnel '{request.Tunnel}' gets its keys from IKE (peer '{peer}')", "'appliance ike rekey' makes new ones", 409);
        if (tunnelOf(request.Tunnel) is { Configuration.Group: { } group }) throw new RefusedException($"tunnel '{request.Tunnel}' gets its keys from the gateway of group '{group}'", $"'appliance group rekey {group}' at the gateway makes new ones", 409);
        if (request is { IsOutbound: false, Negotiated: null } && store.All.FirstOrDefault(e => e.Group is not null && e.Spi == request.Spi) is { } shared)
            throw new RefusedException($"inbound SPI 0x{request.Spi:x8} is in use by group '{shared.Group}'", "choose another SPI", 409);
        if (request.Worker is { } worker && (worker < 0 || worker >= workers)) throw new RefusedException($"there is no worker {worker}", $"0 to {workers - 1}");
        if (!CipherFacts.IsCbc(request.Cipher) && together.Any(r => r != request && !CipherFacts.IsCbc(r.Cipher) && SameKey(r, request)))
            throw new RefusedException("the same key for two SAs of a counter-mode cipher would repeat IVs (RFC 4106 §2)", "make a fresh key for every SA and direction", 409);
    }

    private static bool SameKey(SaRequest a, SaRequest b) => CryptographicOperations.FixedTimeEquals(a.KeyMaterial, b.KeyMaterial);

    private void Write(SaRequest request, uint slot, long now)
    {
        var (tunnelSlot, tunnel, contents, adjacency) = tunnelOf(request.Tunnel)!.Value;
        var block = new byte[KeyBlock.Size];
        try
        {
            CipherKey.Expand(request.Cipher, request.KeyMaterial, block);
            if (request.Negotiated is null && store.UsedKeys.Contains(request.Cipher, block))
                throw new RefusedException("this key was used by an SA before: under a counter-mode cipher it would repeat IVs (RFC 4106 §2)", "make a fresh key for every SA and direction", 409);
            if (request.IsOutbound) WriteOutbound(request, slot, tunnelSlot, tunnel, contents, adjacency, now, block);
            else WriteInbound(request, slot, tunnelSlot, tunnel, now, block);

            // A negotiated key is made of fresh nonces (RFC 4106 §2: automated key management); remembering every one of them would grow without end.
            if (request.Negotiated is null) store.UsedKeys.Add(request.Cipher, block);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(block);
        }
    }

    private void WriteOutbound(SaRequest request, uint slot, uint tunnelSlot, TunnelConfiguration tunnel, TunnelContents contents, uint adjacency, long now, byte[] key)
    {
        ref var sa = ref region.OutboundSa(slot);
        sa.Spi = request.Spi;
        sa.Tunnel = tunnelSlot;
        sa.Mode = tunnel.Kind == TunnelKind.Tunnel ? EspMode.Tunnel : EspMode.Transport;
        sa.Encapsulation = tunnel.Encapsulation;
        sa.Cipher = (byte)request.Cipher;
        sa.KeyLength = (byte)request.KeyLength;
        sa.IvLength = (byte)CipherFacts.IvLength(request.Cipher);
        sa.IcvLength = (byte)CipherFacts.IcvLength(request.Cipher);
        sa.Alignment = (byte)CipherFacts.BlockSize(request.Cipher);
        sa.Worker = Owner(request, tunnelSlot);
        sa.Flags = Flags(request, tunnel) | (tunnel.SetDf ? SaFlags.SetDf : 0) | (tunnel.Dscp >= 0 ? SaFlags.FixedDscp : 0);
        sa.Dscp = (byte)Math.Max(0, tunnel.Dscp);
        sa.TfcMultiple = request.Negotiated is { Tfc: false } ? (ushort)0 : tunnel.TfcMultiple;
        sa.PathMtu = contents.PathMtu;
        sa.Adjacency = adjacency;
        sa.IvBase = 0;
        var last = request.Esn ? ulong.MaxValue : uint.MaxValue;
        sa.SequenceHardLimit = request.HardSequence is > 0 and var hard && hard < last ? hard : last;
        sa.SequenceSoftLimit = request.SoftSequence > 0 ? request.SoftSequence : sa.SequenceHardLimit - sa.SequenceHardLimit / 8;
        sa.BytesSoftLimit = request.Negotiated?.SoftBytes ?? 0;
        sa.BytesHardLimit = request.Negotiated?.HardBytes ?? 0;
        if (request.Negotiated is { } negotiated)
        {
            (sa.SelectorStart, sa.SelectorCount) = (negotiated.SelectorStart, negotiated.SelectorCount);
            sa.Flags |= (negotiated.CheckSelectors ? SaFlags.CheckSelectors : 0) | (negotiated.Worker is not null ? SaFlags.Dedicated : 0);
        }

        sa.Destination = tunnel.Remote;
        sa.Source = tunnel.Local;
        sa.SourcePort = tunnel.LocalPort;
        sa.DestinationPort = tunnel.RemotePort;
        sa.KeepaliveSeconds = tunnel.KeepaliveSeconds;
        sa.ExpiresAt = request.LifetimeMilliseconds > 0 ? now + request.LifetimeMilliseconds : 0;
        OuterHeader.Build(ref sa);
        key.CopyTo((Span<byte>)sa.Key);
    }

    private void WriteInbound(SaRequest request, uint slot, uint tunnelSlot, TunnelConfiguration tunnel, long now, byte[] key)
    {
        ref var sa = ref region.InboundSa(slot);
        sa.Spi = request.Spi;
        sa.Tunnel = tunnelSlot;
        sa.Mode = tunnel.Kind == TunnelKind.Tunnel ? EspMode.Tunnel : EspMode.Transport;
        sa.Encapsulation = tunnel.Encapsulation;
        sa.Cipher = (byte)request.Cipher;
        sa.KeyLength = (byte)request.KeyLength;
        sa.IvLength = (byte)CipherFacts.IvLength(request.Cipher);
        sa.IcvLength = (byte)CipherFacts.IcvLength(request.Cipher);
        sa.Alignment = (byte)CipherFacts.BlockSize(request.Cipher);
        sa.Worker = Owner(request, tunnelSlot);
        sa.Flags = Flags(request, tunnel) | SaFlags.DecapsulateEcn | (request.ReplayWindow == 0 ? SaFlags.NoReplay : 0);
        sa.ReplayWindow = (ushort)request.ReplayWindow;
        sa.SenderIdBits = 0;
        (sa.SelectorStart, sa.SelectorCount) = (0, 0);
        sa.Destination = tunnel.Local;
        sa.Source = IpAddress.Any;
        if (request.Negotiated is { } negotiated)
        {
            // Our SPI is ours alone whatever address it comes to (RFC 4301 §4.1), so a move of ours needs no other entry in the lookup.
            sa.Destination = IpAddress.Any;
            sa.Flags |= SaFlags.AnyEncapsulation;
            (sa.SelectorStart, sa.SelectorCount) = (negotiated.SelectorStart, negotiated.SelectorCount);
            sa.Peer = tunnel.Remote;
            sa.PeerPort = tunnel.Encapsulation == EspEncapsulation.Udp ? tunnel.RemotePort : (ushort)0;
        }

        sa.ExpiresAt = request.LifetimeMilliseconds > 0 ? now + request.LifetimeMilliseconds : 0;
        key.CopyTo((Span<byte>)sa.Key);
    }

    private byte Owner(SaRequest request, uint tunnelSlot) => (byte)(request.Worker ?? (int)(tunnelSlot % (uint)workers));

    private static SaFlags Flags(SaRequest request, TunnelConfiguration tunnel) =>
        (request.Esn ? SaFlags.Esn : 0) | (tunnel.Kind == TunnelKind.IipTran ? SaFlags.IipTran : 0) | (tunnel.CheckSource ? SaFlags.CheckSourceRoute : 0);

    private async Task RingAndWaitAsync()
    {
        // Whatever else the loop has to install now joins this ring.
        await Task.Yield();
        preparing = null;
        Doorbell.Ring(ref region.Header.SaVersion);
        var wanted = region.Header.SaVersion;
        var until = Environment.TickCount64 + PrepareMilliseconds;
        while ((int)(Volatile.Read(ref region.Header.SaPrepared) - wanted) < 0 && IsDataPlaneAlive(region) && Environment.TickCount64 < until) await Task.Delay(1);
    }

    /// <summary>Whether a data plane runs and has answered lately.</summary>
    public static bool IsDataPlaneAlive(Region region)
    {
        ref var header = ref region.Header;
        return Volatile.Read(ref header.DataPlaneReady) != 0 && Environment.TickCount64 - Volatile.Read(ref header.DataPlaneHeartbeat) < DataPlaneSilentMilliseconds
            && ProcessGuard.IsAlive(header.DataPlaneProcess);
    }

    private static SaEntry Entry(SaRequest request, uint slot, uint tunnel, int worker) =>
        new(request.IsOutbound, slot, request.Spi, request.Tunnel, tunnel, request.Cipher, request.KeyLength, worker);
}
