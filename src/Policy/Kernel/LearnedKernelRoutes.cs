using Appliance.Shared;

namespace Appliance.Policy;

/// <summary>What the kernel is told of a learned route, for the machine's own packets.</summary>
/// <param name="linkOf">Interface index of a port; 0 when it has no device.</param>
/// <param name="doorLink">Interface index of the host's own door; 0 while there is none.</param>
/// <param name="doorSources">The machine's inner addresses.</param>
public sealed class LearnedKernelRoutes(Func<byte, uint> linkOf, uint doorLink, IReadOnlyList<IpAddress> doorSources)
{
    /// <summary>Metric of routes to next hops: the administrator's own are preferred.</summary>
    public const uint ViaMetric = 200;

    /// <summary>Metric of blackholes; not that of the configuration's, which may stand at the same prefix.</summary>
    public const uint BlackholeMetric = KernelRoutes.BlackholeMetric - 1;

    /// <summary>
    /// Routes for a prefix that leads to <paramref name="members"/>: into a tunnel through the host's own door, with a blackhole behind it; to the first neighbour; none where there is no way.
    /// </summary>
    /// <param name="prefix">The prefix.</param>
    /// <param name="members">Where the data plane sends it.</param>
    /// <param name="byOtherDevice">Device and gateway where the kernel has another way to the next hop than through a port; null for none.</param>
    public IEnumerable<KernelRoute> Of(IpPrefix prefix, IReadOnlyList<NextHop> members, (uint Link, IpAddress Gateway)? byOtherDevice)
    {
        if (members.Count == 0) return [];
        var first = members[0];
        if (first.Kind == NextHopKind.Tunnel || first is { Kind: NextHopKind.Discard, Protected: true }) return KernelRoutes.Halves(prefix).SelectMany(half => Protected(half, first.Kind == NextHopKind.Tunnel));
        (uint Link, IpAddress Gateway) way = first.Kind switch
        {
            NextHopKind.Adjacent => (linkOf(first.Port), first.Adjacency.Neighbour),
            NextHopKind.Glean => (linkOf(first.Port), first.Address),
            _ => byOtherDevice ?? default,
        };

        // A gateway of the other family has an attribute of its own, which older kernels do not know; a route to itself is the link's.
        if (way.Link == 0 || (!way.Gateway.IsAny && way.Gateway.IsV4 != prefix.IsV4) || way.Gateway == prefix.Address && prefix.IsHost) return [];
        return [new KernelRoute(prefix, KernelRouteKind.Unicast, way.Link, way.Gateway, ViaMetric, KernelRoutes.LearnedProtocol, default)];
    }

    private IEnumerable<KernelRoute> Protected(IpPrefix prefix, bool isTunnel)
    {
        yield return new KernelRoute(prefix, KernelRouteKind.Discard, 0, default, BlackholeMetric, KernelRoutes.LearnedProtocol, default);
        if (isTunnel && doorLink != 0)
            yield return new KernelRoute(prefix, KernelRouteKind.Unicast, doorLink, default, prefix.IsV4 ? 0 : KernelRoutes.DoorMetricV6, KernelRoutes.LearnedProtocol,
                doorSources.FirstOrDefault(a => a.IsV4 == prefix.IsV4));
    }
}
