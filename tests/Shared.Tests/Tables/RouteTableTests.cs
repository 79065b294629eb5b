using FsCheck;
using FsCheck.Fluent;

namespace Appliance.Shared.Tests.Tables;

public sealed class RouteTableTests
{
    /// <summary>One change: set or remove a prefix out of a small part of the address space, so that prefixes meet.</summary>
    private sealed record Change(bool Add, IpAddress Prefix, int Length, uint NextHop);

    // Without the shortest ones, that paint millions of cells a time.
    private static readonly int[] V4Lengths = [0, .. Enumerable.Range(9, 24)];
    private static readonly int[] V6Lengths = [0, .. Enumerable.Range(5, 124)];

    private static Gen<Change> Changes(bool v4) =>
        from add in Gen.Choose(0, 9)
        from near in Gen.Choose(0, 3)
        from far in Gen.Choose(0, 0xffff)
        from low in Gen.Choose(0, 0xfff)
        from lowest in Gen.Choose(0, 3)
        from length in Gen.Elements(v4 ? V4Lengths : V6Lengths)
        from nextHop in Gen.Choose(1, 5)
        select new Change(add < 6, v4
            ? IpAddress.FromV4(0x0a00_0000u | (uint)near << 22 | (uint)(low & 0x303) << 8 | (uint)far >> 8)
            : new IpAddress(0x2001_0db8_0000_0000UL | (ulong)near << 43 | (uint)far, (ulong)low << 52 | (uint)lowest), length, (uint)nextHop);

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void LongestPrefixMatchesLikeTheDefinition(bool v4)
    {
        using var place = new TestRegion(new RegionSizes { Ipv4Groups = 4096, Ipv6Nodes = 4096 });
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(100).WithEndSize(150), Prop.ForAll(Changes(v4).ListOf().ToArbitrary(), changes => HoldsFor(place.Region, v4, changes)));
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void LoadOverAnyEarlierStateGivesTheRoutesWanted(bool v4)
    {
        using var place = new TestRegion(new RegionSizes { Ipv4Groups = 4096, Ipv6Nodes = 8192 });
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(60).WithEndSize(120), Prop.ForAll(Changes(v4).ListOf().ToArbitrary(), changes =>
        {
            // A new writer each time, over what the one before left: a slow path that was killed.
            var table = new RouteTables(place.Region, new Quiescence(place.Region));
            var naive = new NaiveRoutes(v4 ? 32 : 128);
            foreach (var change in changes.Where(c => c.Add)) naive.Set(change.Prefix, change.Length, change.NextHop);
            var refused = table.Load([.. naive.Routes]);
            var more = changes.Take(20).All(c => !c.Add || Apply(table, naive, c with { Length = c.Length * 3 / 4 }));
            return refused.Count == 0 && more && Same(place.Region, naive, v4);
        }));
    }

    /// <summary>What a killed process wrote is there again, but for what longer prefixes hid entirely; and a new one that loads it changes no cell.</summary>
    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void TheCellsShowTheRoutesThatAProcessLeft(bool v4)
    {
        using var place = new TestRegion(new RegionSizes { Ipv4Groups = 4096, Ipv6Nodes = 8192 });
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(60).WithEndSize(120), Prop.ForAll(Changes(v4).ListOf().ToArbitrary(), changes =>
        {
            var table = new RouteTables(place.Region, new Quiescence(place.Region));
            table.Load([]);
            var naive = new NaiveRoutes(v4 ? 32 : 128);
            foreach (var change in changes)
                if (!Apply(table, naive, change))
                    return false;
            var successor = new RouteTables(place.Region, new Quiescence(place.Region));
            var standing = successor.Standing();
            var all = naive.Routes.ToHashSet();
            var left = new NaiveRoutes(v4 ? 32 : 128);
            foreach (var route in standing) left.Set(route.Prefix, route.Length, route.NextHop);
            var refused = successor.Load(standing);
            return refused.Count == 0 && standing.All(all.Contains) && naive.Edges().All(a => naive.Find(a) == left.Find(a)) && Same(place.Region, naive, v4)
                && naive.Edges().All(a => Matches(successor, left, a));
        }));
    }

    private static bool Matches(RouteTables table, NaiveRoutes naive, IpAddress address) =>
        table.TryMatch(address, 128, out var length, out var nextHop) == (naive.Find(address) != 0) && nextHop == naive.Find(address)
        && (nextHop == 0 || naive.Routes.Contains(new Route(new NaiveRoutes(address.IsV4 ? 32 : 128).Cut(address, length), (byte)length, nextHop)));

    [SkippableFact]
    public void RemovingEverythingGivesAllNodesBack()
    {
        using var place = new TestRegion(new RegionSizes { Ipv4Groups = 128, Ipv6Nodes = 1024 });
        var table = new RouteTables(place.Region, new Quiescence(place.Region));
        table.Load([]);
        var random = new Random(1);
        for (var round = 0; round < 20; round++)
        {
            for (var i = 0; i < 40; i++)
            {
                table.Set(IpAddress.FromV4((uint)random.Next(40) << 8 | (uint)random.Next(256)), random.Next(33), (uint)random.Next(1, 9));
                table.Set(new IpAddress(0x2001UL << 48 | (uint)random.Next(), 0), random.Next(65), (uint)random.Next(1, 9));
            }

            foreach (var route in table.Routes.ToArray()) Assert.Equal(RouteChange.Done, table.Remove(route.Prefix, route.Length));
            Assert.Equal(128, table.Ipv4.FreeNodes);
            Assert.Equal(1024, table.Ipv6.FreeNodes);
            Assert.Equal(0u, place.Region.Ipv4Routes.Find((uint)random.Next()));
        }
    }

    [SkippableFact]
    public void FullTableSaysSoAndChangesNothing()
    {
        using var place = new TestRegion(new RegionSizes { Ipv4Groups = 3, Ipv6Nodes = 4 });
        var table = new RouteTables(place.Region, new Quiescence(place.Region));
        table.Load([]);
        Assert.Equal(RouteChange.Done, table.Set(IpAddress.FromV4(0x0a000000), 8, 1));
        Assert.Equal(RouteChange.Done, table.Set(IpAddress.FromV4(0x0a000080), 25, 2));
        Assert.Equal(RouteChange.Done, table.Set(IpAddress.FromV4(0x0a000100), 32, 3));
        Assert.Equal(RouteChange.Full, table.Set(IpAddress.FromV4(0x0a000200), 32, 4));
        Assert.Equal(1u, place.Region.Ipv4Routes.Find(0x0a000200));
        Assert.False(table.TryFind(IpAddress.FromV4(0x0a000200), 32, out _));
        Assert.Equal(RouteChange.Done, table.Remove(IpAddress.FromV4(0x0a000100), 32));
        Assert.Equal(RouteChange.Done, table.Set(IpAddress.FromV4(0x0a000200), 32, 4));
        Assert.Equal(4u, place.Region.Ipv4Routes.Find(0x0a000200));

        var deep = new IpAddress(0x2001_0000_0000_0000, 0);
        Assert.Equal(RouteChange.Full, table.Set(deep, 48, 1));
        Assert.Equal(4, table.Ipv6.FreeNodes);
        Assert.Equal(RouteChange.Done, table.Set(deep, 36, 1));
        Assert.Equal(RouteChange.NotFound, table.Remove(deep, 37));
        Assert.Equal(RouteChange.Unchanged, table.Set(deep, 36, 1));
    }

    [SkippableFact]
    public void LoadRefusesWhatDoesNotFitAndKeepsTheRest()
    {
        using var place = new TestRegion(new RegionSizes { Ipv4Groups = 1 });
        var table = new RouteTables(place.Region, new Quiescence(place.Region));
        var refused = table.Load([new(IpAddress.FromV4(0), 0, 7), new(IpAddress.FromV4(0x0a000000), 25, 1), new(IpAddress.FromV4(0x0a000100), 25, 2), new(IpAddress.FromV4(0x0a000100), 24, 3)]);
        Assert.Equal([new Route(IpAddress.FromV4(0x0a000100), 25, 2)], refused);
        Assert.Equal(3, table.Ipv4.Count);
        Assert.Equal(1u, place.Region.Ipv4Routes.Find(0x0a000001));
        Assert.Equal(7u, place.Region.Ipv4Routes.Find(0x0a000081));
        Assert.Equal(3u, place.Region.Ipv4Routes.Find(0x0a000101));
        Assert.Equal(7u, place.Region.Ipv4Routes.Find(0xffffffff));
    }

    [SkippableFact]
    public void ForeignCellsAreNotFollowed()
    {
        using var place = new TestRegion(new RegionSizes { Ipv4Groups = 4 });
        using (var file = new FileStream(place.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            // Somewhere in the IPv4 cells: names of nodes that cannot be.
            file.Position = (long)new RegionMap(place.Region.Counts).Ipv4Routes + RouteTrie.HeaderSize + 4 * 0x0a0000;
            file.Write([0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0x80, 1, 0, 0, 0x80]);
        }

        var table = new RouteTables(place.Region, new Quiescence(place.Region));
        Assert.Empty(table.Load([new(IpAddress.FromV4(0x0a000000), 8, 1), new(IpAddress.FromV4(0x0a000201), 32, 2)]));
        Assert.Equal(1u, place.Region.Ipv4Routes.Find(0x0a000001));
        Assert.Equal(1u, place.Region.Ipv4Routes.Find(0x0a000101));
        Assert.Equal(2u, place.Region.Ipv4Routes.Find(0x0a000201));
    }

    private static bool HoldsFor(Region region, bool v4, IEnumerable<Change> changes)
    {
        var table = new RouteTables(region, new Quiescence(region));
        table.Load([]);
        var naive = new NaiveRoutes(v4 ? 32 : 128);
        return changes.All(change => Apply(table, naive, change)) && Same(region, naive, v4) && table.Routes.ToHashSet().SetEquals(naive.Routes);
    }

    private static bool Apply(RouteTables table, NaiveRoutes naive, Change change)
    {
        if (!change.Add) return table.Remove(change.Prefix, change.Length) == (naive.Remove(change.Prefix, change.Length) ? RouteChange.Done : RouteChange.NotFound);
        naive.Set(change.Prefix, change.Length, change.NextHop);
        return table.Set(change.Prefix, change.Length, change.NextHop) is RouteChange.Done or RouteChange.Unchanged;
    }

    private static bool Same(Region region, NaiveRoutes naive, bool v4)
    {
        var edges = naive.Edges().ToArray();
        if (!edges.All(a => naive.Find(a) == (v4 ? region.Ipv4Routes.Find(a.V4) : region.Ipv6Routes.Find(a)))) return false;
        if (v4) return true;
        var found = new uint[edges.Length];
        region.Ipv6Routes.Find(edges, found);
        return edges.Select(naive.Find).SequenceEqual(found);
    }
}
