using Appliance.Shared;

namespace Appliance.Policy.Tests;

/// <summary>Next hops through routes that a test writes down.</summary>
public sealed class NextHopResolverTests : IRouteView
{
    private const byte Lan = 1, Wan = 2;
    private readonly Dictionary<IpPrefix, HopMatch> routes = [];
    private readonly HashSet<IpAddress> byOtherDevice = [], unreachable = [];

    public NextHopResolverTests()
    {
        Static("192.0.2.0/24", NextHop.Glean(Wan, default), 3);
        Static("192.0.2.254/32", NextHop.To(new AdjacencyKey(Wan, Inputs.Ip("192.0.2.254"))), 0);
        Static("10.1.0.0/24", NextHop.Glean(Lan, default), 0);
        Static("10.2.0.0/16", NextHop.Into("to-b"), 0);
    }

    public bool TryMatch(IpAddress address, int longest, out HopMatch match)
    {
        for (var length = Math.Min(longest, address.IsV4 ? 32 : 128); length >= 0; length--)
            if (routes.TryGetValue(new IpPrefix(address, length), out match))
                return true;
        match = default;
        return false;
    }

    public bool IsByOtherDevice(IpAddress address) => byOtherDevice.Contains(address);

    public bool IsProtected(byte port) => port == Lan;

    public bool HasTunnel(string name) => name.StartsWith("to-", StringComparison.Ordinal);

    public bool HasWay(IpAddress member) => !unreachable.Contains(member);

    private void Static(string prefix, NextHop hop, uint metric) => routes[Inputs.Prefix(prefix)] = new HopMatch(Inputs.Prefix(prefix).Length, null, false, [hop], metric);

    private void Learned(string prefix, bool isShielded, params string[] nextHops) =>
        routes[Inputs.Prefix(prefix)] = new HopMatch(Inputs.Prefix(prefix).Length, new LearnedTarget(LearnedKind.Via, [.. nextHops.Select(Inputs.Ip)], []), isShielded, [], 0);

    private HopResolution Resolve(string address) => new NextHopResolver(this).Resolve(Inputs.Ip(address));

    private IReadOnlyList<NextHop> Members(bool isShielded, params string[] nextHops) =>
        new NextHopResolver(this).Members(new LearnedTarget(LearnedKind.Via, [.. nextHops.Select(Inputs.Ip)], []), isShielded);

    [Fact]
    public void AMemberOfAGroupIsReachedByTheUnderlayAloneAndWithoutAWayNothingIsPlain()
    {
        // What was learned about the members' own addresses does not matter.
        Learned("198.51.100.0/24", false, "192.0.2.254");
        var (a, b) = (Inputs.Ip("198.51.100.1"), Inputs.Ip("2001:db8::2"));
        var target = new LearnedTarget(LearnedKind.Member, [a, b], ["to-mesh.v4", "to-mesh.v6"]);
        Assert.Equal([NextHop.Into("to-mesh.v4", a), NextHop.Into("to-mesh.v6", b)], new NextHopResolver(this).Members(target, false));
        unreachable.Add(a);
        Assert.Equal([NextHop.Into("to-mesh.v6", b)], new NextHopResolver(this).Members(target, false));
        unreachable.Add(b);
        Assert.Equal([NextHop.Discard(isProtected: true)], new NextHopResolver(this).Members(target, false));
        Assert.Equal([NextHop.Discard(isProtected: true)], new NextHopResolver(this).Members(new LearnedTarget(LearnedKind.Member, [a], ["gone.v4"]), false));
    }

    [Fact]
    public void ANeighbourIsAskedForUnderItsOwnAddress()
    {
        Assert.Equal([NextHop.Glean(Wan, Inputs.Ip("192.0.2.7"))], Resolve("192.0.2.7").Hops);
        Assert.Equal(3u, Resolve("192.0.2.7").Metric);
        Assert.False(Resolve("203.0.113.1").IsReachable);
    }

    [Fact]
    public void TheMetricIsThatOfTheWayAtTheEndAndTheLowestOfSeveral()
    {
        Static("203.0.113.0/24", NextHop.To(new AdjacencyKey(Wan, Inputs.Ip("192.0.2.254"))), 50);
        Learned("30.0.0.0/8", false, "203.0.113.1", "192.0.2.7");
        Assert.Equal(3u, Resolve("30.0.0.1").Metric);
        Assert.Equal(2, Resolve("30.0.0.1").Hops.Count);
        Learned("30.0.0.0/8", false, "203.0.113.1");
        Assert.Equal(50u, Resolve("30.0.0.1").Metric);
    }

    [Fact]
    public void ADiscardOrOurOwnAddressIsNoWay()
    {
        Static("203.0.113.0/24", NextHop.Discard(isProtected: false), 0);
        Static("192.0.2.1/32", NextHop.Local, 0);
        Assert.False(Resolve("203.0.113.1").IsReachable);
        Assert.False(Resolve("192.0.2.1").IsReachable);
        byOtherDevice.Add(Inputs.Ip("203.0.113.1"));
        Assert.True(Resolve("203.0.113.1").IsReachable);
        Assert.Equal(NextHopKind.Discard, Assert.Single(Members(false, "203.0.113.1")).Kind);
    }

    [Fact]
    public void Rfc4271_9_1_2_1_ARouteThroughItselfDoesNotCountButAShorterOneDoes()
    {
        Learned("203.0.113.0/24", false, "203.0.113.1");
        Assert.False(Resolve("203.0.113.1").IsReachable);
        Static("0.0.0.0/0", NextHop.To(new AdjacencyKey(Wan, Inputs.Ip("192.0.2.254"))), 9);
        Assert.Equal((true, 9u), (Resolve("203.0.113.1").IsReachable, Resolve("203.0.113.1").Metric));
    }

    /// <summary>What was asked before must not change what is answered now.</summary>
    [Fact]
    public void TheOrderOfQuestionsDoesNotMatter()
    {
        Learned("30.0.0.0/8", false, "40.0.0.1");
        Learned("40.0.0.0/8", false, "30.0.0.1", "50.0.0.1");
        Learned("50.0.0.0/8", false, "40.0.0.1", "192.0.2.254");
        Learned("30.0.0.0/7", false, "10.2.0.1");
        string[] all = ["30.0.0.1", "40.0.0.1", "50.0.0.1"];
        var alone = all.ToDictionary(a => a, a => Resolve(a).Hops);
        foreach (var order in (string[][])[all, ["50.0.0.1", "40.0.0.1", "30.0.0.1"], ["40.0.0.1", "50.0.0.1", "30.0.0.1"]])
        {
            var resolver = new NextHopResolver(this);
            foreach (var address in order) Assert.Equal(alone[address], resolver.Resolve(Inputs.Ip(address)).Hops);
        }
    }

    [Fact]
    public void AChainTooLongOrAWebTooDenseEnds()
    {
        for (var i = 0; i < 20; i++) Learned($"{30 + i}.0.0.0/8", false, $"{31 + i}.0.0.1");
        Static("50.0.0.0/8", NextHop.Into("to-b"), 0);
        Assert.False(Resolve("30.0.0.1").IsReachable);
        Assert.True(Resolve("45.0.0.1").IsReachable);
        var web = Enumerable.Range(60, 40).Select(i => $"{i}.0.0.1").ToArray();
        for (var i = 60; i < 100; i++) Learned($"{i}.0.0.0/8", false, web);
        Assert.False(Resolve("60.0.0.1").IsReachable);
    }

    [Fact]
    public void InAProtectedRangeOnlyTunnelsAndProtectedPortsCount()
    {
        Assert.Equal([NextHop.Discard(isProtected: true)], Members(true, "192.0.2.254"));
        Assert.Equal([NextHop.Into("to-b")], Members(true, "192.0.2.254", "10.2.0.9"));
        Assert.Equal([NextHop.Glean(Lan, Inputs.Ip("10.1.0.9"))], Members(true, "10.1.0.9", "192.0.2.7"));
        Assert.Empty(Members(false, "203.0.113.1"));

        // Also on the way: what leads through a protected range may not leave it in the clear.
        Learned("10.9.0.0/16", true, "192.0.2.254");
        Assert.Empty(Members(false, "10.9.0.1"));
    }

    [Fact]
    public void TunnelsThatAreNotThereDoNotCountAndWithoutAnyNothingPasses()
    {
        var resolver = new NextHopResolver(this);
        Assert.Equal([NextHop.Into("to-b"), NextHop.Into("to-c")], resolver.Members(new LearnedTarget(LearnedKind.Tunnel, [], ["to-b", "nobody", "to-c", "to-b"]), false));
        Assert.Equal([NextHop.Discard(isProtected: true)], resolver.Members(new LearnedTarget(LearnedKind.Tunnel, [], ["nobody"]), false));
        Assert.Equal([NextHop.Discard(isProtected: true)], resolver.Members(LearnedTarget.Discard, false));
        Assert.Equal(MemberSlots.Size, resolver.Members(new LearnedTarget(LearnedKind.Tunnel, [], [.. Enumerable.Range(0, 40).Select(i => $"to-{i}")]), false).Count);
    }
}

public sealed class PrefixRangesTests
{
    [Fact]
    public void CoversLikeTheDefinition()
    {
        var random = new Random(3);
        for (var round = 0; round < 200; round++)
        {
            var ranges = Enumerable.Range(0, random.Next(8)).Select(_ => Random(random)).ToList();
            var set = new PrefixRanges(ranges);
            for (var i = 0; i < 50; i++)
            {
                var asked = Random(random);
                Assert.Equal(ranges.Any(r => r.Contains(asked)), set.Covers(asked));
            }

            Assert.Equal(ranges.Count == 0, set.IsEmpty);
            Assert.True(set.IsSame(new PrefixRanges(Enumerable.Reverse(ranges))));
        }
    }

    private static IpPrefix Random(Random random) => random.Next(2) == 0
        ? new IpPrefix(IpAddress.FromV4((uint)random.Next(8) << 29 | (uint)random.Next(4) << 20), random.Next(0, 33))
        : new IpPrefix(new IpAddress((ulong)random.Next(8) << 61 | (ulong)random.Next(4) << 40, 0), random.Next(0, 65));
}
