using Appliance.Bgp.Tests.Machine.Rig;
using static Appliance.Bgp.Tests.Machine.Rig.Samples;

namespace Appliance.Bgp.Tests.Machine;

/// <summary>Two PEs, a CE of the VPN "red" behind each (RFC 4364), and reflection (RFC 4456).</summary>
public sealed class VpnTests
{
    private const ulong Red = 0x0002_fde9_0000_0001;
    private const ulong Blue = 0x0002_fde9_0000_0002;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Rfc4364_RoutesOfOneSiteReachTheOtherAcrossTwoPes(bool withTargets)
    {
        var net = new Net();
        var (left, right, ce1, ce2) = (net.Add("pe1", "192.0.2.1"), net.Add("pe2", "192.0.2.2"), net.Add("ce1", "10.0.1.2"), net.Add("ce2", "10.0.2.2"));
        FamilyConfiguration[] core = withTargets ? [Of(Family.Vpnv4), Of(Family.RouteTarget)] : [Of(Family.Vpnv4)];
        left.Configure(Pe("1.1.1.1", To("pe2", "192.0.2.2", 65001, core), To("ce1", "10.0.1.2", 65101) with { Vrf = "red" }, 1));
        right.Configure(Pe("2.2.2.2", To("pe1", "192.0.2.1", 65001, core), To("ce2", "10.0.2.2", 65102) with { Vrf = "red" }, 2));
        ce1.Configure(Speaks(65101, "3.3.3.3", To("pe", "192.0.2.1", 65001)) with { Networks = [Route("10.11.0.0/16")] });
        ce2.Configure(Speaks(65102, "4.4.4.4", To("pe", "192.0.2.2", 65001)) with { Networks = [Route("10.12.0.0/16")] });
        net.Pass(20_000);
        Assert.Equal([65001u, 65102u], ce1.Best("10.12.0.0/16")!.Paths[0].Attributes.AsPath.SelectMany(s => s.Ases));
        Assert.NotNull(ce2.Best("10.11.0.0/16"));
        Assert.Equal("192.0.2.2", left.Best("10.12.0.0/16", "red")!.Paths[0].Attributes.NextHop.ToString());
        Assert.Null(left.Best("10.12.0.0/16"));
        Assert.Null(left.Best("10.12.0.0/16", "blue"));
        Assert.Equal(withTargets, left.Status("pe2").Families.Count == 2 && left.Status("pe2").Families[1].Received > 0);
        Assert.Contains(left.Actions.OfType<RoutesComplete>(), r => r.Vrf == "red" && r.Family == Family.Ipv4Unicast);
        ce1.Configure(Speaks(65101, "3.3.3.3", To("pe", "192.0.2.1", 65001)));
        net.Run();
        Assert.Null(ce2.Best("10.11.0.0/16"));
    }

    [Fact]
    public void Rfc4684_RoutesThatNobodyWantsAreNotSent()
    {
        var net = new Net();
        var (left, right) = (net.Add("pe1", "192.0.2.1"), net.Add("pe2", "192.0.2.2"));
        FamilyConfiguration[] core = [Of(Family.Vpnv4), Of(Family.RouteTarget)];
        left.Configure(Pe("1.1.1.1", To("pe2", "192.0.2.2", 65001, core), null, 1) with { Vrfs = [Vrf("red", Red, 1) with { Networks = [Route("10.11.0.0/16")] }, Vrf("blue", Blue, 2) with { Networks = [Route("10.13.0.0/16")] }] });
        right.Configure(Pe("2.2.2.2", To("pe1", "192.0.2.1", 65001, core), null, 2) with { Vrfs = [Vrf("red", Red, 3)] });
        net.Pass(20_000);
        Assert.Equal(1, left.Status("pe2").Families[0].Sent);
        Assert.NotNull(right.Best("10.11.0.0/16", "red"));
        right.Configure(Pe("2.2.2.2", To("pe1", "192.0.2.1", 65001, core), null, 2) with { Vrfs = [Vrf("red", Red, 3), Vrf("blue", Blue, 4)] });
        net.Run();
        Assert.Equal(2, left.Status("pe2").Families[0].Sent);
        Assert.NotNull(right.Best("10.13.0.0/16", "blue"));
        Assert.Equal(2, right.Actions.OfType<RoutesComplete>().Count(r => r.Vrf == "blue"));
    }

    [Fact]
    public void Rfc4724_4_1_APeThatRestartsLosesNoVpnRouteAlthoughTargetsHaveToBeSaidFirst()
    {
        var net = new Net();
        var (left, right) = (net.Add("pe1", "192.0.2.1"), net.Add("pe2", "192.0.2.2"));
        FamilyConfiguration[] core = [Of(Family.Vpnv4), Of(Family.RouteTarget)];
        var configuration = Pe("1.1.1.1", To("pe2", "192.0.2.2", 65001, core), null, 1) with { RestartSeconds = 60, Vrfs = [Vrf("red", Red, 1) with { Networks = [Route("10.11.0.0/16")] }] };
        left.Configure(configuration);
        right.Configure(Pe("2.2.2.2", To("pe1", "192.0.2.1", 65001, core), null, 2) with { RestartSeconds = 60, Vrfs = [Vrf("red", Red, 3) with { Networks = [Route("10.12.0.0/16")] }] });
        net.Pass(20_000);
        var from = right.Actions.Count;
        net.Kill(left);
        left.Actions.Clear();
        left.Restart(configuration);
        net.Pass(30_000);
        Assert.Equal(SessionState.Established, left.StateOf("pe2"));
        Assert.NotNull(left.Best("10.12.0.0/16", "red"));
        Assert.DoesNotContain(right.Actions.Skip(from).OfType<BestRoutesChanged>().SelectMany(c => c.Changes), c => c.Paths is null);
        var learned = left.Actions.FindIndex(a => a is BestRoutesChanged { Vrf: "red" } changed && changed.Changes.Any(c => c.Paths?.Paths[0].Neighbor == "pe2"));
        Assert.InRange(learned, 0, left.Actions.FindIndex(a => a is RoutesComplete { Vrf: "red" } complete && complete.Family == Family.Ipv4Unicast));
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 60_000)]
    public void Rfc4684_6_VpnRoutesWaitForTheTargetsThatTheNeighborWants(bool saysEndOfRib, long wait)
    {
        var solo = new Solo(n => n with { RemoteAs = 65001, Families = [Of(Family.Vpnv4), Of(Family.RouteTarget)] }, c => c with { Vrfs = [Vrf("red", Red, 1) with { Networks = [Route("10.11.0.0/16")] }] });
        var hand = solo.Dial().Establish(65001, Solo.Identifier, Hand.Standard(65001) with { Families = [Family.Vpnv4, Family.RouteTarget] }, hold: 0);
        Assert.False(solo.Status.Families[0].EndOfRibSent);
        if (saysEndOfRib) hand.Send(Hand.Update([], [0x80, 15, 3, 0, 1, 132], []));
        solo.Net.Pass(wait);
        Assert.True(solo.Status.Families[0].EndOfRibSent);
    }

    [Fact]
    public void AVrfThatIsTakenAwayTakesItsNeighborsAndRoutesAlong()
    {
        var net = new Net();
        var (pe, ce) = (net.Add("pe1", "192.0.2.1"), net.Add("ce1", "10.0.1.2"));
        var neighbor = To("ce1", "10.0.1.2", 65101) with { Vrf = "red" };
        pe.Configure(Pe("1.1.1.1", To("pe2", "192.0.2.2", 65001, Of(Family.Vpnv4)), neighbor, 1));
        ce.Configure(Speaks(65101, "3.3.3.3", To("pe", "192.0.2.1", 65001)) with { Networks = [Route("10.11.0.0/16")] });
        net.Pass(20_000);
        Assert.NotNull(pe.Best("10.11.0.0/16", "red"));
        // The neighbour moves to the global table.
        pe.Configure(Speaks(65001, "1.1.1.1", neighbor with { Vrf = "" }));
        net.Pass(20_000);
        Assert.Null(pe.Best("10.11.0.0/16", "red"));
        Assert.NotNull(pe.Best("10.11.0.0/16"));
        Assert.Equal(2, pe.Status("ce1").TimesEstablished);
    }

    [Fact]
    public void Rfc4456_AReflectorPassesRoutesFromClientToClient()
    {
        var net = new Net();
        var (reflector, a, b) = (net.Add("rr", "192.0.2.1"), net.Add("a", "192.0.2.2"), net.Add("b", "192.0.2.3"));
        reflector.Configure(Speaks(65001, "1.1.1.1", To("a", "192.0.2.2", 65001) with { ReflectorClient = true }, To("b", "192.0.2.3", 65001) with { ReflectorClient = true }));
        a.Configure(Speaks(65001, "2.2.2.2", To("rr", "192.0.2.1", 65001)) with { Networks = [Route("10.11.0.0/16")] });
        b.Configure(Speaks(65001, "3.3.3.3", To("rr", "192.0.2.1", 65001)));
        net.Pass(20_000);
        var attributes = b.Best("10.11.0.0/16")!.Paths[0].Attributes;
        Assert.Equal((Id("2.2.2.2"), Id("1.1.1.1"), "192.0.2.2"), (attributes.OriginatorId, Assert.Single(attributes.ClusterList), attributes.NextHop.ToString()));
        Assert.Null(a.Best("10.11.0.0/16")!.Paths[0].Attributes.OriginatorId);
    }

    private static VrfConfiguration Vrf(string name, ulong target, uint distinguisher) => new() { Name = name, RouteDistinguisher = 65001UL << 32 | distinguisher, Import = [target], Export = [target], Label = 100 + distinguisher };

    private static BgpConfiguration Pe(string routerId, NeighborConfiguration core, NeighborConfiguration? customer, uint distinguisher) =>
        Speaks(65001, routerId, customer is null ? [core] : [core, customer]) with { Vrfs = [Vrf("red", Red, distinguisher), Vrf("blue", Blue, 10 + distinguisher)] };
}
