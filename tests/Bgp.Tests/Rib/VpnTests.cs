using System.Net;

namespace Appliance.Bgp.Tests;

/// <summary>VRFs and the VPN families: a provider edge with two customers whose addresses overlap.</summary>
[Trait("RFC", "4364")]
public sealed class VpnTests
{
    private const string Net = "10.0.0.0/8";

    // Of the route targets of the two VRFs.
    private const int Memberships = 2;
    private static readonly ulong Red = ExtendedCommunity.RouteTarget(65000, 1);
    private static readonly ulong Blue = ExtendedCommunity.RouteTarget(65000, 2);
    private static readonly ulong Gateway = ExtendedCommunity.SecurityGateway(0x5E, 0xc0000205);
    private static readonly VrfConfiguration RedVrf = new() { Name = "red", RouteDistinguisher = 101, Import = [Red], Export = [Red], Label = 16 };
    private static readonly VrfConfiguration BlueVrf = new() { Name = "blue", RouteDistinguisher = 102, Import = [Blue], Export = [Blue], Label = 17 };

    [Fact]
    public void Rfc4364_4_3_1_ACustomersRouteGoesToOtherEdgesWithDistinguisherTargetLabelAndOurAddress()
    {
        var rig = Rig();
        rig.Update(1, Net, new PathAttributes(RibRig.Attributes("192.0.2.1", 65001)) { ExtendedCommunities = [Gateway, Blue], Unknown = [new UnknownAttribute(0xe0, 99, [1])] });
        rig.Exchange(9);
        var told = rig.Told(9, Family.Vpnv4, new Nlri(RibRig.P(Net), 101))!;
        Assert.Equal([Gateway, Red], told.ExtendedCommunities);
        Assert.Equal("192.0.2.254", told.NextHop.ToString());
        Assert.Equal("65001", AsPaths.ToText(told.AsPath));
        Assert.Equal(99, told.Unknown[0].Type);
        Assert.Equal(16u, rig.Batches.Single(b => b.Kind == ExportKind.Announce).Nlri.Span[0].Label);
        rig.Withdraw(1, Net);
        rig.Exchange(9);
        Assert.Null(rig.Told(9, Family.Vpnv4, new Nlri(RibRig.P(Net), 101)));
        Assert.Equal(Memberships, rig.Rib.RouteCount);
    }

    [Fact]
    public void Rfc4364_4_3_2_RoutesOfOtherEdgesComeIntoTheVrfsThatImportTheirTargetAndGoToTheirCustomers()
    {
        var rig = Rig();
        Vpn(rig, 201, Net, Red, Gateway);
        Assert.Equal(["p9"], rig.BestOf(Net, "red"));
        Assert.Null(rig.Best(Net, "blue"));
        Assert.Null(rig.Best(Net));
        rig.Exchange(1, 2);
        var told = rig.Told(1, Net)!;
        Assert.Equal([Gateway], told.ExtendedCommunities);
        Assert.Equal(("65000 64999", "192.0.2.254"), (AsPaths.ToText(told.AsPath), told.NextHop.ToString()));
        Assert.Null(rig.Told(2, Net));
        Vpn(rig, 201, Net, Blue);
        rig.Exchange(1, 2);
        Assert.Null(rig.Best(Net, "red"));
        Assert.Equal(["p9"], rig.BestOf(Net, "blue"));
        Assert.Null(rig.Told(1, Net));
        Assert.NotNull(rig.Told(2, Net));
        rig.Rib.Withdraw(9, Family.Vpnv4, new Nlri(RibRig.P(Net), 201));
        rig.Settle();
        Assert.Equal((Memberships, 0), (rig.Rib.RouteCount, rig.BestCount));
    }

    [Fact]
    public void Rfc4364_4_1_TheSameAddressesInTwoVpnsAreTwoRoutes()
    {
        var rig = Rig();
        rig.Update(1, Net, RibRig.Attributes("192.0.2.1", 65001));
        rig.Update(2, Net, RibRig.Attributes("192.0.2.2", 65002));
        rig.Exchange(9);
        Assert.Equal(["p1"], rig.BestOf(Net, "red"));
        Assert.Equal(["p2"], rig.BestOf(Net, "blue"));
        Assert.Equal((ulong[])[101, 102], rig.ToldTo(9, Family.Vpnv4).Select(t => t.Nlri.RouteDistinguisher).Order());
    }

    [Fact]
    public void AnImportedRouteFollowsTheNextHopOfItsVpnRoute()
    {
        var rig = Rig();
        Vpn(rig, 201, Net, Red);
        rig.Reachable("198.51.100.9", false);
        Assert.Null(rig.Best(Net, "red"));
        rig.Reachable("198.51.100.9", true);
        Assert.Equal(["p9"], rig.BestOf(Net, "red"));
    }

    [Fact]
    public void NextHopsInsideOfAVrfAreNotWatched()
    {
        var rig = new RibRig(Two());
        rig.Rib.SetPeer(Customer(1, "red"));
        rig.Rib.Update(1, Family.Ipv4Unicast, new Nlri(RibRig.P(Net)), RibRig.Attributes("192.0.2.1", 65001));
        var hops = new List<IPAddress>();
        rig.Rib.TakeNextHops(hops, []);
        Assert.Empty(hops);
        rig.Settle();
        Assert.Equal(["p1"], rig.BestOf(Net, "red"));
    }

    [Fact]
    public void ACustomersRouteIsNotSentAsOursWhenAnotherEdgesIsBetter()
    {
        var rig = Rig();
        rig.Update(1, Net, RibRig.Attributes("192.0.2.1", 65001));
        Vpn(rig, 201, Net, Red, pref: 200);
        rig.Exchange(9);
        Assert.Equal(["p9"], rig.BestOf(Net, "red"));
        Assert.Empty(rig.ToldTo(9, Family.Vpnv4));
        rig.Rib.Withdraw(9, Family.Vpnv4, new Nlri(RibRig.P(Net), 201));
        rig.Settle();
        rig.Exchange(9);
        Assert.Single(rig.ToldTo(9, Family.Vpnv4));
    }

    [Fact]
    public void TwoVrfsOfOneEdgeReachEachOtherByTheirTargets()
    {
        var rig = Rig(new BgpConfiguration { LocalAs = RibRig.OurAs, RouterId = RibRig.Id("10.0.0.1"), Vrfs = [RedVrf, BlueVrf with { Import = [Blue, Red] }] });
        rig.Update(1, Net, RibRig.Attributes("192.0.2.1", 65001));
        Assert.Equal(["p1"], rig.BestOf(Net, "blue"));
        rig.Exchange(1, 2);
        Assert.NotNull(rig.Told(2, Net));
        Assert.Null(rig.Told(1, Net));
        rig.Withdraw(1, Net);
        Assert.Null(rig.Best(Net, "blue"));
    }

    [Fact]
    public void RoutesThatWeOriginateInAVrfGoToTheVpnAndToItsCustomers()
    {
        var rig = Rig(Two() with { Vrfs = [RedVrf with { Networks = [new OriginatedRoute(Family.Ipv4Unicast, RibRig.P(Net), new PathAttributes { ExtendedCommunities = [Gateway] })] }, BlueVrf] });
        rig.Settle();
        rig.Exchange(1, 2, 9);
        Assert.Equal([Gateway, Red], rig.Told(9, Family.Vpnv4, new Nlri(RibRig.P(Net), 101))!.ExtendedCommunities);
        Assert.Equal("192.0.2.254", rig.Told(1, Net)!.NextHop.ToString());
        Assert.Null(rig.Told(2, Net));
    }

    [Fact]
    public void AChangedConfigurationMovesRoutes()
    {
        var rig = Rig();
        rig.Update(1, Net, RibRig.Attributes("192.0.2.1", 65001));
        Vpn(rig, 201, "10.9.0.0/16", Blue);
        rig.Exchange(9);
        rig.Rib.Configure(Two() with { Vrfs = [RedVrf with { RouteDistinguisher = 111, Import = [Blue], Export = [Blue], Label = 20 }, BlueVrf] });
        rig.Settle();
        rig.Exchange(9);
        Assert.Equal([Blue], rig.Told(9, Family.Vpnv4, new Nlri(RibRig.P(Net), 111))!.ExtendedCommunities);
        Assert.Null(rig.Told(9, Family.Vpnv4, new Nlri(RibRig.P(Net), 101)));
        Assert.Equal(20u, rig.Batches[^1].Nlri.Span[0].Label);
        Assert.Equal(["p9"], rig.BestOf("10.9.0.0/16", "red"));
        Assert.Equal(["p1"], rig.BestOf(Net, "blue"));
        rig.Rib.RemovePeer(1);
        rig.Rib.Configure(Two() with { Vrfs = [BlueVrf] });
        rig.Settle();
        rig.Exchange(9);
        Assert.Null(rig.Best("10.9.0.0/16", "red"));
        Assert.Empty(rig.ToldTo(9, Family.Vpnv4));
        Assert.DoesNotContain(rig.Rib.Tables(), t => t.Vrf == "red");
    }

    [Fact]
    public void Guichard_5_RoutesWithASecurityGatewayGoOnlyToCustomersThatTakePart()
    {
        var rig = Rig();
        rig.Add(Customer(3, "red") with { TakesSecurityGateways = false });

        // One of our own AS is no other customer for it.
        rig.Add(Customer(4, "red") with { TakesSecurityGateways = false, RemoteAs = RibRig.OurAs });
        Vpn(rig, 201, Net, Red, Gateway);
        Vpn(rig, 201, "10.9.0.0/16", Red);
        rig.Exchange(1, 3, 4);
        Assert.Equal([Gateway], rig.Told(1, Net)!.ExtendedCommunities);
        Assert.Null(rig.Told(3, Net));
        Assert.Null(rig.Told(4, Net));
        Assert.NotNull(rig.Told(3, "10.9.0.0/16"));
        Assert.NotNull(rig.Told(4, "10.9.0.0/16"));
        Vpn(rig, 201, "10.9.0.0/16", Red, ExtendedCommunity.SecurityGateway(0x5E, 0xc0000205, false));
        rig.Exchange(1, 3);
        Assert.Null(rig.Told(3, "10.9.0.0/16"));
        Assert.Equal([ExtendedCommunity.SecurityGateway(0x5E, 0xc0000205, false)], rig.Told(1, "10.9.0.0/16")!.ExtendedCommunities);
    }

    [Fact]
    [Trait("RFC", "4659")]
    public void Rfc4659_IPv6CustomersWithMappedNextHops()
    {
        var rig = new RibRig(Two());
        rig.Add(Customer(1, "red") with { Families = [RibRig.Open(Family.Ipv6Unicast)] });
        rig.Add(RibRig.Peer(9, RibRig.OurAs, null, RibRig.Open(Family.Vpnv6)));
        rig.Update(1, "2001:db8::/32", RibRig.Attributes("2001:db8::1", 65001));
        rig.Exchange(9);
        Assert.Equal("::ffff:192.0.2.254", rig.Told(9, Family.Vpnv6, new Nlri(RibRig.P("2001:db8::/32"), 101))!.NextHop.ToString());
        rig.Rib.Update(9, Family.Vpnv6, new Nlri(RibRig.P("2001:db8:9::/48"), 201, 30), new PathAttributes(RibRig.Attributes("::ffff:198.51.100.9", 64999)) { ExtendedCommunities = [Red] });
        var hops = new List<IPAddress>();
        rig.Rib.TakeNextHops(hops, []);
        Assert.Equal(["198.51.100.9"], hops.Select(h => h.ToString()));
        rig.Rib.NextHops([(hops[0], true, 0)]);
        rig.Settle();
        Assert.Equal(["p9"], rig.BestOf("2001:db8:9::/48", "red"));
    }

    [Fact]
    [Trait("RFC", "8277")]
    public void AChangedLabelIsToldAlthoughTheAttributesAreTheSame()
    {
        var rig = Rig();
        rig.Add(RibRig.Peer(8, RibRig.OurAs, null, RibRig.Open(Family.Vpnv4)) with { ReflectorClient = true });
        Vpn(rig, 201, Net, Red, label: 30);
        rig.Exchange(8);
        Vpn(rig, 201, Net, Red, label: 31);
        rig.Exchange(8);
        Assert.Equal([30u, 31], rig.Batches.Where(b => b.Kind == ExportKind.Announce).Select(b => b.Nlri.Span[0].Label));
    }

    [Fact]
    public void ANeighbourOfAVrfThatIsNotThereIsRefused() => Assert.Throws<ArgumentException>(() => new RibRig(Two()).Rib.SetPeer(Customer(1, "green")));

    private static void Vpn(RibRig rig, ulong distinguisher, string prefix, ulong target, ulong? gateway = null, uint pref = 100, uint label = 30)
    {
        ulong[] communities = gateway is { } g ? [target, g] : [target];
        rig.Rib.Update(9, Family.Vpnv4, new Nlri(RibRig.P(prefix), distinguisher, label), new PathAttributes(RibRig.Attributes("198.51.100.9", 64999)) { ExtendedCommunities = communities, LocalPref = pref });
        rig.Settle();
    }

    private static BgpConfiguration Two() => new() { LocalAs = RibRig.OurAs, RouterId = RibRig.Id("10.0.0.1"), Vrfs = [RedVrf, BlueVrf] };

    private static RibPeer Customer(int id, string vrf) => RibRig.Peer(id, 65000u + (uint)id) with { Vrf = vrf };

    private static RibRig Rig(BgpConfiguration? configuration = null)
    {
        var rig = new RibRig(configuration ?? Two());
        rig.Add(Customer(1, "red"));
        rig.Add(Customer(2, "blue"));
        rig.Add(RibRig.Peer(9, RibRig.OurAs, null, RibRig.Open(Family.Vpnv4)));
        return rig;
    }
}
