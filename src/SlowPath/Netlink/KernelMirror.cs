using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Netlink;

/// <summary>Copy of the kernel's links, addresses, neighbours and routes, kept up by its messages. One thread.</summary>
internal sealed class KernelMirror
{
    private readonly Dictionary<uint, KernelLink> links = [];
    private readonly HashSet<KernelAddress> addresses = [];
    private readonly Dictionary<(uint, IpAddress), KernelNeighbour> neighbours = [];
    private readonly Dictionary<RouteKey, KernelRoute> routes = [];

    /// <summary>True once a message came after which the kernel drops routes without saying so (a link went down or an address went): dump again.</summary>
    public bool NeedsDump { get; private set; }

    /// <summary>Takes one change over; false when it changes nothing.</summary>
    public bool Apply(in KernelChange change) => change.Kind switch
    {
        KernelChangeKind.Link => Link(change),
        KernelChangeKind.Address => Address(change),
        KernelChangeKind.Neighbour => Neighbour(change),
        KernelChangeKind.Route => Route(change),
        _ => false,
    };

    /// <summary>A copy that stands still.</summary>
    public KernelView View() => new() { Links = [.. links.Values], Addresses = [.. addresses], Neighbours = [.. neighbours.Values], Routes = [.. routes.Values] };

    /// <summary>Device by name; null when it is not there.</summary>
    public KernelLink? Link(string name) => links.Values.FirstOrDefault(l => l.Name == name);

    /// <summary>Routes that carry our protocol number.</summary>
    public IEnumerable<KernelRoute> OwnRoutes => routes.Values.Where(r => r.Protocol == KernelRoutes.OwnProtocol);

    /// <summary>Learned routes that the kernel was told of.</summary>
    public IEnumerable<KernelRoute> LearnedRoutes => routes.Values.Where(r => r.Protocol == KernelRoutes.LearnedProtocol);

    /// <summary>All addresses, with the names of their devices.</summary>
    public IEnumerable<(KernelAddress Address, string Device)> Addresses => addresses.Select(a => (a, links.TryGetValue(a.Link, out var link) ? link.Name : ""));

    /// <summary>Addresses of one device.</summary>
    public IEnumerable<KernelAddress> AddressesOf(uint link) => addresses.Where(a => a.Link == link);

    private bool Link(in KernelChange change)
    {
        var link = change.Link!;
        links.TryGetValue(link.Index, out var before);
        if (change.IsRemoval)
        {
            NeedsDump = true;
            return links.Remove(link.Index);
        }

        if (before is { IsUp: true } && !link.IsUp) NeedsDump = true;
        links[link.Index] = link;
        return before != link;
    }

    private bool Address(in KernelChange change)
    {
        if (!change.IsRemoval) return addresses.Add(change.Address);
        NeedsDump = true;
        return addresses.Remove(change.Address);
    }

    private bool Neighbour(in KernelChange change)
    {
        var key = (change.Neighbour.Link, change.Neighbour.Address);
        if (change.IsRemoval) return neighbours.Remove(key);
        if (neighbours.TryGetValue(key, out var before) && before == change.Neighbour) return false;
        neighbours[key] = change.Neighbour;
        return true;
    }

    private bool Route(in KernelChange change)
    {
        var route = change.Route;
        var key = new RouteKey(route.Prefix, change.Table, route.Metric, route.Kind, route.Link);
        if (change.IsRemoval) return routes.Remove(key);
        if (change.Replaces)
        {
            var table = change.Table;
            foreach (var other in routes.Keys.Where(k => k.Prefix == route.Prefix && k.Table == table && k.Metric == route.Metric && k != key).ToList()) routes.Remove(other);
        }

        if (routes.TryGetValue(key, out var before) && before == route) return false;
        routes[key] = route;
        return true;
    }

    private readonly record struct RouteKey(IpPrefix Prefix, uint Table, uint Metric, KernelRouteKind Kind, uint Link);
}
