using System.Net;
using Appliance.Ike;
using Appliance.Ike.Messages;
using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Netlink;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Serving;

/// <summary>What happened lately to a tunnel without SA.</summary>
internal sealed record AcquireRecord(string Tunnel, DateTimeOffset At, string Source, string Destination, byte Protocol, ulong Count);

/// <summary>Events from the workers, and neighbours that the kernel shall resolve or probe for them.</summary>
internal sealed partial class Gateway
{
    private const int EventsPerRound = 4096;
    private const long LogMilliseconds = 10_000, NeighbourMilliseconds = 500, StaleMilliseconds = 5000, UnknownSpiMilliseconds = 1000;
    private readonly Dictionary<string, AcquireRecord> acquires = new(StringComparer.Ordinal);
    private readonly Dictionary<EventKind, ulong> eventCounts = [];
    private readonly RateLimit<(EventKind, uint)> logLimit = new(LogMilliseconds);
    private readonly RateLimit<(uint, IpAddress)> neighbourLimit = new(NeighbourMilliseconds);
    private readonly RateLimit<IpAddress> unknownSpiLimit = new(UnknownSpiMilliseconds);
    private readonly RateLimit<(uint, IpAddress)> staleLimit = new(StaleMilliseconds);

    /// <summary>The last acquire of each tunnel.</summary>
    public IReadOnlyDictionary<string, AcquireRecord> Acquires => acquires;

    /// <summary>Events taken so far, by kind.</summary>
    public IReadOnlyDictionary<EventKind, ulong> EventCounts => eventCounts;

    /// <summary>Takes the events that are there, bounded. True when there were any.</summary>
    public bool DrainEvents()
    {
        var taken = 0;
        for (var worker = 0; worker < WorkerBlock.Maximum && worker < (int)Region.Header.Workers; worker++)
        {
            var ring = Region.Events(worker);
            while (taken < EventsPerRound && ring.TryTake(out var record))
            {
                taken++;
                Take(record);
            }
        }

        return taken > 0;
    }

    private void Take(in EventRecord e)
    {
        eventCounts[e.Kind] = eventCounts.GetValueOrDefault(e.Kind) + 1;
        switch (e.Kind)
        {
            case EventKind.Acquire:
                Acquired(e);
                break;
            case EventKind.SoftExpire or EventKind.HardExpire:
                Expired(e);
                break;
            case EventKind.NeighbourNeeded:
                NeighbourNeeded(e);
                break;
            case EventKind.PathMtu:
                PathMtuLearned(e);
                break;
            case EventKind.UnknownSpi:
                if (Passes(e.Kind, e.Spi, out var more)) log.LogWarning("ESP for unknown SPI 0x{Spi:x8} from {Source} ({More} more)", e.Spi, e.Source, more);
                if (unknownSpiLimit.TryPass(e.Source, Environment.TickCount64, out _)) Ike?.Raise(new UnknownSpiSeen(e.Source.ToIPAddress(), e.Spi));
                break;
            case EventKind.PeerMoved:
                if (Passes(e.Kind, e.Sa, out var others)) log.LogInformation("ESP of SPI 0x{Spi:x8} came from {Source} port {Port} ({More} more)", e.Spi, e.Source, e.SourcePort, others);
                if (tables.Sas.Find(false, e.Spi) is not null) Ike?.Raise(new PeerMoved(e.Spi, new IPEndPoint(e.Source.ToIPAddress(), e.SourcePort)));
                break;
            default:
                break;
        }
    }

    private void Acquired(in EventRecord e)
    {
        if (tables.TunnelOf(e.Tunnel) is not { } tunnel) return;
        var count = acquires.TryGetValue(tunnel, out var before) ? before.Count + 1 : 1;
        acquires[tunnel] = new AcquireRecord(tunnel, DateTimeOffset.UtcNow, e.Source.ToString(), e.Destination.ToString(), e.Protocol, count);
        if (Passes(e.Kind, e.Tunnel, out var more))
            log.LogInformation("tunnel {Tunnel} needs an SA: {Source} to {Destination}, protocol {Protocol} ({More} more)", tunnel, e.Source, e.Destination, e.Protocol, more);
        if (tunnels.Find(tunnel) is { Peer: not null, Template: null }) Ike?.Raise(new PacketWaits(tunnel, Selector(e, e.Source, e.SourcePort), Selector(e, e.Destination, e.DestinationPort)));
    }

    /// <summary>One address, protocol and port: what a packet says of itself (RFC 7296 §2.9). Ports of protocols that have none here are any.</summary>
    private static TrafficSelector Selector(in EventRecord e, IpAddress address, ushort port)
    {
        var any = e is { SourcePort: 0, DestinationPort: 0 };
        return new TrafficSelector(e.Protocol, any ? (ushort)0 : port, any ? ushort.MaxValue : port, address.ToIPAddress(), address.ToIPAddress());
    }

    private void Expired(in EventRecord e)
    {
        var spi = e.Spi;
        if (e.Sa < (uint)Region.Counts.OutboundSas && tables.Sas.At(true, e.Sa) is { Group: { } group } shared)
        {
            if (Region.OutboundSa(e.Sa).Generation == e.Generation && (e.Kind == EventKind.SoftExpire || Passes(e.Kind, e.Sa, out _))) Ike?.Raise(new GroupExpires(group, shared.Spi, e.Kind == EventKind.HardExpire));
            return;
        }

        if (tables.Sas.Find(true, spi) is not { } entry) return;
        if (tunnels.Configured(entry.Tunnel) is { Peer: not null })
        {
            // Every packet of an SA that is used up says so; once in a while is enough.
            if (e.Kind == EventKind.SoftExpire || Passes(e.Kind, e.Sa, out _)) Ike?.Raise(new ChildExpires(spi, e.Kind == EventKind.HardExpire));
            return;
        }

        if (!Passes(e.Kind, e.Sa, out _)) return;
        if (e.Kind == EventKind.SoftExpire) log.LogWarning("outbound SA 0x{Spi:x8} of tunnel {Tunnel} is at sequence number {Number}: give the tunnel new keys", spi, entry.Tunnel, e.Value);
        else log.LogError("outbound SA 0x{Spi:x8} of tunnel {Tunnel} is used up and sends nothing any more: give the tunnel new keys", spi, entry.Tunnel);
    }

    private void NeighbourNeeded(in EventRecord e)
    {
        if (plan is { } known && tables.TunnelOf(e.Tunnel) is { } tunnel && Contents.Tunnels.TryGetValue(tunnel, out var contents) && contents.Group is not null)
        {
            // The packet is for a member, or for the neighbour on the way to it.
            if (known.WayTo(e.Destination) is { } way) AskForPath(way);
            return;
        }

        var index = e.Port;
        if (e.Destination.IsAny || Contents.Ports.FirstOrDefault(p => p.Index == index) is not { InterfaceIndex: > 0, Kind: PortKind.AfXdp } port) return;
        Use(port.InterfaceIndex, e.Destination, neighbourLimit);
    }

    /// <summary>The data plane goes past the kernel, which therefore sees no use of the neighbour: a probe keeps it known, or finds that it is gone.</summary>
    private void StaleNeighbour(in KernelNeighbour neighbour)
    {
        var link = neighbour.Link;
        if (Contents.Ports.Any(p => p.InterfaceIndex == link)) Use(link, neighbour.Address, staleLimit);
    }

    /// <summary>Peers' next hops are resolved before a packet needs them.</summary>
    private void AskForPaths(TableContents wanted)
    {
        foreach (var adjacency in wanted.Adjacencies.Values)
            if (!adjacency.IsResolved)
                AskForPath(adjacency.Key);
    }

    private void AskForPath(AdjacencyKey path)
    {
        if (Contents.Adjacencies.TryGetValue(path, out var adjacency) && !adjacency.IsResolved && Contents.Ports.FirstOrDefault(p => p.Index == path.Port) is { InterfaceIndex: > 0 } port)
            Use(port.InterfaceIndex, path.Neighbour, neighbourLimit);
    }

    private void Use(uint link, IpAddress neighbour, RateLimit<(uint, IpAddress)> limit)
    {
        if (!limit.TryPass((link, neighbour), Environment.TickCount64, out _)) return;
        if (netlink.UseNeighbour(link, neighbour) is { } problem && Passes(EventKind.NeighbourNeeded, link, out _)) log.LogWarning("neighbour {Neighbour} cannot be asked for: {Problem}", neighbour, problem);
    }

    private void PathMtuLearned(in EventRecord e)
    {
        if (e.Sa >= (uint)Region.Counts.OutboundSas) return;
        ref var sa = ref Region.OutboundSa(e.Sa);
        if (sa.State != SlotState.Live || sa.Generation != e.Generation || tables.TunnelOf(sa.Tunnel) is not { } tunnel) return;
        if (tunnels.Find(tunnel) is not { PathMtu: TunnelConfiguration.Auto }) return;
        if (!pathMtus.Report(tunnel, (int)Math.Min(e.Value, ushort.MaxValue), sa.Source.IsV4, sa.PathMtu, Environment.TickCount64)) return;
        log.LogInformation("path MTU of tunnel {Tunnel} is {Mtu} octets", tunnel, pathMtus.Of(tunnel));
        changedTunnels.Add(tunnel);
    }

    private bool Passes(EventKind kind, uint key, out ulong suppressed) => logLimit.TryPass((kind, key), Environment.TickCount64, out suppressed);
}
