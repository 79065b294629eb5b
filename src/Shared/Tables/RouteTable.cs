namespace Appliance.Shared;

/// <summary>A route: a prefix, its length in bits (0–32 for IPv4, 0–128 for IPv6), and the slot of its next hop.</summary>
public readonly record struct Route(IpAddress Prefix, byte Length, uint NextHop)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Prefix}/{Length} → {NextHop}";
}

/// <summary>What became of a change to a route table.</summary>
public enum RouteChange
{
    /// <summary>The route is in the table, or out of it.</summary>
    Done,

    /// <summary>Nothing to change: it was there with this next hop.</summary>
    Unchanged,

    /// <summary>No such prefix to remove.</summary>
    NotFound,

    /// <summary>The region has no room for it (<see cref="RegionSizes.Ipv4Groups"/>, <see cref="RegionSizes.Ipv6Nodes"/>); nothing was changed.</summary>
    Full,
}

/// <summary>
/// The routes of one family: the set of prefixes, which only the slow path has, and the cells in the region that workers read. Readers see for every destination the
/// route of before or after a change, never none. One thread.
/// </summary>
public abstract class RouteTable
{
    /// <summary>The highest slot of a next hop that a route can name.</summary>
    public const uint HighestNextHop = RouteTrie.ValueMask;

    private readonly RouteTrie trie;
    private readonly int addressBits;
    private readonly int[] prefixesOfLength;
    private readonly PrefixMap routes = new();

    private protected RouteTable(RouteTrie trie, int addressBits)
    {
        this.trie = trie;
        this.addressBits = addressBits;
        prefixesOfLength = new int[addressBits + 1];
    }

    /// <summary>How many prefixes there are.</summary>
    public int Count => routes.Count;

    /// <summary>Groups or nodes of the region that are still free.</summary>
    public int FreeNodes => trie.FreeNodes;

    /// <summary>All routes, in no order.</summary>
    public IEnumerable<Route> Routes => routes.Entries.Select(ToRoute);

    /// <summary>Adds a route or changes its next hop. Bits beyond the length are ignored.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The length or the next hop (1 to <see cref="HighestNextHop"/>) cannot be.</exception>
    public RouteChange Set(IpAddress prefix, int length, uint nextHop)
    {
        Require(nextHop);
        var bits = Normal(prefix, length);
        if (routes.TryGet(bits, length, out var old) && old == nextHop) return RouteChange.Unchanged;
        if (!trie.Set(bits, length, nextHop)) return RouteChange.Full;
        if (routes.Set(bits, length, nextHop)) prefixesOfLength[length]++;
        return RouteChange.Done;
    }

    /// <summary>Takes a route out; what it covered goes to the next shorter prefix.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The length cannot be.</exception>
    public RouteChange Remove(IpAddress prefix, int length)
    {
        var bits = Normal(prefix, length);
        if (!routes.Remove(bits, length)) return RouteChange.NotFound;
        prefixesOfLength[length]--;

        // The prefix of length 0 is in no cell.
        if (!TryCover(bits, length - 1, out var coverLength, out var cover) || coverLength == 0) (coverLength, cover) = (0, 0);
        trie.Remove(bits, length, coverLength, cover);
        return RouteChange.Done;
    }

    /// <summary>The next hop of exactly this prefix.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The length cannot be.</exception>
    public bool TryFind(IpAddress prefix, int length, out uint nextHop) => routes.TryGet(Normal(prefix, length), length, out nextHop);

    /// <summary>The longest prefix of at most <paramref name="longest"/> bits that covers an address, and its next hop.</summary>
    public bool TryMatch(IpAddress destination, int longest, out int length, out uint nextHop) => TryCover(ToBits(destination), Math.Min(longest, addressBits), out length, out nextHop);

    /// <summary>
    /// Routes that the cells show, whoever wrote them: before <see cref="Load"/> those of an earlier process. One that longer prefixes hide entirely is not among them.
    /// </summary>
    public IReadOnlyList<Route> Standing()
    {
        var found = new PrefixMap();
        trie.Read(found);
        return [.. found.Entries.Select(ToRoute)];
    }

    /// <summary>
    /// Makes these the routes, all others go; of two with one prefix the later counts. Much faster than one by one, and the way to start over a region that holds routes
    /// already: those that stay are never absent. Returns the routes for which the region has no room.
    /// </summary>
    public IReadOnlyList<Route> Load(IEnumerable<Route> wanted)
    {
        routes.Clear(wanted.TryGetNonEnumeratedCount(out var count) ? count : 0);
        foreach (var route in wanted)
        {
            Require(route.NextHop);
            routes.Set(Normal(route.Prefix, route.Length), route.Length, route.NextHop);
        }

        var entries = routes.Entries.ToArray();
        Array.Sort(entries);
        var refused = new List<RouteEntry>();
        trie.Load(entries, refused);
        foreach (var entry in refused) routes.Remove(entry.Prefix, entry.Length);
        Array.Clear(prefixesOfLength);
        foreach (var entry in entries) prefixesOfLength[entry.Length]++;
        foreach (var entry in refused) prefixesOfLength[entry.Length]--;
        return [.. refused.Select(ToRoute)];
    }

    private protected abstract UInt128 ToBits(IpAddress address);

    private protected abstract IpAddress ToAddress(UInt128 bits);

    private static void Require(uint nextHop)
    {
        ArgumentOutOfRangeException.ThrowIfZero(nextHop);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(nextHop, HighestNextHop);
    }

    private bool TryCover(UInt128 bits, int longest, out int length, out uint nextHop)
    {
        nextHop = 0;
        for (length = longest; length >= 0; length--)
            if (prefixesOfLength[length] != 0 && routes.TryGet(RouteEntry.Mask(bits, length), length, out nextHop))
                return true;
        return false;
    }

    private Route ToRoute(RouteEntry entry) => new(ToAddress(entry.Prefix), entry.Length, entry.Value);

    private UInt128 Normal(IpAddress prefix, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, addressBits);
        return RouteEntry.Mask(ToBits(prefix), length);
    }
}

/// <summary>The IPv4 routes; prefixes are IPv4 addresses.</summary>
public sealed class Ipv4RouteTable : RouteTable
{
    /// <summary>A table over the region's cells: <see cref="RouteTable.Load"/> comes first, also for a region that may hold routes of an earlier process.</summary>
    public Ipv4RouteTable(Region region, Quiescence quiescence)
        : base(region.Ipv4Routes.Writer(quiescence), 32)
    {
    }

    private protected override UInt128 ToBits(IpAddress address) =>
        address.IsV4 ? (UInt128)address.V4 << 96 : throw new ArgumentException($"{address} is not an IPv4 prefix", nameof(address));

    private protected override IpAddress ToAddress(UInt128 bits) => IpAddress.FromV4((uint)(bits >> 96));
}

/// <summary>The IPv6 routes; prefixes are IPv6 addresses.</summary>
public sealed class Ipv6RouteTable : RouteTable
{
    /// <summary>A table over the region's cells: <see cref="RouteTable.Load"/> comes first, also for a region that may hold routes of an earlier process.</summary>
    public Ipv6RouteTable(Region region, Quiescence quiescence)
        : base(region.Ipv6Routes.Writer(quiescence), 128)
    {
    }

    private protected override UInt128 ToBits(IpAddress address) => new(address.High, address.Low);

    private protected override IpAddress ToAddress(UInt128 bits) => new((ulong)(bits >> 64), (ulong)bits);
}
