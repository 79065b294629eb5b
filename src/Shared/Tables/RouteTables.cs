namespace Appliance.Shared;

/// <summary>Both families' routes by address: what writers use who do not care which family a prefix is of.</summary>
public sealed class RouteTables
{
    /// <summary>Tables over the region's cells; <see cref="Load"/> comes first.</summary>
    public RouteTables(Region region, Quiescence quiescence)
    {
        Ipv4 = new Ipv4RouteTable(region, quiescence);
        Ipv6 = new Ipv6RouteTable(region, quiescence);
    }

    /// <summary>IPv4 routes.</summary>
    public Ipv4RouteTable Ipv4 { get; }

    /// <summary>IPv6 routes.</summary>
    public Ipv6RouteTable Ipv6 { get; }

    /// <summary>All routes, in no order.</summary>
    public IEnumerable<Route> Routes => Ipv4.Routes.Concat(Ipv6.Routes);

    /// <inheritdoc cref="RouteTable{TKey}.Set"/>
    public RouteChange Set(IpAddress prefix, int length, uint nextHop) => prefix.IsV4 ? Ipv4.Set(prefix, length, nextHop) : Ipv6.Set(prefix, length, nextHop);

    /// <inheritdoc cref="RouteTable{TKey}.Remove"/>
    public RouteChange Remove(IpAddress prefix, int length) => prefix.IsV4 ? Ipv4.Remove(prefix, length) : Ipv6.Remove(prefix, length);

    /// <inheritdoc cref="RouteTable{TKey}.TryFind"/>
    public bool TryFind(IpAddress prefix, int length, out uint nextHop) =>
        prefix.IsV4 ? Ipv4.TryFind(prefix, length, out nextHop) : Ipv6.TryFind(prefix, length, out nextHop);

    /// <inheritdoc cref="RouteTable{TKey}.Load"/>
    public IReadOnlyList<Route> Load(IReadOnlyCollection<Route> wanted) =>
        [.. Ipv4.Load(wanted.Where(r => r.Prefix.IsV4)), .. Ipv6.Load(wanted.Where(r => !r.Prefix.IsV4))];
}
