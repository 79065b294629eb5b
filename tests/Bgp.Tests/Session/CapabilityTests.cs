using Appliance.Bgp.Tests.Machine.Rig;
using static Appliance.Bgp.Tests.Machine.Rig.Samples;

namespace Appliance.Bgp.Tests.Session;

/// <summary>What OPENs say and what follows from both.</summary>
public sealed class CapabilityTests
{
    [Fact]
    public void OurOpenSaysWhatIsConfigured()
    {
        var solo = new Solo(n => n with
        {
            HoldSeconds = 30,
            LocalAs = 4200000001,
            Families = [Ipv4 with { AddPathSend = 2, ExtendedNextHop = true }, Of(Family.Ipv6Unicast) with { AddPathReceive = true }],
        }, c => c with { RestartSeconds = 150 });
        var open = OpenOf(solo.Answer());
        Assert.Equal((4200000001u, 30, Id("1.1.1.1")), (open.As, open.HoldSeconds, open.Identifier));
        var said = open.Capabilities;
        Assert.Equal([Family.Ipv4Unicast, Family.Ipv6Unicast], said.Families);
        Assert.Equal([new(Family.Ipv4Unicast, AddPathMode.Send), new(Family.Ipv6Unicast, AddPathMode.Receive)], said.AddPath);
        Assert.Equal([new NextHopEncoding(Family.Ipv4Unicast, 2)], said.ExtendedNextHop);
        Assert.Equal(new GracefulRestart(false, true, 150, [new(Family.Ipv4Unicast, false), new(Family.Ipv6Unicast, false)]), said.GracefulRestart);
        Assert.True(said is { RouteRefresh: true, EnhancedRouteRefresh: true, ExtendedMessage: true, FourOctetAs: 4200000001 });
    }

    [Fact]
    public void Rfc4760_8_WithoutAFamilyItIsIpv4Unicast()
    {
        var solo = new Solo(n => n with { Families = [Ipv4, Of(Family.Ipv6Unicast)] });
        solo.Establish(new Capabilities());
        Assert.Equal([true, false], solo.Status.Families.Select(f => f.IsNegotiated));
    }

    [Fact]
    public void Rfc6793_ANeighborWithTwoOctetsIsSpokenToInTwo()
    {
        var solo = new Solo(all: c => c with { LocalAs = 4200000001, Networks = [Route("10.1.0.0/16")] });
        var hand = solo.Establish(new Capabilities { RouteRefresh = true });
        var update = hand.Of(MessageType.Update).First();
        Assert.True(UpdateReader.TryRead(update.AsSpan(19), new UpdateOptions { Families = FamilySet.None.With(Family.Ipv4Unicast) }, out var view));
        Assert.Equal(UpdateError.None, view.Error);
        Assert.Equal([4200000001u], AttributeReader.Read(view, false).AsPath.SelectMany(s => s.Ases));
        Assert.Contains("5ba0", Convert.ToHexStringLower(update), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, true, 65535)]
    [InlineData(true, false, 4096)]
    [InlineData(false, true, 4096)]
    public void Rfc8654_LongMessagesOnlyWhenBothSaidSo(bool ours, bool theirs, int longest)
    {
        var networks = Enumerable.Range(0, 3000).Select(i => Route($"10.{i / 256}.{i % 256}.0/24")).ToList();
        var solo = new Solo(n => n with { ExtendedMessages = ours }, c => c with { Networks = networks });
        var hand = solo.Establish(Hand.Standard(Solo.As) with { ExtendedMessage = theirs });
        var most = hand.Of(MessageType.Update).Max(m => m.Length);
        Assert.InRange(most, longest == 4096 ? 4000 : 4097, longest);
        Assert.Equal(theirs && ours, solo.Status.Capabilities.Contains("extended-message"));
    }

    [Fact]
    public void Rfc8654_4_ALongMessageIsTakenOnceItWasOffered()
    {
        var solo = new Solo();
        var prefixes = Enumerable.Range(0, 3000).Select(i => $"10.{i / 256}.{i % 256}.0/24").ToArray();
        var hand = solo.Establish(Hand.Standard(Solo.As) with { ExtendedMessage = true }).Send(Solo.Announce(prefixes));
        Assert.Equal(3000, solo.Status.Families[0].Received);
        Assert.False(hand.IsClosed);
    }

    [Theory]
    [InlineData(2, true, true)]
    [InlineData(0, true, false)]
    [InlineData(2, false, false)]
    public void Rfc7911_AddPathOnlyWhereBothSaidSoAndThatWay(int send, bool receive, bool isSpoken)
    {
        var net = new Net();
        var (a, b, c) = (net.Add("a", "192.0.2.1"), net.Add("b", "192.0.2.2"), net.Add("c", "192.0.2.3"));
        a.Configure(Speaks(65001, "1.1.1.1", To("b", "192.0.2.2", 65002, Ipv4 with { AddPathReceive = receive })));
        b.Configure(Speaks(65002, "2.2.2.2", To("a", "192.0.2.1", 65001, Ipv4 with { AddPathSend = send }), To("c", "192.0.2.3", 65003)) with { Networks = [Route("10.5.0.0/16")] });
        c.Configure(Speaks(65003, "3.3.3.3", To("b", "192.0.2.2", 65002)) with { Networks = [Route("10.5.0.0/16")] });
        net.Run();
        Assert.Equal(isSpoken, a.Status("b").Families[0].AddPathReceive);
        Assert.False(a.Status("b").Families[0].AddPathSend);
        var paths = Assert.Single(a.Machine.Routes("", Family.Ipv4Unicast)).Paths;
        Assert.Equal(isSpoken ? 2 : 1, paths.Count);
        Assert.All(paths, p => Assert.Equal(isSpoken, p.PathId != 0));
    }

    [Fact]
    public void Rfc8950_Ipv4RoutesWithIpv6NextHops()
    {
        var net = new Net();
        var (a, b) = (net.Add("a", "2001:db8::1"), net.Add("b", "2001:db8::2"));
        var family = Ipv4 with { ExtendedNextHop = true };
        a.Configure(Speaks(65001, "1.1.1.1", To("b", "2001:db8::2", 65002, family)));
        b.Configure(Speaks(65002, "2.2.2.2", To("a", "2001:db8::1", 65001, family)) with { Networks = [Route("10.5.0.0/16")] });
        net.Run();
        Assert.Equal("2001:db8::2", a.Best("10.5.0.0/16")!.Paths[0].Attributes.NextHop.ToString());
        Assert.Contains("extended-next-hop ipv4", a.Status("b").Capabilities);
    }

    [Fact]
    public void Rfc4760_Ipv6RoutesAreExchanged()
    {
        var pair = new Pair().Start(n => n with { Families = [Ipv4, Of(Family.Ipv6Unicast) with { NextHop = System.Net.IPAddress.Parse("2001:db8::" + (n.Name == "b" ? "1" : "2")) }] },
            b: c => c with { Networks = [Route("2001:db8:5::/48"), Route("10.5.0.0/16")] }).Established();
        Assert.Equal("2001:db8::2", pair.A.Best("2001:db8:5::/48")!.Paths[0].Attributes.NextHop.ToString());
        Assert.NotNull(pair.A.Best("10.5.0.0/16"));
        Assert.All(pair.A.Status("b").Families, f => Assert.True(f is { EndOfRibReceived: true, EndOfRibSent: true }));
    }

    [Fact]
    public void AFamilyThatOneSideDoesNotSpeakIsLeftOut()
    {
        var pair = new Pair().Start(n => n.Name == "b" ? n with { Families = [Ipv4, Of(Family.Vpnv4)] } : n).Established();
        Assert.Equal([true, false], pair.A.Status("b").Families.Select(f => f.IsNegotiated));
    }

    private static OpenMessage OpenOf(Hand hand)
    {
        Assert.True(OpenMessage.TryRead(hand.Of(MessageType.Open).Single().AsSpan(19), out var open, out _));
        return open!;
    }
}
