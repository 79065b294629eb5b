using System.Net;
using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Netlink;
using Appliance.SlowPath.Serving;

namespace Appliance.SlowPath.Tests.Serving;

/// <summary>Learned routes in the region: who stands before whom, where they lead, what stays when the slow path is another.</summary>
public sealed class LearnedTests : IDisposable
{
    private readonly Bench bench = new();

    public void Dispose() => bench.Dispose();

    private static LearnedTarget Via(params string[] nextHops) => new(LearnedKind.Via, [.. nextHops.Select(FakeKernel.Ip)], []);

    private static LearnedTarget Into(params string[] tunnels) => new(LearnedKind.Tunnel, [], tunnels);

    private static IpPrefix Prefix(string text) => IpPrefix.TryParse(text, host: false, out var prefix, out _, out var problem) ? prefix : throw new FormatException(problem);

    private void Learn(params (string Prefix, LearnedTarget? Target)[] changes) => bench.On(() =>
    {
        bench.Gateway.Learn([.. changes.Select(c => new LearnedChange(Prefix(c.Prefix), c.Target))]);
        bench.Gateway.Settle();
        return true;
    });

    /// <summary>Where packets to an address go, in words.</summary>
    private string Way(string address) => bench.On(() => RegionText.Way(bench.Region, FakeKernel.Ip(address)));

    [Fact]
    public void ARouteLeadsWhereItsNextHopIs()
    {
        Learn(("20.0.0.0/8", Via("192.0.2.254")), ("20.1.0.0/16", Via("10.1.0.9")), ("2001:db8::/32", Via("192.0.2.254")));
        Assert.Equal("[192.0.2.254]", Way("20.9.9.9"));
        Assert.Equal("[?10.1.0.9]", Way("20.1.0.1"));
        Assert.Equal("[192.0.2.254]", Way("2001:db8::1"));
        Learn(("20.1.0.0/16", null));
        Assert.Equal("[192.0.2.254]", Way("20.1.0.1"));
        Learn(("20.0.0.0/8", null), ("2001:db8::/32", null));
        Assert.Equal("192.0.2.254", Way("20.9.9.9"));
        Assert.Equal("none", Way("2001:db8::1"));
        Assert.Equal(0, bench.On(() => bench.Gateway.LearnedRoutes));
    }

    [Fact]
    public void Rfc4271_9_1_2_1_NextHopsResolveThroughLearnedRoutes()
    {
        Learn(("20.0.0.0/8", Via("30.0.0.1")), ("30.0.0.0/24", Via("40.0.0.1")), ("40.0.0.0/8", Via("10.1.0.9")));
        Assert.Equal("[?10.1.0.9]", Way("20.0.0.1"));
        Learn(("40.0.0.0/8", Into("to-c")));
        Assert.Equal("[to-c]", Way("20.0.0.1"));
        Learn(("40.0.0.0/8", LearnedTarget.Discard));
        Assert.Equal("[]", Way("20.0.0.1"));
        Learn(("40.0.0.0/8", null));
        Assert.Equal("[192.0.2.254]", Way("20.0.0.1"));
    }

    [Fact]
    public void Rfc4271_9_1_2_1_ARouteIsNotResolvedThroughItself()
    {
        // Without the rule the first leads nowhere; with a kernel's route behind it, it goes there. The two others lean on each other.
        Learn(("20.0.0.0/8", Via("20.0.0.1")), ("30.0.0.0/8", Via("40.0.0.1")), ("40.0.0.0/8", Via("30.0.0.1")));
        Assert.Equal("[192.0.2.254]", Way("20.0.0.1"));
        Assert.Equal("[192.0.2.254]", Way("30.0.0.1"));
        Assert.Equal("[192.0.2.254]", Way("40.0.0.1"));
        bench.Kernel.Holds.RemoveAll(c => c.Route.Prefix == Prefix("0.0.0.0/0") && c.Kind == KernelChangeKind.Route);
        bench.KernelChanged();
        Assert.Equal("[]", Way("20.0.0.1"));
        Assert.Equal("[]", Way("30.0.0.1"));
    }

    [Fact]
    public void AKernelsChangeMovesTheNextHopAndTouchesNoRoute()
    {
        Learn(("20.0.0.0/8", Via("203.0.113.1")), ("20.1.0.0/16", Via("203.0.113.1")));
        var cells = (bench.Region.Ipv4Routes.Find(FakeKernel.Ip("20.0.0.1").V4), bench.Region.Ipv4Routes.Find(FakeKernel.Ip("20.1.0.1").V4));
        Assert.Equal(cells.Item1, cells.Item2);
        bench.Kernel.Neighbour(3, "192.0.2.7", 0xaa00_0000_0002);
        bench.Kernel.Unicast(Prefix("203.0.113.0/24"), 3, FakeKernel.Ip("192.0.2.7"));
        bench.KernelChanged();
        Assert.Equal("[192.0.2.7]", Way("20.0.0.1"));
        bench.Kernel.Holds.RemoveAll(c => c.Kind == KernelChangeKind.Neighbour && c.Neighbour.Address == FakeKernel.Ip("192.0.2.7"));
        bench.KernelChanged();
        Assert.Equal("[?192.0.2.7]", Way("20.0.0.1"));
        Assert.Equal(cells, (bench.Region.Ipv4Routes.Find(FakeKernel.Ip("20.0.0.1").V4), bench.Region.Ipv4Routes.Find(FakeKernel.Ip("20.1.0.1").V4)));
    }

    [Theory]
    [InlineData("10.1.0.1/32", "local", "local")] // Our own address.
    [InlineData("10.1.0.0/24", "?", "?")] // Connected inside.
    [InlineData("10.2.0.0/16", "to-b", "to-b")] // A tunnel of the configuration.
    [InlineData("192.0.2.0/24", "?", "[to-c]")] // The kernel's, outside.
    [InlineData("10.0.0.0/8", "discard!", "[to-c]")] // A protected range.
    public void StaticRoutesStandBeforeLearnedOnesInTheirOrder(string prefix, string beforeVia, string beforeTunnel)
    {
        var inside = Prefix(prefix) is { IsHost: true } host ? host.Address.ToString() : new IpAddress(0, Prefix(prefix).Address.Low + 77).ToString();
        var untouched = Way(inside);
        Assert.Equal(beforeVia, untouched);
        Learn((prefix, Via("192.0.2.254")));
        Assert.Equal(beforeVia, Way(inside));
        Learn((prefix, Into("to-c")));
        Assert.Equal(beforeTunnel, Way(inside));
        Learn((prefix, LearnedTarget.Discard));
        Assert.Equal(beforeTunnel == "[to-c]" ? "[discard!]" : beforeTunnel, Way(inside));
        Learn((prefix, null));
        Assert.Equal(untouched, Way(inside));
    }

    [Fact]
    public void ALearnedRouteComesBackWhenTheStaticOneGoes()
    {
        Learn(("20.0.0.0/8", Via("10.1.0.9")), ("10.3.0.0/16", Into("to-b")));
        bench.Kernel.Unicast(Prefix("20.0.0.0/8"), 3, FakeKernel.Ip("192.0.2.254"));
        bench.KernelChanged();
        Assert.Equal("192.0.2.254", Way("20.0.0.1"));
        Assert.Equal("to-c", Way("10.3.0.1"));
        bench.Kernel.Holds.RemoveAll(c => c.Route.Prefix == Prefix("20.0.0.0/8"));
        bench.KernelChanged();
        Assert.Equal("[?10.1.0.9]", Way("20.0.0.1"));
        File.WriteAllText(bench.File, Bench.Configuration.Replace("routes: [10.3.0.0/16], ", "routes: [], ", StringComparison.Ordinal));
        bench.Reload();
        Assert.Equal("[to-b]", Way("10.3.0.1"));
    }

    [Fact]
    public void NothingLearnedLeadsOutOfAProtectedRangeInTheClear()
    {
        Learn(("10.9.0.0/16", Via("192.0.2.254")), ("10.8.0.0/16", Via("10.2.0.1")), ("10.7.0.0/16", Via("10.1.0.9")), ("0.0.0.0/1", Via("192.0.2.254")), ("8.0.0.0/6", Via("192.0.2.254")));
        Assert.Equal("[discard!]", Way("10.9.0.1"));
        Assert.Equal("[to-b]", Way("10.8.0.1"));
        Assert.Equal("[?10.1.0.9]", Way("10.7.0.1"));
        Assert.Equal("discard!", Way("10.200.0.1"));
        Assert.Equal("[192.0.2.254]", Way("11.0.0.1"));
        File.WriteAllText(bench.File, Bench.Configuration.Replace("protected: [10.0.0.0/8]", "protected: [11.0.0.0/8]", StringComparison.Ordinal));
        bench.Reload();
        Assert.Equal("[192.0.2.254]", Way("10.9.0.1"));
        Assert.Equal("discard!", Way("11.0.0.1"));
    }

    [Fact]
    public void WhatIsLearnedBeforeTheFirstTablesStandsInThem()
    {
        // What is remembered as protected: between the default route and its discard there must be no moment.
        var before = "";
        bench.BeforeStart = gateway =>
        {
            Assert.Null(gateway.LearnedAt(Prefix("20.1.0.0/16")));
            gateway.Learn([new LearnedChange(Prefix("20.1.0.0/16"), LearnedTarget.Discard), new LearnedChange(Prefix("2001:db8:7::/48"), LearnedTarget.Discard)]);
            before = RegionText.Way(bench.Region, FakeKernel.Ip("77.0.0.1")) + " " + RegionText.Way(bench.Region, FakeKernel.Ip("20.1.0.1"));
        };
        bench.ExpectsLearned = true;
        Learn(("20.0.0.0/8", Via("192.0.2.254")));
        var there = Way("77.0.0.1");
        bench.Restart();
        Assert.Equal($"{there} [192.0.2.254]", before);
        Assert.Equal(("[discard!]", "[192.0.2.254]", "[discard!]"), (Way("20.1.0.1"), Way("20.2.0.1"), Way("2001:db8:7::1")));
        Learn(("20.1.0.0/16", null));
        Assert.Equal("[192.0.2.254]", Way("20.1.0.1"));
    }

    [Fact]
    public void FlowsAreSharedAmongWhatIsReachable()
    {
        Learn(("20.0.0.0/8", Via("192.0.2.254", "10.1.0.9", "2001:db8::9")), ("21.0.0.0/8", Into("to-b", "nobody", "to-c")), ("22.0.0.0/8", Into("nobody")));
        Assert.Equal("[192.0.2.254 ?10.1.0.9]", Way("20.0.0.1"));
        Assert.Equal("[to-b to-c]", Way("21.0.0.1"));
        Assert.Equal("[discard!]", Way("22.0.0.1"));
        File.WriteAllText(bench.File, Bench.Configuration.Replace("- { name: to-c,", "- { name: nobody,", StringComparison.Ordinal));
        bench.Reload();
        Assert.Equal("[to-b nobody]", Way("21.0.0.1"));
        Assert.Equal("[nobody]", Way("22.0.0.1"));
    }

    [Fact]
    public void NextHopsAreWatched()
    {
        var said = new List<HopChange>();
        Assert.Equal(new HopState(true, 0), bench.On(() =>
        {
            bench.Gateway.NextHops.Changed += said.AddRange;
            Assert.False(bench.Gateway.NextHops.Watch(IPAddress.Parse("10.77.0.1")).IsReachable);
            Assert.False(bench.Gateway.NextHops.Watch(IPAddress.Parse("2001:db8::9")).IsReachable);
            return bench.Gateway.NextHops.Watch(IPAddress.Parse("203.0.113.1"));
        }));
        Learn(("10.77.0.0/16", Into("to-b")), ("20.0.0.0/8", Via("192.0.2.254")));
        Assert.Equal([new HopChange(IPAddress.Parse("10.77.0.1"), new HopState(true, 0))], said);
        said.Clear();
        bench.Kernel.Holds.Add(new KernelChange { Kind = KernelChangeKind.Route, Table = 254, Route = new KernelRoute(Prefix("203.0.113.0/24"), KernelRouteKind.Unicast, 3, FakeKernel.Ip("192.0.2.254"), 77, 3, default) });
        bench.KernelChanged();
        Assert.Equal([new HopChange(IPAddress.Parse("203.0.113.1"), new HopState(true, 77))], said);
        said.Clear();
        bench.On(() =>
        {
            bench.Gateway.NextHops.Unwatch(IPAddress.Parse("203.0.113.1"));
            return true;
        });
        bench.Kernel.Holds.RemoveAll(c => c.Kind == KernelChangeKind.Route);
        Learn(("10.77.0.0/16", null));
        bench.KernelChanged();
        Assert.Equal([new HopChange(IPAddress.Parse("10.77.0.1"), default)], said);
    }

    [Fact]
    public void ASuccessorKeepsLearnedRoutesUntilAllAreThere()
    {
        bench.ExpectsLearned = true;
        Learn(("20.0.0.0/8", Via("192.0.2.254")), ("20.1.0.0/16", Into("to-c")), ("10.0.0.0/8", Into("to-b")), ("10.9.0.0/16", Via("192.0.2.254")), ("2001:db8::/32", Via("10.1.0.9")), ("30.0.0.0/8", Via("10.1.0.9")));
        string[] asked = ["20.0.0.1", "20.1.0.1", "10.44.0.1", "10.9.0.1", "2001:db8::1", "30.0.0.1", "10.2.0.1", "8.8.8.8"];
        var before = asked.Select(Way).ToList();
        var cells = asked.Select(a => RegionText.Slot(bench.Region, FakeKernel.Ip(a))).ToList();
        bench.Restart();
        Assert.Equal(before, asked.Select(Way));
        Assert.Equal(cells, asked.Select(a => RegionText.Slot(bench.Region, FakeKernel.Ip(a))));

        // The kernel's changes are followed where they can be, and what is learned again counts at once.
        bench.Kernel.Neighbour(3, "192.0.2.254", 0xaa00_0000_0002);
        bench.KernelChanged();
        Assert.Equal(before, asked.Select(Way));
        Learn(("20.1.0.0/16", Via("10.1.0.9")), ("10.9.0.0/16", Via("192.0.2.254")), ("30.0.0.0/8", Via("10.1.0.9")), ("30.0.0.0/8", null));
        Assert.Equal(["[192.0.2.254]", "[?10.1.0.9]", "[to-b]", "[discard!]", "[?10.1.0.9]", "192.0.2.254", "to-b", "192.0.2.254"], asked.Select(Way));
        bench.On(() =>
        {
            bench.Gateway.LearnedComplete();
            return true;
        });
        Assert.Equal(["192.0.2.254", "[?10.1.0.9]", "discard!", "[discard!]", "none", "192.0.2.254", "to-b", "192.0.2.254"], asked.Select(Way));
        Assert.Equal(2, bench.On(() => bench.Gateway.LearnedRoutes));
    }

    [Fact]
    public void WhatIsLeftLeadsOutOfNoRangeThatASuccessorProtects()
    {
        bench.ExpectsLearned = true;
        Learn(("20.1.0.0/16", Via("192.0.2.254")), ("20.2.0.0/16", Via("10.1.0.9")), ("20.3.0.0/16", Into("to-c")), ("21.0.0.0/8", Via("192.0.2.254")));
        var inside = Way("20.2.0.1");
        bench.Restart(Bench.Configuration.Replace("protected: [10.0.0.0/8]", "protected: [10.0.0.0/8, 20.0.0.0/8]", StringComparison.Ordinal));
        Assert.Equal(("discard!", inside, "[to-c]", "[192.0.2.254]"), (Way("20.1.0.1"), Way("20.2.0.1"), Way("20.3.0.1"), Way("21.0.0.1")));
    }

    [Fact]
    public void WithoutRoutingProtocolASuccessorForgetsThemAtOnce()
    {
        Learn(("20.0.0.0/8", Via("192.0.2.254")), ("10.0.0.0/8", Into("to-b")));
        bench.Restart();
        Assert.Equal("192.0.2.254", Way("20.0.0.1"));
        Assert.Equal("discard!", Way("10.44.0.1"));
        Assert.Equal(0, bench.On(() => bench.Gateway.LearnedRoutes));
    }

    [Fact]
    public void ATunnelThatOnlyLeftRoutesNameStaysWithThem()
    {
        bench.ExpectsLearned = true;
        Learn(("20.0.0.0/8", Into("to-c")));
        bench.Restart(Bench.Configuration.Replace("- { name: to-c, local: 192.0.2.1, remote: 198.51.100.9, routes: [10.3.0.0/16], encapsulation: udp }", "", StringComparison.Ordinal));
        Assert.Equal("[to-c]", Way("20.0.0.1"));
        bench.On(() =>
        {
            bench.Gateway.LearnedComplete();
            bench.Gateway.Settle();
            return bench.Gateway.TunnelSlots.ContainsKey("to-c") ? throw new InvalidOperationException("still there") : true;
        });
        Assert.Equal("192.0.2.254", Way("20.0.0.1"));
    }

    [Fact]
    public void WhatFindsNoRoomIsSaidAndComesInLater()
    {
        // The bench has room for 64 groups of longer prefixes.
        Learn([.. Enumerable.Range(0, 200).Select(i => ($"20.0.{i}.128/25", (LearnedTarget?)Via("192.0.2.254")))]);
        Assert.Contains(bench.On(() => bench.Gateway.Problems.ToList()), p => p.Contains("learned routes", StringComparison.Ordinal));
        Assert.Equal(200, bench.On(() => bench.Gateway.LearnedRoutes));
        Assert.Equal("192.0.2.254", Way("20.0.199.129"));
        Learn([.. Enumerable.Range(0, 150).Select(i => ($"20.0.{i}.128/25", (LearnedTarget?)null))]);
        bench.On(() =>
        {
            bench.Gateway.Retry();
            return true;
        });
        Assert.Equal("[192.0.2.254]", Way("20.0.199.129"));
        Assert.Empty(bench.On(() => bench.Gateway.Problems.ToList()));
    }
}
