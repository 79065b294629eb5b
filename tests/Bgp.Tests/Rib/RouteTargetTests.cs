namespace Appliance.Bgp.Tests;

/// <summary>Route target membership: VPN routes go to whom asks for them.</summary>
[Trait("RFC", "4684")]
public sealed class RouteTargetTests
{
    private const string Net = "10.0.0.0/8";
    private static readonly ulong Red = ExtendedCommunity.RouteTarget(65000, 1);
    private static readonly ulong Blue = ExtendedCommunity.RouteTarget(65000, 2);

    [Fact]
    public void Rfc4684_4_WeAnnounceTheTargetsThatOurVrfsImport()
    {
        var rig = new RibRig(Vrfs(Red));
        rig.Add(Edge(2));
        rig.Exchange(2);
        Assert.Equal([RouteTargets.Membership(65000, Red)], Told(rig, 2));
        rig.Rib.Configure(Vrfs(Blue));
        rig.Settle();
        rig.Exchange(2);
        Assert.Equal([RouteTargets.Membership(65000, Blue)], Told(rig, 2));
    }

    [Fact]
    public void Rfc4684_6_VpnRoutesGoOnlyToWhomAsksForOneOfTheirTargets()
    {
        var rig = Rig();
        rig.Exchange(2, 3);
        Assert.Empty(rig.ToldTo(2, Family.Vpnv4));
        Assert.Equal(2, rig.ToldTo(3, Family.Vpnv4).Count());
        Ask(rig, 2, RouteTargets.Membership(65000, Red));
        rig.Exchange(2);
        Assert.Equal([101UL], rig.ToldTo(2, Family.Vpnv4).Select(t => t.Nlri.RouteDistinguisher));
        rig.Said.Clear();
        Ask(rig, 2, default);
        rig.Exchange(2);
        Assert.Equal(["2 Announce 0:102 10.0.0.0/8"], rig.Said.Where(s => s.Contains("0:", StringComparison.Ordinal) && s.EndsWith(Net, StringComparison.Ordinal)));
        rig.Rib.Withdraw(2, Family.RouteTarget, new Nlri(default(Prefix)));
        rig.Settle();
        rig.Exchange(2);
        Assert.Equal([101UL], rig.ToldTo(2, Family.Vpnv4).Select(t => t.Nlri.RouteDistinguisher));
    }

    [Fact]
    public void Rfc4684_4_AMembershipCanBeAPrefixOfTargets()
    {
        var rig = Rig();
        Ask(rig, 2, (RouteTargets.Membership(64999, Red) with { Length = 64 }).Masked());
        rig.Exchange(2);
        Assert.Equal(2, rig.ToldTo(2, Family.Vpnv4).Count());
        rig.Rib.PeerDown(2, Family.RouteTarget, false);
        rig.Settle();
        rig.Exchange(2);
        Assert.Empty(rig.ToldTo(2, Family.Vpnv4));
    }

    [Fact]
    public void Rfc4684_3_2_I_AClientHearsItsOwnMembershipWithUsAsOriginator()
    {
        var rig = new RibRig();
        rig.Add(Edge(2) with { ReflectorClient = true });
        Ask(rig, 2, RouteTargets.Membership(65000, Red));
        rig.Exchange(2);
        var told = rig.ToldTo(2, Family.RouteTarget).Single().Attributes;
        Assert.Equal(RibRig.Id("10.0.0.1"), told.OriginatorId);
        Assert.Equal("192.0.2.254", told.NextHop.ToString());
    }

    [Fact]
    public void Rfc4684_3_2_Ii_ANonClientHearsOfAClientsWishAlthoughAnotherNonClientsIsBetter()
    {
        var rig = new RibRig();
        rig.Add(Edge(2));
        rig.Add(Edge(3));
        rig.Add(Edge(4) with { ReflectorClient = true });
        Ask(rig, 2, RouteTargets.Membership(65000, Red));
        rig.Exchange(3);
        Assert.Empty(Told(rig, 3));
        Ask(rig, 4, RouteTargets.Membership(65000, Red));
        rig.Exchange(3);
        Assert.Equal(RibRig.Id("192.0.2.4"), rig.ToldTo(3, Family.RouteTarget).Single().Attributes.OriginatorId);
    }

    private static IEnumerable<Prefix> Told(RibRig rig, int peer) => rig.ToldTo(peer, Family.RouteTarget).Select(t => t.Nlri.Prefix);

    private static void Ask(RibRig rig, int peer, Prefix membership)
    {
        rig.Rib.Update(peer, Family.RouteTarget, new Nlri(membership), RibRig.Attributes($"198.51.100.{peer}"));
        rig.Settle();
    }

    // Neighbour 1 announces a red and a blue route; 2 asks for targets, 3 does not know how to and gets all.
    private static RibRig Rig()
    {
        var rig = new RibRig();
        rig.Add(RibRig.Peer(1, RibRig.OurAs, null, RibRig.Open(Family.Vpnv4)) with { ReflectorClient = true });
        rig.Add(Edge(2));
        rig.Add(RibRig.Peer(3, RibRig.OurAs, null, RibRig.Open(Family.Vpnv4)));
        foreach (var (distinguisher, target) in ((ulong, ulong)[])[(101, Red), (102, Blue)])
            rig.Rib.Update(1, Family.Vpnv4, new Nlri(RibRig.P(Net), distinguisher, 30), new PathAttributes(RibRig.Attributes("198.51.100.1")) { ExtendedCommunities = [target] });
        rig.Settle();
        return rig;
    }

    private static RibPeer Edge(int id) => RibRig.Peer(id, RibRig.OurAs, null, new RibFamily { Family = Family.RouteTarget }, RibRig.Open(Family.Vpnv4));

    private static BgpConfiguration Vrfs(ulong target) => new()
    {
        LocalAs = RibRig.OurAs, RouterId = RibRig.Id("10.0.0.1"), Vrfs = [new VrfConfiguration { Name = "red", RouteDistinguisher = 101, Import = [target], Export = [target] }],
    };
}
