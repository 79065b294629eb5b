using Appliance.Bgp.Tests.Machine.Rig;
using static Appliance.Bgp.Tests.Machine.Rig.Samples;

namespace Appliance.Bgp.Tests.Machine;

/// <summary>Two machines back to back: sessions and routes.</summary>
public sealed class ExchangeTests
{
    [Fact]
    public void Rfc4271_TwoSpeakersExchangeTheirRoutes()
    {
        var pair = new Pair().Start(a: c => c with { Networks = [Route("10.1.0.0/16")] }, b: c => c with { Networks = [Route("10.2.0.0/16"), Route("10.3.0.0/16")] }).Established();
        var best = Assert.Single(pair.A.Best("10.2.0.0/16")!.Paths);
        Assert.Equal("b", best.Neighbor);
        Assert.True(best.IsExternal);
        Assert.Equal("192.0.2.2", best.Attributes.NextHop.ToString());
        Assert.Equal([65002u], best.Attributes.AsPath.SelectMany(s => s.Ases));
        Assert.NotNull(pair.A.Best("10.3.0.0/16"));
        Assert.Equal("a", pair.B.Best("10.1.0.0/16")!.Paths[0].Neighbor);
        Assert.True(pair.A.Best("10.1.0.0/16")!.Paths[0].IsLocal);
    }

    [Fact]
    public void Rfc4271_ARouteThatIsWithdrawnGoes()
    {
        var pair = new Pair().Start(b: c => c with { Networks = [Route("10.2.0.0/16"), Route("10.3.0.0/16")] }).Established();
        pair.B.Configure(pair.ConfigurationB with { Networks = [Route("10.3.0.0/16")] });
        pair.Net.Run();
        Assert.Null(pair.A.Best("10.2.0.0/16"));
        Assert.NotNull(pair.A.Best("10.3.0.0/16"));
        Assert.Equal(1, pair.A.Status("b").TimesEstablished);
    }

    [Fact]
    public void Rfc4724_EndOfRibFollowsTheFirstRoutesOnce()
    {
        var pair = new Pair().Start(a: c => c with { Networks = [Route("10.1.0.0/16")] }).Established();
        Assert.True(pair.A.Status("b").Families[0].EndOfRibSent);
        Assert.True(pair.B.Status("a").Families[0].EndOfRibReceived);
        Assert.Equal(2, pair.B.Status("a").Received.Updates);
    }

    [Fact]
    public void TheSummarySaysHowItIs()
    {
        var pair = new Pair().Start(a: c => c with { Networks = [Route("10.1.0.0/16")] }, b: c => c with { Networks = [Route("10.2.0.0/16")] }).Established();
        pair.Net.Pass(5_000);
        var status = Assert.Single(pair.A.Machine.Summary(pair.Net.Now).Neighbors);
        Assert.Equal((65002u, 5L, 90, 30), (status.RemoteAs, status.SecondsInState, status.HoldSeconds, status.KeepaliveSeconds));
        Assert.Equal((1, 1, 1), (status.Families[0].Received, status.Families[0].Accepted, status.Families[0].Sent));
        Assert.Equal(2, pair.A.Machine.Summary(pair.Net.Now).Tables.Single(t => t.Family == Family.Ipv4Unicast).Prefixes);
        Assert.Contains("route-refresh", status.Capabilities);
    }

    [Fact]
    public void RoutesAreCompleteAtOnceWithoutARestart()
    {
        var pair = new Pair().Start();
        Assert.Equal([("", Family.Ipv4Unicast), ("", Family.Ipv6Unicast)], pair.A.Actions.OfType<RoutesComplete>().Select(r => (r.Vrf, r.Family)));
    }

    [Fact]
    public void TheTableSaysWhichPathIsTheBestAndWhy()
    {
        var pair = new Pair().Start(a: c => c with { Networks = [Route("10.2.0.0/16")] }, b: c => c with { Networks = [Route("10.2.0.0/16")] }).Established();
        var route = Assert.Single(pair.A.Machine.Routes("", Family.Ipv4Unicast));
        Assert.Equal([("", true, ""), ("b", false, "not our own")], route.Paths.Select(p => (p.Neighbor, p.IsBest, p.Why)));
        var (nlri, attributes) = Assert.Single(pair.A.Machine.Advertised("b", Family.Ipv4Unicast));
        Assert.Equal(("10.2.0.0/16", "192.0.2.1"), (nlri.ToText(Family.Ipv4Unicast), attributes.NextHop.ToString()));
    }
}
