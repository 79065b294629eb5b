using System.Net;

namespace Appliance.Bgp.Tests;

/// <summary>What goes to whom, and with which attributes.</summary>
public sealed class ExportTests
{
    private const string Net = "10.0.0.0/8";

    private static readonly PathAttributes Plain = new() { NextHop = IPAddress.Parse("198.51.100.1"), AsPath = [new AsSegment(2, [65001])], Med = 5 };

    [Fact]
    [Trait("RFC", "4271")]
    public void Rfc4271_5_1_ToAnotherAsOurAsAndAddressGoAndMedAndLocalPrefDoNot()
    {
        var told = Send(External(1), Plain, External(2))!;
        Assert.Equal("65000 65001", AsPaths.ToText(told.AsPath));
        Assert.Equal("192.0.2.254", told.NextHop.ToString());
        Assert.Null(told.Med);
        Assert.Null(told.LocalPref);
    }

    [Fact]
    [Trait("RFC", "4271")]
    public void Rfc4271_5_1_WithinTheAsPathNextHopAndMedStayAndLocalPrefIsSaid()
    {
        var told = Send(External(1), Plain, Internal(2))!;
        Assert.Equal("65001", AsPaths.ToText(told.AsPath));
        Assert.Equal("198.51.100.1", told.NextHop.ToString());
        Assert.Equal(5u, told.Med);
        Assert.Equal(100u, told.LocalPref);
        Assert.Empty(told.ClusterList);
    }

    [Fact]
    [Trait("RFC", "4271")]
    public void Rfc4271_5_1_3_NextHopSelfIsForRoutesOfOtherAses()
    {
        var self = Internal(2) with { Families = [RibRig.Open(Family.Ipv4Unicast) with { NextHopSelf = true }] };
        Assert.Equal("192.0.2.254", Send(External(1), Plain, self)!.NextHop.ToString());
        Assert.Equal("198.51.100.1", Send(Internal(1) with { ReflectorClient = true }, Plain, self)!.NextHop.ToString());
    }

    [Fact]
    [Trait("RFC", "4271")]
    public void Rfc4271_5_1_3_ARouteWhoseNextHopIsTheNeighbourDoesNotGoThere() => Assert.Null(Send(External(1), new PathAttributes(Plain) { NextHop = IPAddress.Parse("192.0.2.2") }, Internal(2)));

    [Fact]
    [Trait("RFC", "4271")]
    public void WhatThePolicySetsStays()
    {
        var sets = new RibRig.Policy("sets", (_, _, a) => new PathAttributes(a) { Med = 77, NextHop = IPAddress.Parse("203.0.113.7"), AsPath = AsPaths.Prepend(a.AsPath, RibRig.OurAs, 2) });
        var told = Send(External(1), Plain, External(2) with { Families = [RibRig.Open(Family.Ipv4Unicast) with { Export = sets }] })!;
        Assert.Equal(77u, told.Med);
        Assert.Equal("203.0.113.7", told.NextHop.ToString());
        Assert.Equal("65000 65000 65000 65001", AsPaths.ToText(told.AsPath));
    }

    [Theory]
    [InlineData(0xffff_ff01, false, true)]
    [InlineData(0xffff_ff02, false, false)]
    [InlineData(0xffff_ff03, false, true)]
    [InlineData(0x0001_0001, true, true)]
    [Trait("RFC", "1997")]
    public void Rfc1997_WellKnownCommunities(uint community, bool toExternal, bool toInternal)
    {
        var attributes = new PathAttributes(Plain) { Communities = [community] };
        Assert.Equal(toExternal, Send(External(1), attributes, External(2)) != null);
        Assert.Equal(toInternal, Send(External(1), attributes, Internal(2)) != null);
    }

    [Fact]
    [Trait("RFC", "8212")]
    public void Rfc8212_WithoutPoliciesNothingIsTakenFromAnotherAsAndNothingSentThere()
    {
        var closed = new RibFamily { Family = Family.Ipv4Unicast };
        Assert.Null(Send(External(1) with { Families = [closed] }, Plain, Internal(2)));
        Assert.Null(Send(External(1), Plain, External(2) with { Families = [closed] }));
        Assert.NotNull(Send(Internal(1) with { Families = [closed] }, Plain, External(2)));
        Assert.NotNull(Send(External(1), Plain, Internal(2) with { Families = [closed] }));
    }

    [Fact]
    [Trait("RFC", "4360")]
    public void Rfc4360_6_CommunitiesThatAreNotTransitiveStayInTheAsButSecurityGatewaysDoNot()
    {
        var attributes = new PathAttributes(Plain) { ExtendedCommunities = [0x4306_0000_0000_0001, ExtendedCommunity.SecurityGateway(0x5E, 1, false), ExtendedCommunity.RouteTarget(1, 1)] };
        Assert.Equal([ExtendedCommunity.SecurityGateway(0x5E, 1, false), ExtendedCommunity.RouteTarget(1, 1)], Send(External(1), attributes, External(2))!.ExtendedCommunities);
        Assert.Equal(attributes.ExtendedCommunities, Send(External(1), attributes, Internal(2))!.ExtendedCommunities);
    }

    [Fact]
    [Trait("RFC", "4271")]
    public void Rfc4271_5_UnknownAttributesAndTunnelsTravelOn()
    {
        var attributes = new PathAttributes(Plain) { Unknown = [new UnknownAttribute(0xe0, 99, [1, 2, 3])], TunnelEncapsulation = [0, 4, 0, 0], LargeCommunities = [new LargeCommunity(1, 2, 3)] };
        var told = Send(External(1), attributes, External(2))!;
        Assert.Same(attributes.Unknown, told.Unknown);
        Assert.Same(attributes.TunnelEncapsulation, told.TunnelEncapsulation);
        Assert.Same(attributes.LargeCommunities, told.LargeCommunities);
    }

    [Fact]
    public void ARouteThatWentThroughTheNeighboursAsGoesThereOnlyWithOurAsInItsPlace()
    {
        var attributes = new PathAttributes(Plain) { AsPath = [new AsSegment(2, [65001, 65002])] };
        Assert.Null(Send(External(1), attributes, External(2)));
        Assert.Equal("65000 65001 65000", AsPaths.ToText(Send(External(1), attributes, External(2) with { AsOverride = true })!.AsPath));
    }

    [Fact]
    public void OurOwnRoutesGetOurAddressAndKeepTheirMed()
    {
        var rig = new RibRig(new BgpConfiguration
        {
            LocalAs = RibRig.OurAs, RouterId = 1, Networks = [new OriginatedRoute(Family.Ipv4Unicast, RibRig.P(Net), new PathAttributes { Med = 3 })],
        });
        rig.Add(External(1));
        rig.Add(Internal(2));
        rig.Exchange(1, 2);
        Assert.Equal(("65000", "192.0.2.254", 3u), (AsPaths.ToText(rig.Told(1, Net)!.AsPath), rig.Told(1, Net)!.NextHop.ToString(), rig.Told(1, Net)!.Med));
        Assert.Equal(("", "192.0.2.254", 100u), (AsPaths.ToText(rig.Told(2, Net)!.AsPath), rig.Told(2, Net)!.NextHop.ToString(), rig.Told(2, Net)!.LocalPref));
        rig.Rib.Configure(new BgpConfiguration { LocalAs = RibRig.OurAs, RouterId = 1 });
        rig.Settle();
        rig.Exchange(1, 2);
        Assert.Null(rig.Told(1, Net));
    }

    [Fact]
    [Trait("RFC", "8950")]
    public void Rfc8950_IPv6NextHopsOfIPv4RoutesGoOnlyToWhomTakesThem()
    {
        var attributes = new PathAttributes(Plain) { NextHop = IPAddress.Parse("2001:db8::1") };
        Assert.Null(Send(External(1), attributes, Internal(2)));
        Assert.Equal("2001:db8::1", Send(External(1), attributes, Internal(2) with { Families = [RibRig.Open(Family.Ipv4Unicast) with { ExtendedNextHop = true }] })!.NextHop.ToString());
        var overIPv6 = External(2) with { LocalAddress = IPAddress.Parse("2001:db8::ff"), Address = IPAddress.Parse("2001:db8::2") };
        Assert.Null(Send(External(1), Plain, overIPv6));
        Assert.Equal("2001:db8::ff", Send(External(1), Plain, overIPv6 with { Families = [RibRig.Open(Family.Ipv4Unicast) with { ExtendedNextHop = true }] })!.NextHop.ToString());
        Assert.Equal("203.0.113.1", Send(External(1), Plain, overIPv6 with { NextHopIpv4 = IPAddress.Parse("203.0.113.1") })!.NextHop.ToString());
    }

    [Fact]
    [Trait("RFC", "2545")]
    public void Rfc2545_3_OurLinkLocalAddressStandsBehindOurGlobalOne()
    {
        var six = RibRig.Open(Family.Ipv6Unicast);
        var rig = new RibRig();
        rig.Add(External(1) with { Families = [six] });
        rig.Add(External(2) with { Families = [six], LocalAddress = IPAddress.Parse("2001:db8::ff"), LinkLocal = IPAddress.Parse("fe80::1") });
        rig.Add(External(3) with { Families = [six] });
        rig.Update(1, "2001:db8:1::/48", new PathAttributes { NextHop = IPAddress.Parse("2001:db8::1"), LinkLocalNextHop = IPAddress.Parse("fe80::9"), AsPath = [new AsSegment(2, [65001])] });
        rig.Exchange(1, 2, 3);
        Assert.Equal(("2001:db8::ff", "fe80::1"), (rig.Told(2, "2001:db8:1::/48")!.NextHop.ToString(), rig.Told(2, "2001:db8:1::/48")!.LinkLocalNextHop?.ToString()));
        Assert.Equal(("::ffff:192.0.2.254", null), (rig.Told(3, "2001:db8:1::/48")!.NextHop.ToString(), rig.Told(3, "2001:db8:1::/48")!.LinkLocalNextHop));
    }

    [Fact]
    [Trait("RFC", "5512")]
    public void Rfc5512_RoutesOfTheEncapsulationSafiAreKeptAndPassedOn()
    {
        var family = RibRig.Open(Family.Ipv4Encapsulation);
        var endpoint = new Nlri(RibRig.P("203.0.113.9/32"));
        var rig = new RibRig(new BgpConfiguration
        {
            LocalAs = RibRig.OurAs, RouterId = 1,
            Networks = [new OriginatedRoute(Family.Ipv4Encapsulation, RibRig.P("203.0.113.1/32"), new PathAttributes { TunnelEncapsulation = [0, 4, 0, 0] })],
        });
        rig.Add(External(1) with { Families = [family] });
        rig.Add(External(2) with { Families = [family] });
        rig.Rib.Update(1, Family.Ipv4Encapsulation, endpoint, new PathAttributes(Plain) { TunnelEncapsulation = [0, 7, 0, 0] });
        rig.Settle();
        rig.Exchange(2);
        Assert.Equal([0, 7, 0, 0], rig.Told(2, Family.Ipv4Encapsulation, endpoint)!.TunnelEncapsulation);
        Assert.Equal([0, 4, 0, 0], rig.Told(2, Family.Ipv4Encapsulation, new Nlri(RibRig.P("203.0.113.1/32")))!.TunnelEncapsulation);
        Assert.Equal(0, rig.BestCount);
    }

    [Fact]
    public void ADefaultRouteOfTheConfigurationTakesTheLearnedOnesPlaceAndGivesItBack()
    {
        var rig = new RibRig();
        rig.Add(External(1));
        rig.Update(1, "0.0.0.0/0", Plain);
        rig.Add(External(2));
        rig.Exchange(2);
        Assert.Equal("65000 65001", AsPaths.ToText(rig.Told(2, "0.0.0.0/0")!.AsPath));
        rig.Rib.SetPeer(External(2) with { Families = [RibRig.Open(Family.Ipv4Unicast) with { DefaultOriginate = true }] });
        rig.Exchange(2);
        Assert.Equal("65000", AsPaths.ToText(rig.Told(2, "0.0.0.0/0")!.AsPath));
        rig.Withdraw(1, "0.0.0.0/0");
        rig.Update(1, "0.0.0.0/0", Plain);
        rig.Exchange(2);
        Assert.Equal("65000", AsPaths.ToText(rig.Told(2, "0.0.0.0/0")!.AsPath));
        rig.Rib.SetPeer(External(2));
        rig.Exchange(2);
        Assert.Equal("65000 65001", AsPaths.ToText(rig.Told(2, "0.0.0.0/0")!.AsPath));
    }

    [Fact]
    [Trait("RFC", "2918")]
    public void Rfc2918_ARefreshSendsEverythingAgainAndSaysItsEnd()
    {
        var rig = new RibRig();
        rig.Add(External(1));
        rig.Add(External(2));
        rig.Update(1, Net, Plain);
        rig.Exchange(2);
        rig.Said.Clear();
        rig.Rib.Refresh(2, Family.Ipv4Unicast);
        rig.Exchange(2);
        Assert.Equal(["2 Announce 10.0.0.0/8", "2 EndOfRefresh ipv4"], rig.Said);
    }

    [Fact]
    public void AChangedExportPolicySaysWhatChangedAlone()
    {
        var rig = new RibRig();
        rig.Add(External(1));
        rig.Add(External(2));
        rig.Update(1, Net, Plain);
        rig.Update(1, "10.1.0.0/16", Plain);
        rig.Exchange(2);
        rig.Said.Clear();
        var without = new RibRig.Policy("without /16", (n, _, a) => n.Prefix.Length == 16 ? null : a, true);
        rig.Rib.SetPeer(External(2) with { Families = [RibRig.Open(Family.Ipv4Unicast) with { Export = without }] });
        rig.Exchange(2);
        Assert.Equal(["2 Withdraw 10.1.0.0/16"], rig.Said);
    }

    [Fact]
    public void AChangedImportPolicyIsAskedAboutWhatIsThere()
    {
        var rig = new RibRig();
        rig.Add(External(1) with { Families = [new RibFamily { Family = Family.Ipv4Unicast }] });
        rig.Update(1, Net, Plain);
        Assert.Null(rig.Best(Net));
        Assert.Equal(new RibCounts(1, 0, 0, 0), rig.Rib.Counts(1, Family.Ipv4Unicast));
        rig.Rib.SetPeer(External(1));
        rig.Settle();
        Assert.Equal(["p1"], rig.BestOf(Net));
        Assert.Equal(new RibCounts(1, 1, 0, 0), rig.Rib.Counts(1, Family.Ipv4Unicast));
    }

    private static PathAttributes? Send(RibPeer from, PathAttributes attributes, RibPeer to)
    {
        var rig = new RibRig();
        rig.Add(from);
        rig.Add(to);
        rig.Update(from.Id, Net, attributes);
        rig.Exchange(to.Id);
        return rig.Told(to.Id, Net);
    }

    private static RibPeer External(int id) => RibRig.Peer(id, 65000u + (uint)id);

    private static RibPeer Internal(int id) => RibRig.Peer(id, RibRig.OurAs);
}
