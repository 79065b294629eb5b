using Appliance.Shared;

namespace Appliance.DataPlane.Tests;

/// <summary>BYPASS rules that count for plain routes alone: what routes protect is never let through by them, in either direction, and other destinations are.</summary>
public class OnlyPlainTests
{
    private static Sites Open()
    {
        var sites = new Sites();
        foreach (var (side, own) in new[] { (sites.A, "10.1.0.0/16"), (sites.B, "10.2.0.0/16") })
        {
            var bypass = Ip.Rule(SpdAction.Bypass);
            bypass.OnlyPlain = 1;
            side.Gateway.Route("0.0.0.0/0", side.Outside);
            side.Gateway.Route("10.99.0.0/16", side.Gateway.AddNextHop(NextHopKind.Discard, isProtected: true));
            side.Gateway.SetSpd(bypass, Ip.Rule(SpdAction.Protect, own));
        }

        return sites;
    }

    [Fact]
    public void What_a_route_protects_goes_into_its_tunnel_and_comes_out_of_it()
    {
        using var sites = Open();
        Assert.Single(sites.FromA(Ip.Udp(Sites.HostA, Sites.HostB)));
        Assert.Single(sites.FromB(Ip.Udp(Sites.HostB, Sites.HostA)));
    }

    [Fact]
    public void What_is_plain_leaves_in_the_clear_and_comes_in()
    {
        using var sites = Open();
        sites.A.Gateway.Port(Gateway.Lan).Put(Ip.Frame(Ip.Udp(Sites.HostA, "8.8.8.8")));
        sites.A.Gateway.Run();
        Assert.Equal(17, Ip.Fields(Ip.Unframe(Assert.Single(sites.A.TakeWire()))).Protocol);
        sites.A.Gateway.Port(Gateway.Wan).Put(Ip.Frame(Ip.Udp("8.8.8.8", Sites.HostA)));
        sites.A.Gateway.Run();
        Assert.Single(sites.A.TakeLan());
    }

    [Fact]
    public void A_protected_discard_stays_one()
    {
        using var sites = Open();
        sites.A.Gateway.Port(Gateway.Lan).Put(Ip.Frame(Ip.Udp(Sites.HostA, "10.99.0.1")));
        sites.A.Gateway.Run();
        Assert.Empty(sites.A.TakeWire());
        Assert.Equal(1UL, sites.A.Gateway.Drops(DropReason.RouteDiscard));
    }

    [Theory]
    [InlineData(Sites.HostB)]
    [InlineData("10.99.0.1")]
    public void Rfc4301_5_2_A_protected_source_does_not_come_in_in_the_clear(string source)
    {
        using var sites = Open();
        sites.A.Gateway.Port(Gateway.Wan).Put(Ip.Frame(Ip.Udp(source, Sites.HostA)));
        sites.A.Gateway.Run();
        Assert.Empty(sites.A.TakeLan());
        Assert.Equal(1UL, sites.A.Gateway.Drops(DropReason.ClearWhereProtected));
    }

    [Fact]
    public void Without_another_rule_what_is_protected_is_dropped()
    {
        using var sites = Open();
        var bypass = Ip.Rule(SpdAction.Bypass);
        bypass.OnlyPlain = 1;
        sites.A.Gateway.SetSpd(bypass, bypass);
        sites.A.Gateway.Port(Gateway.Lan).Put(Ip.Frame(Ip.Udp(Sites.HostA, Sites.HostB)));
        sites.A.Gateway.Run();
        Assert.Equal(1UL, sites.A.Gateway.Drops(DropReason.NoPolicy));
    }
}
