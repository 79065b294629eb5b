using System.Net;
using Appliance.Bfd;
using Appliance.Bgp;
using Appliance.Shared;
using Appliance.SlowPath.Bfd;
using Appliance.SlowPath.Bgp;
using Appliance.SlowPath.Sas;
using Appliance.SlowPath.Tests.Ike;

namespace Appliance.SlowPath.Tests.Bgp;

/// <summary>Two services side by side: from configurations to routes in forwarding.</summary>
public sealed class BgpServiceTests : IDisposable
{
    private const ulong Identity = 0x035E_0000_C633_6407;
    private static readonly IPAddress Hop = IPAddress.Parse("192.0.2.77");
    private readonly List<BgpNode> made = [];
    private readonly int port = BgpNode.FreePort();
    private readonly BgpNode we;
    private BgpNode they;

    public BgpServiceTests()
    {
        we = Make();
        they = Make();
    }

    public void Dispose()
    {
        foreach (var node in made) node.Dispose();
    }

    [Fact]
    public async Task RoutesOfANeighbourComeToForwardingWithTheirIdentity()
    {
        Start(Theirs("10.1.0.0/16", "10.2.0.0/16"));
        await Waiting.For(() => we.Intake.Routes.Count == 2, "both routes");
        var path = we.Intake.Routes["10.1.0.0/16"].Single();
        Assert.Equal((Hop.ToString(), "198.51.100.7", "they", false), (path.NextHop.ToString(), path.SecurityGateway.ToString(), path.Neighbor, path.IsLocal));
        they.Do(b => b.Use(Theirs("10.2.0.0/16")));
        await Waiting.For(() => we.Intake.Routes.Count == 1, "the withdrawal");
        Assert.Equal(3, we.On(() => we.Bgp.Counters[BgpCount.RouteChanges]));
        Assert.Equal("10.2.0.0/16", we.On(() => we.Bgp.Routes("", Family.Ipv4Unicast, null).Single().Nlri.ToText(Family.Ipv4Unicast)));
    }

    [Fact]
    public async Task Rfc4271_9_1_2_ARouteCountsWhileItsNextHopIsReachable()
    {
        we.Hops.Unreachable.Add(Hop);
        Start(Theirs("10.1.0.0/16"));
        await Waiting.For(() => we.On(() => we.Hops.Watched.Contains(Hop)), "the watch");
        await Waiting.For(() => we.Neighbor.Families.Single().Accepted == 1, "the route");
        Assert.Empty(we.Intake.Routes);
        we.Do(_ => we.Hops.Say(Hop, true));
        await Waiting.For(() => we.Intake.Routes.ContainsKey("10.1.0.0/16"), "its way");
        we.Do(_ => we.Hops.Say(Hop, false));
        await Waiting.For(() => we.Intake.Routes.IsEmpty, "its end");
        they.Do(b => b.Use(Theirs()));
        await Waiting.For(() => we.On(() => we.Hops.Watched.Count == 0), "the end of the watch");
    }

    [Fact]
    public async Task Rfc9012_7_1_AMembersRouteComesWithItsEspAddressesAndCountsWhileOneOfThemIsReachable()
    {
        var (v4, v6) = (IPAddress.Parse("198.51.100.7"), IPAddress.Parse("2001:db8:7::1"));
        we.Hops.Unreachable.Add(v4);
        we.Do(b => b.Start(Ours() with { Neighbors = [Neighbor("they", 65001, null) with { Passive = true, Group = new EgressGroup("mesh", [IPAddress.Parse("2001:db8:1::1")]) }] }, restarted: false));
        they.Do(b => b.Start(Theirs("10.1.0.0/16") with { LocalAs = 65001, Neighbors = [Neighbor("we", 65001, null) with { Port = port, Group = new EgressGroup("mesh", [v4, v6]) }] }, restarted: false));
        await Waiting.For(() => we.Intake.Routes.Count == 1, "the route");
        var path = we.Intake.Routes["10.1.0.0/16"].Single();
        Assert.Equal((v4.ToString(), "they"), (path.NextHop.ToString(), path.Neighbor));
        Assert.Equal([v4.ToString(), v6.ToString()], path.Egress!.Select(e => e.ToString()));
        Assert.Equal([v6], we.On(() => we.Ends.Watched.ToList()));
        Assert.Empty(we.On(() => we.Hops.Watched.ToList()));
        var shown = we.On(() => we.Bgp.Routes("", Family.Ipv4Unicast, null).Single().Paths.Single());
        Assert.Equal(("mesh", v6), (shown.Group, shown.Attributes.Egress));
        we.Do(_ => we.Ends.Say(v6, false));
        await Waiting.For(() => we.Intake.Routes.IsEmpty, "its end");
        Assert.Contains(v6.ToString(), we.On(() => we.Bgp.Routes("", Family.Ipv4Unicast, null).Single().Paths.Single().Why), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rfc5882_4_BfdEndsASessionAndAdministrativelyDownDoesNot()
    {
        Start(Theirs(), bfd: true);
        await we.Until(SessionState.Established);
        Assert.Equal(IPAddress.Loopback, we.On(() => we.Bfd.Wanted["bgp they"]));
        we.Do(_ => we.Bfd.Say(new BfdNotice("bgp they", true, BfdDiagnostic.None, false)));
        await Waiting.For(() => we.Neighbor.BfdUp == true, "up");
        we.Do(_ => we.Bfd.Say(new BfdNotice("bgp they", false, BfdDiagnostic.NeighborSignaledDown, true)));
        we.Do(_ => we.Bfd.Say(new BfdNotice("mine they", false, BfdDiagnostic.DetectionTimeExpired, false)));
        Assert.Equal(SessionState.Established, we.Neighbor.State);
        we.Do(_ => we.Bfd.Say(new BfdNotice("bgp they", false, BfdDiagnostic.DetectionTimeExpired, false)));
        await Waiting.For(() => we.Neighbor.State != SessionState.Established, "down");
        Assert.Contains("BFD", we.Neighbor.LastReason, StringComparison.Ordinal);
        we.Do(b => b.Use(null));
        Assert.Empty(we.On(() => we.Bfd.Wanted.Keys.ToList()));
    }

    [Fact]
    public async Task Rfc4724_4_1_AfterARestartForwardingWaitsForEndOfRib()
    {
        we.Do(b => b.Start(Ours(), restarted: true));
        Assert.False(we.Intake.IsComplete);
        they.Do(b => b.Start(Theirs("10.1.0.0/16"), restarted: false));
        await Waiting.For(() => we.Intake.IsComplete, "End-of-RIB");
        Assert.True(we.Intake.Routes.ContainsKey("10.1.0.0/16"));
    }

    [Fact]
    public void WithoutBgpNothingIsWaitedFor()
    {
        we.Do(b => b.Start(null, restarted: true));
        Assert.True(we.Intake.IsComplete);
        Assert.Equal(404, Assert.Throws<RefusedException>(() => we.On(() => we.Bgp.Running)).Status);
        Assert.Empty(we.On(() => we.Bgp.Listening.ToList()));
    }

    [Fact]
    public async Task WhoStopsSaysSo()
    {
        Start(Theirs("10.1.0.0/16"));
        await Waiting.For(() => we.Intake.Routes.Count == 1, "the route");
        they.Do(b => b.Stop());
        await Waiting.For(() => we.Neighbor.State != SessionState.Established, "the end");
        Assert.Contains("Administrative Shutdown", we.Neighbor.LastNotification, StringComparison.Ordinal);
        await Waiting.For(() => we.Intake.Routes.IsEmpty, "the routes' end");
    }

    [Fact]
    public async Task ANeighbourThatIsKilledIsNotSaidToHaveStopped()
    {
        Start(Theirs("10.1.0.0/16"));
        await Waiting.For(() => we.Intake.Routes.Count == 1, "the route");
        they.Dispose();
        made.Remove(they);
        await Waiting.For(() => we.Neighbor.State != SessionState.Established, "the end");
        Assert.True(we.Intake.Routes.ContainsKey("10.1.0.0/16"), "its routes stay for the time that it said (RFC 4724 §4.2)");
        they = Make();
        they.Do(b => b.Start(Theirs("10.2.0.0/16"), restarted: true));
        await Waiting.For(() => we.Intake.Routes.ContainsKey("10.2.0.0/16") && we.Intake.Routes.Count == 1, "what it says now alone");
    }

    [Fact]
    public async Task AnotherSubTypeOfTheIdentityIsReadFromAllRoutes()
    {
        Start(Theirs("10.1.0.0/16"));
        await Waiting.For(() => we.Intake.Routes.Count == 1, "the route");
        we.Do(b => b.Use(Ours() with { SecurityGatewaySubType = 0x70 }));
        await Waiting.For(() => we.Intake.Routes.TryGetValue("10.1.0.0/16", out var paths) && paths.Single().SecurityGateway.IsAny, "the route without identity");
    }

    [Fact]
    public void AnOperatorHearsThatThereIsNoSuchNeighbour()
    {
        Start(Theirs());
        Assert.Equal(404, Assert.Throws<RefusedException>(() => we.Do(b => b.Ask(BgpVerb.Clear, "nobody"))).Status);
        Assert.Equal(404, Assert.Throws<RefusedException>(() => we.On(() => we.Bgp.Neighbor("nobody"))).Status);
        we.Do(b => b.Ask(BgpVerb.Clear, "*"));
    }

    [Fact]
    public void SinceWhenASessionIsMissed()
    {
        var times = new SessionTimes();
        times.Use(["a", "b"], 1000);
        Assert.Equal(59, times.SecondsWithout("a", 60_999));
        times.Note(Change("a", SessionState.Idle, SessionState.Connect), 50_000);
        Assert.Equal(60, times.SecondsWithout("a", 61_000));
        times.Note(Change("a", SessionState.Established, SessionState.Idle), 70_000);
        Assert.Equal(5, times.SecondsWithout("a", 75_000));
        times.Use(["a"], 80_000);
        Assert.Equal(10, times.SecondsWithout("a", 80_000));
        Assert.Equal(0, times.SecondsWithout("b", 80_000));
        times.Begin(null, 90_000);
        Assert.Equal(0, times.SecondsWithout("a", 90_000));
    }

    private static SessionChanged Change(string neighbor, SessionState before, SessionState after) => new(neighbor, before, after, "");

    private BgpNode Make()
    {
        var node = new BgpNode();
        made.Add(node);
        return node;
    }

    private void Start(BgpConfiguration theirs, bool bfd = false)
    {
        we.Do(b => b.Start(Ours(bfd), restarted: false));
        they.Do(b => b.Start(theirs, restarted: false));
    }

    private BgpConfiguration Ours(bool bfd = false) => new()
    {
        LocalAs = 65001, RouterId = 1, ListenPort = port, RestartSeconds = 30, DeferralSeconds = 30,
        Neighbors = [Neighbor("they", 65002, null) with { Passive = true, Bfd = bfd ? new BfdSettings() : null }],
    };

    private BgpConfiguration Theirs(params string[] networks) => new()
    {
        LocalAs = 65002, RouterId = 2, ListenPort = BgpNode.FreePort(), RestartSeconds = 30,
        Neighbors = [Neighbor("we", 65001, Hop) with { Port = port }],
        Networks = [.. networks.Select(n => new OriginatedRoute(Family.Ipv4Unicast, Prefix.TryParse(n, out var p) ? p : throw new FormatException(n), new PathAttributes { ExtendedCommunities = [Identity] }))],
    };

    private static NeighborConfiguration Neighbor(string name, uint remoteAs, IPAddress? nextHop) => new()
    {
        Name = name, Address = IPAddress.Loopback, RemoteAs = remoteAs, ConnectRetrySeconds = 1, Multihop = 2,
        Families = [new FamilyConfiguration { Family = Family.Ipv4Unicast, Import = FixedPolicy.All, Export = FixedPolicy.All, NextHop = nextHop }],
    };
}
