using System.Security.Cryptography;
using Appliance.Crypto;
using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Sas;

/// <summary>
/// Installs SAs: 1. check all, 2. write the records, unpublished, 3. let the data plane make its ciphers ready, 4. publish inbound, then outbound, then switch the tunnel.
/// All of a call or none. Runs on the loop; calls do not overlap.
/// </summary>
internal sealed class SaInstaller(Region region, SaStore store, Func<string, (uint Slot, TunnelConfiguration Configuration, TunnelContents Contents, uint Adjacency)?> tunnelOf, int workers)
{
    private const int PrepareMilliseconds = 200;
    private const int DataPlaneSilentMilliseconds = 2000;

    /// <summary>Installs the SAs; slots in the order of the requests.</summary>
    /// <exception cref="RefusedException">One of them cannot be; nothing was changed.</exception>
    public async Task<uint[]> InstallAsync(IReadOnlyList<SaRequest> requests, long now)
    {
        var slots = new List<(SaRequest Request, uint Slot)>();
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
        }
        catch
        {
            // Whatever went wrong, no slot stays half written with a key in it.
            foreach (var (request, slot) in slots) store.Abandon(request.IsOutbound, slot);
            throw;
        }

        await PreparedAsync();
        foreach (var (request, slot) in slots.Where(s => !s.Request.IsOutbound)) store.PublishInbound(Entry(request, slot, region.InboundSa(slot).Tunnel, region.InboundSa(slot).Worker));
        foreach (var (request, slot) in slots.Where(s => s.Request.IsOutbound)) store.PublishOutbound(Entry(request, slot, region.OutboundSa(slot).Tunnel, region.OutboundSa(slot).Worker), request.ServesTunnel ? null : request.Worker);
        return slots.Select(s => s.Slot).ToArray();
    }

    private void Check(SaRequest request, IReadOnlyList<SaRequest> together)
    {
        if (tunnelOf(request.Tunnel) is null) throw new RefusedException($"there is no tunnel '{request.Tunnel}'", "GET /tunnels lists them", 404);
        if (store.Find(request.IsOutbound, request.Spi) is { } other)
            throw new RefusedException($"{request.Direction} SPI 0x{request.Spi:x8} is in use by tunnel '{other.Tunnel}'", "choose another SPI, or delete that SA first", 409);
        if (together.Count(r => r.IsOutbound == request.IsOutbound && r.Spi == request.Spi) > 1) throw new RefusedException($"{request.Direction} SPI 0x{request.Spi:x8} twice", "every SA has an SPI of its own");
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
            if (store.UsedKeys.Contains(request.Cipher, block))
                throw new RefusedException("this key was used by an SA before: under a counter-mode cipher it would repeat IVs (RFC 4106 §2)", "make a fresh key for every SA and direction", 409);
            if (request.IsOutbound) WriteOutbound(request, slot, tunnelSlot, tunnel, contents, adjacency, now, block);
            else WriteInbound(request, slot, tunnelSlot, tunnel, now, block);
            store.UsedKeys.Add(request.Cipher, block);
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
        sa.TfcMultiple = tunnel.TfcMultiple;
        sa.PathMtu = contents.PathMtu;
        sa.Adjacency = adjacency;
        sa.IvBase = 0;
        var last = request.Esn ? ulong.MaxValue : uint.MaxValue;
        sa.SequenceHardLimit = request.HardSequence is > 0 and var hard && hard < last ? hard : last;
        sa.SequenceSoftLimit = request.SoftSequence > 0 ? request.SoftSequence : sa.SequenceHardLimit - sa.SequenceHardLimit / 8;
        sa.BytesSoftLimit = 0;
        sa.BytesHardLimit = 0;
        sa.Destination = tunnel.Remote;
        sa.Source = tunnel.Local;
        sa.SourcePort = tunnel.LocalPort;
        sa.DestinationPort = tunnel.RemotePort;
        sa.KeepaliveSeconds = tunnel.KeepaliveSeconds;
        sa.ExpiresAt = request.LifetimeSeconds > 0 ? now + request.LifetimeSeconds * 1000 : 0;
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
        sa.SelectorStart = 0;
        sa.SelectorCount = 0;
        sa.Destination = tunnel.Local;
        sa.Source = IpAddress.Any;
        sa.ExpiresAt = request.LifetimeSeconds > 0 ? now + request.LifetimeSeconds * 1000 : 0;
        key.CopyTo((Span<byte>)sa.Key);
    }

    private byte Owner(SaRequest request, uint tunnelSlot) => (byte)(request.Worker ?? (int)(tunnelSlot % (uint)workers));

    private static SaFlags Flags(SaRequest request, TunnelConfiguration tunnel) =>
        (request.Esn ? SaFlags.Esn : 0) | (tunnel.Kind == TunnelKind.IipTran ? SaFlags.IipTran : 0) | (tunnel.CheckSource ? SaFlags.CheckSourceRoute : 0);

    /// <summary>Rings the data plane and waits until it is ready, or too late, or not there: then the cipher is not ready and packets are dropped and counted until it is.</summary>
    private async Task PreparedAsync()
    {
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
