using Appliance.Shared;

namespace Appliance.Policy;

/// <summary>
/// Routes of the kernel without ours: how outer packets travel. Learned routes that the kernel was told of count, after all others. Tunnel routes are not in it, so a tunnel whose inner prefixes cover the peer's outer address does
/// not swallow itself; nor are routes by a tunnel's interface.
/// </summary>
internal sealed class Underlay
{
    private const int MaximumRecursion = 8;
    private readonly Dictionary<IpPrefix, KernelRoute> best = [];
    private readonly Dictionary<IpPrefix, KernelRoute> inside = [];
    private readonly List<int> lengthsV4 = [], lengthsV6 = [];
    private readonly PortMap ports;

    public Underlay(KernelView kernel, PortMap ports)
    {
        this.ports = ports;
        foreach (var route in kernel.Routes)
        {
            if (route.Protocol == KernelRoutes.OwnProtocol || route.Kind is not (KernelRouteKind.Unicast or KernelRouteKind.Discard)) continue;
            if (AddressScope.IsMulticast(route.Prefix.Address)) continue;
            if (ports.TunnelOf(route.Link) is not null)
            {
                Inside(route);
                continue;
            }

            if (IsLearned(route) && (route.Kind == KernelRouteKind.Discard || ports.IsVpn(route.Link))) continue;
            if (best.TryGetValue(route.Prefix, out var other) && (IsLearned(other), other.Metric).CompareTo((IsLearned(route), route.Metric)) <= 0) continue;
            best[route.Prefix] = route;
        }

        foreach (var length in best.Keys.Select(p => (p.IsV4, p.Length)).Distinct().OrderByDescending(p => p.Length))
            (length.IsV4 ? lengthsV4 : lengthsV6).Add(length.Length);
    }

    /// <summary>The preferred route of every prefix.</summary>
    public IEnumerable<KernelRoute> Routes => best.Values;

    /// <summary>The preferred route of every prefix by the interface of a tunnel (a routing daemon's, or what is connected there) that is preferred to all others.</summary>
    public IEnumerable<KernelRoute> IntoTunnels => inside.Values.Where(r => !best.TryGetValue(r.Prefix, out var other) || IsLearned(other) || other.Metric > r.Metric);

    /// <summary>Metric of the route to exactly this prefix; 0 when there is none.</summary>
    public uint MetricOf(IpPrefix prefix) => best.TryGetValue(prefix, out var route) && !IsLearned(route) ? route.Metric : 0;

    /// <summary>Longest match.</summary>
    public bool TryFind(IpAddress destination, out KernelRoute route)
    {
        foreach (var length in destination.IsV4 ? lengthsV4 : lengthsV6)
            if (best.TryGetValue(new IpPrefix(destination, length), out route))
                return true;
        route = default;
        return false;
    }

    private void Inside(in KernelRoute route)
    {
        // While its tunnel has no SA, the next best route counts, as with a routing daemon that sees the interface go down.
        if (route.Kind == KernelRouteKind.Unicast && ports.HasCarrier(route.Link) && (!inside.TryGetValue(route.Prefix, out var other) || other.Metric > route.Metric)) inside[route.Prefix] = route;
    }

    private static bool IsLearned(in KernelRoute route) => route.Protocol == KernelRoutes.LearnedProtocol;

    /// <summary>Port and neighbour that packets to a destination leave by; null when there is no route, or it leaves by a device that is no port.</summary>
    public AdjacencyKey? Resolve(IpAddress destination) =>
        Leave(destination) is { } way && ports.OfLink(way.Link) is { } port ? KeyAt(port, way.Gateway.IsAny ? way.Target : way.Gateway) : null;

    /// <summary>
    /// Device and gateway that packets to a destination leave by, port or not; the gateway is <see cref="IpAddress.Any"/> where the target, which is the destination or a gateway on the way
    /// to it, is on the link. Null when there is no route.
    /// </summary>
    public (uint Link, IpAddress Gateway, IpAddress Target)? Leave(IpAddress destination)
    {
        var target = destination;
        for (var depth = 0; depth < MaximumRecursion; depth++)
        {
            if (!TryFind(target, out var route) || route.Kind != KernelRouteKind.Unicast) return null;
            if (route.Link != 0) return (route.Link, route.Gateway, target);
            if (route.Gateway.IsAny || route.Gateway == target) return null;
            target = route.Gateway;
        }

        return null;
    }

    /// <summary>Adjacency of a neighbour at a port; a port without link layer has one for all.</summary>
    public static AdjacencyKey KeyAt(PortContents port, IpAddress neighbour) => new(port.Index, port.Kind == PortKind.Tun ? default : neighbour);

    /// <summary>True when the longest match for an address is a connected network of that device.</summary>
    public bool IsOnLink(IpAddress address, uint link) => TryFind(address, out var route) && route.Kind == KernelRouteKind.Unicast && route.Link == link && route.Gateway.IsAny;
}
