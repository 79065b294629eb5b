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

    /// <inheritdoc cref="RouteTable.Set"/>
    public RouteChange Set(IpAddress prefix, int length, uint nextHop) => prefix.IsV4 ? Ipv4.Set(prefix, length, nextHop) : Ipv6.Set(prefix, length, nextHop);

    /// <inheritdoc cref="RouteTable.Remove"/>
    public RouteChange Remove(IpAddress prefix, int length) => prefix.IsV4 ? Ipv4.Remove(prefix, length) : Ipv6.Remove(prefix, length);

    /// <inheritdoc cref="RouteTable.TryFind"/>
    public bool TryFind(IpAddress prefix, int length, out uint nextHop) =>
        prefix.IsV4 ? Ipv4.TryFind(prefix, length, out nextHop) : Ipv6.TryFind(prefix, length, out nextHop);

    /// <inheritdoc cref="RouteTable.TryMatch"/>
    public bool TryMatch(IpAddress destination, int longest, out int length, out uint nextHop) =>
        destination.IsV4 ? Ipv4.TryMatch(destination, longest, out length, out nextHop) : Ipv6.TryMatch(destination, longest, out length, out nextHop);

    /// <inheritdoc cref="RouteTable.Standing"/>
    public IReadOnlyList<Route> Standing() => [.. Ipv4.Standing(), .. Ipv6.Standing()];

    /// <inheritdoc cref="RouteTable.Load"/>
    public IReadOnlyList<Route> Load(IReadOnlyCollection<Route> wanted) =>
        [.. Ipv4.Load(wanted.Where(r => r.Prefix.IsV4)), .. Ipv6.Load(wanted.Where(r => !r.Prefix.IsV4))];
}
