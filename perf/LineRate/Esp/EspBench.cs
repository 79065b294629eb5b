using Appliance.Crypto;
using Appliance.DataPlane;
using Appliance.Shared;

namespace Appliance.LineRate.Esp;

/// <summary>
/// A gateway on memory ports: port 0 inside, port 1 outside, so many tunnels with an SA each way (both ends of it are this gateway), so many /24 routes
/// shared out among the tunnels. SA number i has the same key in both directions.
/// </summary>
internal sealed class EspBench : IDisposable
{
    public const byte Inside = 0, Outside = 1;

    private const uint FirstHop = 3;

    /// <summary>First /24 behind the tunnels: 16.0.0.0.</summary>
    public const uint FirstRoute = 16u << 24;

    public const uint HostInside = (10u << 24) | 5, OuterLocal = 0xc0000201, OuterRemote = 0xc6336401;

    private static int counter;
    private readonly string directory = $"/dev/shm/appliance-perf-{Environment.ProcessId}-{Interlocked.Increment(ref counter)}";
    private readonly EspShape shape;

    private readonly SaLookupTable lookup;

    public EspBench(EspShape shape, AesGcmTier tier)
    {
        this.shape = shape;
        (Sas, Routes, Workers) = (shape.Sas, Math.Max(shape.Sas, shape.Routes), shape.Workers);
        Directory.CreateDirectory(directory);
        Region = Region.CreateOrOpen(directory + "/region", Sizes(shape), Workers, out _);
        lookup = new SaLookupTable(Region, new Quiescence(Region));
        Fill();
        Engine = new Engine(Region, Workers, 8192, 16, -1, tier);
    }

    public int Sas { get; }

    public int Routes { get; }

    public int Workers { get; }

    public Region Region { get; }

    public Engine Engine { get; }

    /// <summary>A sequence of SA or route numbers that visits all in no order that a prefetcher knows.</summary>
    public static uint Scatter(uint i, uint count) => (uint)((ulong)(i * 0x9e37_79b1u) * count >> 32);

    public void Dispose()
    {
        foreach (var worker in Engine.Workers) worker.Stop();
        Engine.Dispose();
        Region.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    private static RegionSizes Sizes(EspShape shape) => new()
    {
        OutboundSas = Math.Max(shape.Sas, shape.Workers), InboundSas = shape.Sas, Tunnels = shape.Sas, NextHops = Math.Max(shape.Sas, shape.Members) + 16, Adjacencies = 16, SpdRules = 16,
        Ipv4Groups = 64, Ipv6Nodes = 64, EventsPerWorker = 64, Senders = shape.Members + 16,
    };

    private void Fill()
    {
        Region.Port(Outside).Side = PortSide.Unprotected;
        for (uint port = 0; port < 2; port++)
        {
            ref var adjacency = ref Region.Adjacency(port);
            adjacency.Port = (byte)port;
            adjacency.Mtu = 1600;
            adjacency.MacFirst = 0x0002_0000_0000_0002;
            adjacency.State = SlotState.Live;
        }

        var tables = new RouteTables(Region, new Quiescence(Region));
        Hop(1, NextHopKind.Adjacent, 0);
        Hop(2, NextHopKind.Local, 0);
        var wanted = new List<Route>(Routes + 2) { new(IpAddress.FromV4(10u << 24), 8, 1), new(IpAddress.FromV4(OuterLocal), 32, 2) };
        if (shape.Members > 0) EspGroup.Fill(Region, lookup, shape, FirstHop, stackalloc byte[20]);
        else for (uint tunnel = 0; tunnel < Sas; tunnel++) Tunnel(tunnel, shape.Decrypt);
        var hops = (uint)Math.Max(Sas, shape.Members);
        for (uint route = 0; route < Routes; route++) wanted.Add(new Route(IpAddress.FromV4(FirstRoute + (route << 8)), 24, FirstHop + route % hops));
        tables.Load(wanted);

        ref var rule = ref Region.SpdRule(0);
        (rule.LocalLow, rule.LocalHigh) = (IpAddress.FromV4(10u << 24), IpAddress.FromV4((11u << 24) - 1));
        (rule.RemoteLow, rule.RemoteHigh) = (IpAddress.FromV4(FirstRoute), IpAddress.FromV4(FirstRoute + (uint)Routes * 256 - 1));
        rule.Action = SpdAction.Protect;
        rule.Tunnel = SpdRule.ByRoute;
        Region.Header.Spd = 1;
    }

    private void Hop(uint slot, NextHopKind kind, uint which)
    {
        ref var hop = ref Region.NextHop(slot);
        hop.Kind = kind;
        hop.Adjacency = which;
        hop.Tunnel = which;
        hop.State = SlotState.Live;
    }

    private void Tunnel(uint slot, bool inbound)
    {
        Hop(FirstHop + slot, NextHopKind.Tunnel, slot);
        ref var tunnel = ref Region.Tunnel(slot);
        tunnel.InnerMtu = 1440;
        tunnel.CheckSourceRoute = 1;
        (tunnel.Local, tunnel.Remote) = (IpAddress.FromV4(OuterLocal), IpAddress.FromV4(OuterRemote));
        for (var worker = 0; worker < SaSlots.Size; worker++) tunnel.OutboundSas[worker] = slot;
        tunnel.State = SlotState.Live;
        Span<byte> key = stackalloc byte[20];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(key, slot ^ 0x5aa5_1234);
        Outbound(slot, tunnel, key);
        if (inbound) Inbound(slot, tunnel, key);
    }

    private void Outbound(uint slot, in TunnelRecord tunnel, ReadOnlySpan<byte> key)
    {
        ref var sa = ref Region.OutboundSa(slot);
        sa.Spi = 0x1000 + slot;
        sa.Tunnel = slot;
        sa.Cipher = (byte)Cipher.AesGcm;
        sa.KeyLength = (byte)CipherKey.Expand(Cipher.AesGcm, key, sa.Key);
        (sa.IvLength, sa.IcvLength, sa.Alignment) = (8, 16, 4);
        sa.Worker = (byte)(slot % (uint)Workers);
        sa.Adjacency = Outside;
        sa.SequenceSoftLimit = ulong.MaxValue;
        sa.SequenceHardLimit = ulong.MaxValue;
        sa.Flags = SaFlags.Esn;
        (sa.Source, sa.Destination) = (tunnel.Local, tunnel.Remote);
        OuterHeader.Build(ref sa);
        sa.State = SlotState.Live;
    }

    private void Inbound(uint slot, in TunnelRecord tunnel, ReadOnlySpan<byte> key)
    {
        ref var sa = ref Region.InboundSa(slot);
        sa.Spi = 0x1000 + slot;
        sa.Tunnel = slot;
        sa.Cipher = (byte)Cipher.AesGcm;
        sa.KeyLength = (byte)CipherKey.Expand(Cipher.AesGcm, key, sa.Key);
        (sa.IvLength, sa.IcvLength, sa.Alignment) = (8, 16, 4);
        sa.Worker = (byte)(slot % (uint)Workers);
        sa.Flags = SaFlags.Esn;
        sa.ReplayWindow = 1024;
        sa.State = SlotState.Live;
        _ = lookup.TryAdd(sa.Spi, tunnel.Local, IpAddress.Any, slot);
    }
}
