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
/// route of before or after a change, never none. One thread. <typeparamref name="TKey"/> packs prefix and length.
/// </summary>
public abstract class RouteTable<TKey> where TKey : unmanaged, IEquatable<TKey>
{
    private const uint HighestNextHop = RouteTrie.NodeFlag - 1;

    private readonly RouteTrie trie;
    private readonly int addressBits;
    private readonly int[] prefixesOfLength;
    private Dictionary<TKey, uint> routes = [];

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
    public IEnumerable<Route> Routes => routes.Select(r =>
    {
        var (prefix, length) = Unpack(r.Key);
        return new Route(ToAddress(prefix), (byte)length, r.Value);
    });

    /// <summary>Adds a route or changes its next hop. Bits beyond the length are ignored.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The length or the next hop (1 to 2^31-1) cannot be.</exception>
    public RouteChange Set(IpAddress prefix, int length, uint nextHop)
    {
        ArgumentOutOfRangeException.ThrowIfZero(nextHop);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(nextHop, HighestNextHop);
        var bits = Normal(prefix, length);
        var key = Pack(bits, length);
        var known = routes.TryGetValue(key, out var old);
        if (known && old == nextHop) return RouteChange.Unchanged;
        if (!trie.Set(bits, length, nextHop)) return RouteChange.Full;
        routes[key] = nextHop;
        if (!known) prefixesOfLength[length]++;
        return RouteChange.Done;
    }

    /// <summary>Takes a route out; what it covered goes to the next shorter prefix.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The length cannot be.</exception>
    public RouteChange Remove(IpAddress prefix, int length)
    {
        var bits = Normal(prefix, length);
        if (!routes.Remove(Pack(bits, length))) return RouteChange.NotFound;
        prefixesOfLength[length]--;
        var coverLength = length - 1;
        uint cover = 0;
        while (coverLength > 0 && (prefixesOfLength[coverLength] == 0 || !routes.TryGetValue(Pack(RouteEntry.Mask(bits, coverLength), coverLength), out cover))) coverLength--;
        trie.Remove(bits, length, Math.Max(0, coverLength), cover);
        return RouteChange.Done;
    }

    /// <summary>The next hop of exactly this prefix.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The length cannot be.</exception>
    public bool TryFind(IpAddress prefix, int length, out uint nextHop) => routes.TryGetValue(Pack(Normal(prefix, length), length), out nextHop);

    /// <summary>
    /// Makes these the routes, all others go; of two with one prefix the later counts. Much faster than one by one, and the way to start over a region that holds routes
    /// already: those that stay are never absent. Returns the routes for which the region has no room.
    /// </summary>
    public IReadOnlyList<Route> Load(IEnumerable<Route> wanted)
    {
        var set = new Dictionary<TKey, uint>(wanted.TryGetNonEnumeratedCount(out var count) ? count : 0);
        foreach (var route in wanted)
        {
            ArgumentOutOfRangeException.ThrowIfZero(route.NextHop);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(route.NextHop, HighestNextHop);
            set[Pack(Normal(route.Prefix, route.Length), route.Length)] = route.NextHop;
        }

        var entries = new RouteEntry[set.Count];
        var at = 0;
        foreach (var (key, nextHop) in set)
        {
            var (prefix, length) = Unpack(key);
            entries[at++] = new RouteEntry(prefix, (byte)length, nextHop);
        }

        Array.Sort(entries);
        var refused = new List<RouteEntry>();
        trie.Load(entries, refused);
        foreach (var entry in refused) set.Remove(Pack(entry.Prefix, entry.Length));
        routes = set;
        Array.Clear(prefixesOfLength);
        foreach (var key in set.Keys) prefixesOfLength[Unpack(key).Length]++;
        return [.. refused.Select(e => new Route(ToAddress(e.Prefix), e.Length, e.Value))];
    }

    private protected abstract TKey Pack(UInt128 prefix, int length);

    private protected abstract (UInt128 Prefix, int Length) Unpack(TKey key);

    private protected abstract UInt128 ToBits(IpAddress address);

    private protected abstract IpAddress ToAddress(UInt128 bits);

    private UInt128 Normal(IpAddress prefix, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, addressBits);
        return RouteEntry.Mask(ToBits(prefix), length);
    }
}

/// <summary>The IPv4 routes; prefixes are IPv4 addresses.</summary>
public sealed class Ipv4RouteTable : RouteTable<ulong>
{
    /// <summary>A table over the region's cells: <see cref="RouteTable{TKey}.Load"/> comes first, also for a region that may hold routes of an earlier process.</summary>
    public Ipv4RouteTable(Region region, Quiescence quiescence)
        : base(region.Ipv4Routes.Writer(quiescence), 32)
    {
    }

    private protected override ulong Pack(UInt128 prefix, int length) => (ulong)(prefix >> 96) << 8 | (byte)length;

    private protected override (UInt128 Prefix, int Length) Unpack(ulong key) => ((UInt128)(key >> 8) << 96, (byte)key);

    private protected override UInt128 ToBits(IpAddress address) =>
        address.IsV4 ? (UInt128)address.V4 << 96 : throw new ArgumentException($"{address} is not an IPv4 prefix", nameof(address));

    private protected override IpAddress ToAddress(UInt128 bits) => IpAddress.FromV4((uint)(bits >> 96));
}

/// <summary>An IPv6 prefix and its length.</summary>
public readonly record struct Ipv6Prefix(IpAddress Prefix, byte Length);

/// <summary>The IPv6 routes; prefixes are IPv6 addresses.</summary>
public sealed class Ipv6RouteTable : RouteTable<Ipv6Prefix>
{
    /// <summary>A table over the region's cells: <see cref="RouteTable{TKey}.Load"/> comes first, also for a region that may hold routes of an earlier process.</summary>
    public Ipv6RouteTable(Region region, Quiescence quiescence)
        : base(region.Ipv6Routes.Writer(quiescence), 128)
    {
    }

    private protected override Ipv6Prefix Pack(UInt128 prefix, int length) => new(ToAddress(prefix), (byte)length);

    private protected override (UInt128 Prefix, int Length) Unpack(Ipv6Prefix key) => (ToBits(key.Prefix), key.Length);

    private protected override UInt128 ToBits(IpAddress address) => new(address.High, address.Low);

    private protected override IpAddress ToAddress(UInt128 bits) => new((ulong)(bits >> 64), (ulong)bits);
}
