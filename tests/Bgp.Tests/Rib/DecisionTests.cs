using System.Net;

namespace Appliance.Bgp.Tests;

/// <summary>The decision, step by step: in each test two routes differ in what the step looks at, and what comes behind it speaks for the other one.</summary>
[Trait("RFC", "4271")]
public sealed class DecisionTests
{
    private const string Net = "10.0.0.0/8";

    [Fact]
    public void Rfc4271_9_1_1_TheHigherLocalPrefWinsOverAShorterPath()
    {
        Assert.Equal("p2", Winner(
            (Internal(1), new PathAttributes { LocalPref = 100, AsPath = Path(65001) }),
            (Internal(2), new PathAttributes { LocalPref = 200, AsPath = Path(65001, 65002, 65003) })));
    }

    [Fact]
    public void Rfc4271_9_1_1_WithoutLocalPrefARouteCountsAsAHundred()
    {
        Assert.Equal("p2", Winner((Internal(1), new PathAttributes { LocalPref = 99 }), (Internal(2), new PathAttributes { AsPath = Path(65001) })));
        Assert.Equal("p2", Winner((Internal(1), new PathAttributes { AsPath = Path(65001) }), (Internal(2), new PathAttributes { LocalPref = 101, AsPath = Path(65001) })));
    }

    [Fact]
    public void Rfc4271_9_1_1_OfAnotherAsThePolicySaysThePreferenceAndTheAttributeDoesNot()
    {
        var prefers = new RibRig.Policy("prefers", (_, _, a) => new PathAttributes(a) { LocalPref = 200 });
        Assert.Equal("p2", Winner(
            (External(1), new PathAttributes { LocalPref = 900, AsPath = Path(65001) }),
            (External(2) with { Families = [RibRig.Open(Family.Ipv4Unicast) with { Import = prefers }] }, new PathAttributes { AsPath = Path(65002, 64999) })));
    }

    [Fact]
    public void OurOwnRoutesComeFirst()
    {
        var rig = new RibRig();
        rig.Add(Internal(1));
        rig.Update(1, Net, new PathAttributes { NextHop = Hop(1), LocalPref = 900 });
        rig.Rib.Originate("", new OriginatedRoute(Family.Ipv4Unicast, RibRig.P(Net), new PathAttributes { AsPath = Path(1, 2, 3) }));
        rig.Settle();
        Assert.True(rig.Best(Net)!.Paths[0].IsLocal);
    }

    [Fact]
    public void Rfc4271_9_1_2_2_A_TheShorterAsPathWinsOverTheLowerOrigin()
    {
        Assert.Equal("p2", Winner((External(1), new PathAttributes { AsPath = Path(65001, 64999) }), (External(2), new PathAttributes { AsPath = Path(65002), Origin = Origin.Incomplete })));
    }

    [Fact]
    public void Rfc4271_9_1_2_2_A_AnAsSetCountsAsOne()
    {
        Assert.Equal("p2", Winner(
            (External(1), new PathAttributes { AsPath = Path(65001, 64999, 64998) }),
            (External(2), new PathAttributes { AsPath = [new AsSegment(2, [65002]), new AsSegment(1, [1, 2, 3, 4])] })));
    }

    [Fact]
    public void Rfc4271_9_1_2_2_B_TheLowerOriginWinsOverTheLowerMed()
    {
        Assert.Equal("p2", Winner((External(1, 65001), new PathAttributes { AsPath = Path(65001), Origin = Origin.Egp }), (External(2, 65001), new PathAttributes { AsPath = Path(65001), Med = 9 })));
    }

    [Fact]
    public void Rfc4271_9_1_2_2_C_TheLowerMedOfTheSameNeighbouringAsWinsOverEbgp()
    {
        Assert.Equal("p2", Winner((External(1, 65001), new PathAttributes { AsPath = Path(65001), Med = 9 }), (Internal(2), new PathAttributes { AsPath = Path(65001), Med = 8 })));
    }

    [Fact]
    public void Rfc4271_9_1_2_2_C_AMissingMedIsTheLowest()
    {
        Assert.Equal("p2", Winner((External(1, 65001), new PathAttributes { AsPath = Path(65001), Med = 1 }), (Internal(2), new PathAttributes { AsPath = Path(65001) })));
    }

    [Fact]
    public void Rfc4271_9_1_2_2_C_MedsOfDifferentAsesAreNotComparedUnlessTheConfigurationSaysSo()
    {
        (RibPeer, PathAttributes)[] routes = [(External(1), new PathAttributes { AsPath = Path(65001), Med = 9 }), (External(2), new PathAttributes { AsPath = Path(65002), Med = 8 })];
        Assert.Equal("p1", Winner(routes));
        Assert.Equal("p2", Winner(new BgpConfiguration { LocalAs = RibRig.OurAs, RouterId = 1, AlwaysCompareMed = true }, routes));
    }

    /// <summary>The well-known case in which comparing two by two gives an answer that depends on the order of arrival.</summary>
    [Fact]
    public void Rfc4271_9_1_2_2_C_TheOrderInWhichRoutesComeDoesNotMatter()
    {
        (RibPeer, PathAttributes)[] routes =
        [
            (External(3, 65001), new PathAttributes { AsPath = Path(65001), Med = 1 }),
            (External(1, 65001), new PathAttributes { AsPath = Path(65001), Med = 2 }),
            (External(2), new PathAttributes { AsPath = Path(65002) }),
        ];
        foreach (var order in (int[][])[[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]])
            Assert.Equal("p2", Winner([.. order.Select(i => routes[i])]));
    }

    [Fact]
    public void Rfc4271_9_1_2_2_D_EbgpWinsOverALowerInteriorCost()
    {
        var rig = Rig(null, (Internal(1), new PathAttributes { AsPath = Path(65001) }), (External(2), new PathAttributes { AsPath = Path(65002) }));
        rig.Reachable("198.51.100.2", true, 100);
        Assert.Equal(["p2"], rig.BestOf(Net));
    }

    [Fact]
    public void Rfc4271_9_1_2_2_E_TheLowerInteriorCostWinsOverTheLowerIdentifierAndFollowsTheMetric()
    {
        var rig = Rig(null, (Internal(1), new PathAttributes { AsPath = Path(65001) }), (Internal(2), new PathAttributes { AsPath = Path(65001) }));
        Assert.Equal(["p1"], rig.BestOf(Net));
        rig.Reachable("198.51.100.1", true, 20);
        rig.Reachable("198.51.100.2", true, 10);
        Assert.Equal(["p2"], rig.BestOf(Net));
        rig.Reachable("198.51.100.1", true, 5);
        Assert.Equal(["p1"], rig.BestOf(Net));
    }

    [Fact]
    public void Rfc4271_9_1_2_2_F_TheLowerBgpIdentifierWinsOverTheLowerAddress()
    {
        Assert.Equal("p2", Winner((External(1) with { RouterId = 20 }, new PathAttributes { AsPath = Path(65001) }), (External(2) with { RouterId = 10 }, new PathAttributes { AsPath = Path(65002) })));
    }

    [Fact]
    [Trait("RFC", "4456")]
    public void Rfc4456_9_OriginatorIdStandsForTheIdentifier()
    {
        Assert.Equal("p2", Winner((Internal(1) with { RouterId = 10 }, new PathAttributes { AsPath = Path(65001) }), (Internal(2) with { RouterId = 20 }, new PathAttributes { AsPath = Path(65001), OriginatorId = 5 })));
    }

    [Fact]
    [Trait("RFC", "4456")]
    public void Rfc4456_9_TheShorterClusterListWinsOverTheLowerAddress()
    {
        Assert.Equal("p2", Winner(
            (Internal(1), new PathAttributes { AsPath = Path(65001), OriginatorId = 5, ClusterList = [7, 8] }),
            (Internal(2), new PathAttributes { AsPath = Path(65001), OriginatorId = 5, ClusterList = [7] })));
    }

    [Fact]
    public void Rfc4271_9_1_2_2_G_TheLowestPeerAddressIsTheLastWord()
    {
        Assert.Equal("p2", Winner(
            (External(1) with { RouterId = 5, Address = IPAddress.Parse("192.0.2.100") }, new PathAttributes { AsPath = Path(65001) }),
            (External(2) with { RouterId = 5, Address = IPAddress.Parse("192.0.2.9") }, new PathAttributes { AsPath = Path(65002) })));
    }

    [Fact]
    public void Rfc4271_9_1_2_1_ARouteWhoseNextHopCannotBeReachedIsNotUsedAndComesBack()
    {
        var rig = Rig(null, (External(1), new PathAttributes { AsPath = Path(65001) }), (External(2), new PathAttributes { AsPath = Path(65002, 64999) }));
        Assert.Equal(["p1"], rig.BestOf(Net));
        rig.Reachable("198.51.100.1", false);
        Assert.Equal(["p2"], rig.BestOf(Net));
        Assert.Contains("unreachable", rig.Rib.RouteOf("", Family.Ipv4Unicast, new Nlri(RibRig.P(Net)))!.Paths.Single(p => p.Neighbor == "p1").Why, StringComparison.Ordinal);
        rig.Reachable("198.51.100.2", false);
        Assert.Null(rig.Best(Net));
        rig.Reachable("198.51.100.1", true);
        Assert.Equal(["p1"], rig.BestOf(Net));
    }

    [Fact]
    public void Rfc4271_9_1_2_PathsWithOurOwnAsAreNotUsedUnlessAllowed()
    {
        var looped = new PathAttributes { AsPath = Path(65001, RibRig.OurAs) };
        Assert.Null(Winner((External(1), looped)));
        Assert.Equal("p1", Winner((External(1) with { AllowOwnAs = 1 }, looped)));
    }

    [Fact]
    public void Rfc4271_5_1_3_OurOwnAddressIsNoNextHop()
    {
        var rig = new RibRig();
        rig.Add(External(1));
        rig.Update(1, Net, new PathAttributes { NextHop = IPAddress.Parse("192.0.2.254"), AsPath = Path(65001) });
        Assert.Null(rig.Best(Net));
    }

    [Fact]
    public void MultipathTakesEquallyGoodPathsOfOtherNextHops()
    {
        (RibPeer, PathAttributes)[] routes =
        [
            (External(1, 65001), new PathAttributes { AsPath = Path(65001, 64999) }), (External(2, 65001), new PathAttributes { AsPath = Path(65001, 64999) }),
            (External(3), new PathAttributes { AsPath = Path(65003, 64999) }), (External(4), new PathAttributes { AsPath = Path(65004), Origin = Origin.Egp }),
        ];
        var two = new BgpConfiguration { LocalAs = RibRig.OurAs, RouterId = 1, ExternalPaths = 8 };
        Assert.Equal(["p4"], Rig(two, routes).BestOf(Net));
        Assert.Equal(["p1", "p2"], Rig(two, routes[..3]).BestOf(Net));
        Assert.Equal(["p1", "p2", "p3"], Rig(two with { MultipathRelax = true }, routes[..3]).BestOf(Net));
        Assert.Equal(["p1", "p2"], Rig(two with { MultipathRelax = true, ExternalPaths = 2 }, routes[..3]).BestOf(Net));
        Assert.Equal(["p1"], Rig(two with { ExternalPaths = 1, InternalPaths = 8 }, routes[..3]).BestOf(Net));
    }

    [Fact]
    public void EveryLossHasItsReason()
    {
        var rig = Rig(null, (External(1), new PathAttributes { AsPath = Path(65001) }), (External(2), new PathAttributes { AsPath = Path(65002, 64999) }), (External(3), new PathAttributes { AsPath = Path(65003) }));
        var paths = rig.Rib.RouteOf("", Family.Ipv4Unicast, new Nlri(RibRig.P(Net)))!.Paths;
        Assert.Equal(["p1", "p3", "p2"], paths.Select(p => p.Neighbor));
        Assert.Equal(["", "higher BGP Identifier (f)", "longer AS_PATH (a)"], paths.Select(p => p.Why));
        Assert.True(paths[0].IsBest);
    }

    private static string? Winner(params (RibPeer Peer, PathAttributes Attributes)[] routes) => Winner(null!, routes);

    private static string? Winner(BgpConfiguration configuration, params (RibPeer Peer, PathAttributes Attributes)[] routes) => Rig(configuration, routes).BestOf(Net).FirstOrDefault();

    private static RibRig Rig(BgpConfiguration? configuration, params (RibPeer Peer, PathAttributes Attributes)[] routes)
    {
        var rig = new RibRig(configuration);
        foreach (var (peer, attributes) in routes)
        {
            rig.Add(peer);
            rig.Update(peer.Id, Net, new PathAttributes(attributes) { NextHop = Hop(peer.Id) });
        }

        return rig;
    }

    private static IPAddress Hop(int id) => IPAddress.Parse($"198.51.100.{id}");

    private static AsSegment[] Path(params uint[] ases) => [new AsSegment(2, ases)];

    private static RibPeer External(int id, uint? number = null) => RibRig.Peer(id, number ?? 65000u + (uint)id);

    private static RibPeer Internal(int id) => RibRig.Peer(id, RibRig.OurAs);
}
