using System.Net;

namespace Appliance.Bgp.Tests;

/// <summary>Neighbours of groups with a multi-point SA: whose end of a tunnel counts, and what our own routes say of ours.</summary>
[Trait("RFC", "9012")]
public sealed class EgressTests
{
    private const string Ours4 = "192.0.2.77", Ours6 = "2001:db8:77::1";

    private static EgressGroup Group(params string[] addresses) => new("mesh", [.. addresses.Select(IPAddress.Parse)]);

    private static RibPeer Member(int id, EgressGroup? group, bool isClient = false, bool extended = false) => RibRig.Peer(id, RibRig.OurAs, null,
        RibRig.Open(Family.Ipv4Unicast) with { ExtendedNextHop = extended }, RibRig.Open(Family.Ipv6Unicast)) with { Group = group, ReflectorClient = isClient };

    private static byte[] Tunnels(params (ushort Type, string? Endpoint)[] tunnels) =>
        TunnelEncapsulation.Write([.. tunnels.Select(t => new Tunnel(t.Type, [TunnelSubTlv.Endpoint(t.Endpoint is null ? null : IPAddress.Parse(t.Endpoint))]))]);

    private static PathAttributes Ends(string nextHop, params string[] ends) =>
        new(RibRig.Attributes(nextHop)) { TunnelEncapsulation = Tunnels([.. ends.Select(e => (TunnelType.IpsecTunnel, (string?)e))]) };

    private static RibRig Rig(params OriginatedRoute[] networks) => new(new BgpConfiguration { LocalAs = RibRig.OurAs, RouterId = 0x0a00_0001, Networks = networks });

    private static OriginatedRoute Own(string prefix, params string[] groups) =>
        new(prefix.Contains(':', StringComparison.Ordinal) ? Family.Ipv6Unicast : Family.Ipv4Unicast, RibRig.P(prefix), new PathAttributes(), groups.Length == 0 ? null : groups);

    private static string[] EndsOf(PathAttributes? attributes) => [.. TunnelEncapsulation.IpsecEndpoints(attributes!)?.Select(e => e.ToString()) ?? []];

    [Fact]
    public void Rfc9012_7_1_TheEndOfTheTunnelCountsAndNotTheNextHop()
    {
        var rig = Rig();
        rig.Reachable("198.51.100.7", false);
        rig.Add(Member(1, Group(Ours6)));
        rig.Update(1, "10.7.0.0/16", Ends("198.51.100.7", "198.51.100.7", "2001:db8:7::1"));
        Assert.Equal(["p1"], rig.BestOf("10.7.0.0/16"));
        Assert.Equal(["2001:db8:7::1"], rig.Watched);
        rig.EndReachable("2001:db8:7::1", false);
        Assert.Empty(rig.BestOf("10.7.0.0/16"));

        // Whether the same address is reached as a next hop is another matter.
        rig.Reachable("2001:db8:7::1", true);
        Assert.Empty(rig.BestOf("10.7.0.0/16"));
        rig.EndReachable("2001:db8:7::1", true, 5);
        Assert.Equal(["p1"], rig.BestOf("10.7.0.0/16"));
        rig.Withdraw(1, "10.7.0.0/16");
        Assert.Empty(rig.BestOf("10.7.0.0/16"));
    }

    [Theory]
    [InlineData("198.51.100.7")] // Of a family that we have no ESP address in.
    [InlineData(Ours6)] // Our own.
    public void APathWithoutAnEndForUsIsNotUsed(string end)
    {
        var rig = Rig();
        rig.Add(Member(1, Group(Ours6)));
        rig.Add(Member(2, Group(Ours6)));
        rig.Update(1, "10.7.0.0/16", Ends("198.51.100.7", end));
        Assert.Empty(rig.BestOf("10.7.0.0/16"));
        rig.Update(2, "10.7.0.0/16", new PathAttributes(Ends("198.51.100.8", "2001:db8:8::1")) { LocalPref = 1 });
        Assert.Equal(["p2"], rig.BestOf("10.7.0.0/16"));
        Assert.DoesNotContain(end, rig.Watched);
    }

    [Fact]
    public void OtherTunnelTypesAndOtherNeighboursAreAsBefore()
    {
        var rig = Rig();
        rig.Reachable("198.51.100.7", false);
        rig.Add(Member(1, Group(Ours4)));
        rig.Add(Member(2, null));
        rig.Update(1, "10.7.0.0/16", new PathAttributes(RibRig.Attributes("198.51.100.7")) { TunnelEncapsulation = Tunnels((TunnelType.IpInIp, "203.0.113.7"), (TunnelType.IpInIpWithIpsecTransport, "203.0.113.8")) });
        rig.Update(2, "10.8.0.0/16", Ends("198.51.100.7", "203.0.113.7"));
        Assert.Empty(rig.BestOf("10.7.0.0/16"));
        Assert.Empty(rig.BestOf("10.8.0.0/16"));
        Assert.Empty(rig.Watched);
        rig.Reachable("198.51.100.7", true);
        Assert.Equal(["p1"], rig.BestOf("10.7.0.0/16"));
        Assert.Null(rig.Best("10.7.0.0/16")!.Paths[0].Attributes.Egress);

        // A reload makes it a neighbour of the group: its path is looked at anew.
        rig.Rib.SetPeer(Member(2, Group(Ours4)));
        rig.Settle();
        Assert.Equal(["203.0.113.7"], rig.Watched);
        Assert.Equal("203.0.113.7", rig.Best("10.8.0.0/16")!.Paths[0].Attributes.Egress!.ToString());
    }

    [Fact]
    public void Rfc4456_10_TheReflectorLeavesNextHopAndEndsAlone()
    {
        var rig = Rig();
        rig.Add(Member(1, Group(Ours4, Ours6), isClient: true, extended: true));
        rig.Add(Member(2, Group(Ours4, Ours6), isClient: true, extended: true));
        rig.Add(Member(3, Group(Ours4, Ours6), isClient: true));
        rig.Update(1, "10.7.0.0/16", Ends("198.51.100.7", "198.51.100.7", "2001:db8:7::1"));
        rig.Update(1, "10.8.0.0/16", Ends("2001:db8:8::1", "2001:db8:8::1"));
        rig.Exchange(1, 2, 3);
        var told = rig.Told(2, "10.7.0.0/16")!;
        Assert.Equal("198.51.100.7", told.NextHop.ToString());
        Assert.Equal(["198.51.100.7", "2001:db8:7::1"], EndsOf(told));
        Assert.Null(told.Egress);
        Assert.Equal("2001:db8:8::1", rig.Told(2, "10.8.0.0/16")!.NextHop.ToString());

        // RFC 8950: who does not take an IPv6 next hop is not told.
        Assert.Null(rig.Told(3, "10.8.0.0/16"));
        Assert.NotNull(rig.Told(3, "10.7.0.0/16"));
    }

    /// <summary>Where a tunnel of one group ends nobody has the key of another: its members would send into the void, and a member could draw another group's traffic to itself.</summary>
    [Fact]
    public void EndsOfOneGroupAreNotToldToNeighboursOfAnother()
    {
        var rig = Rig();
        rig.Add(Member(1, Group(Ours4), isClient: true));
        rig.Add(Member(2, Group(Ours4), isClient: true));
        rig.Add(Member(3, new EgressGroup("other", [IPAddress.Parse(Ours4)]), isClient: true));
        rig.Add(Member(4, null, isClient: true));
        rig.EndReachable("198.51.100.7", true);
        rig.Reachable("198.51.100.9", true);
        rig.Update(1, "10.7.0.0/16", Ends("198.51.100.7", "198.51.100.7"));
        rig.Update(1, "10.9.0.0/16", RibRig.Attributes("198.51.100.9"));
        rig.Exchange(1, 2, 3, 4);
        Assert.NotNull(rig.Told(2, "10.7.0.0/16"));
        Assert.Null(rig.Told(3, "10.7.0.0/16"));
        Assert.NotNull(rig.Told(4, "10.7.0.0/16"));
        Assert.NotNull(rig.Told(3, "10.9.0.0/16"));
    }

    [Fact]
    public void OurOwnRoutesSayWhereTheTunnelsEndHereToNeighboursOfTheGroupAlone()
    {
        var rig = Rig(Own("10.1.0.0/16"), Own("fd00:1::/48"), Own("10.2.0.0/16", "mesh"), Own("10.3.0.0/16", "other"));
        rig.Add(Member(1, Group(Ours4, Ours6)));
        rig.Add(Member(2, null));
        rig.Exchange(1, 2);
        Assert.Equal(Ours4, rig.Told(1, "10.1.0.0/16")!.NextHop.ToString());
        Assert.Equal([Ours4, Ours6], EndsOf(rig.Told(1, "10.1.0.0/16")));
        Assert.Equal(Ours6, rig.Told(1, "fd00:1::/48")!.NextHop.ToString());
        Assert.Equal([Ours4, Ours6], EndsOf(rig.Told(1, "fd00:1::/48")));
        Assert.Equal([Ours4, Ours6], EndsOf(rig.Told(1, "10.2.0.0/16")));
        Assert.Null(rig.Told(1, "10.3.0.0/16"));
        Assert.Equal("192.0.2.254", rig.Told(2, "10.1.0.0/16")!.NextHop.ToString());
        Assert.Null(rig.Told(2, "10.1.0.0/16")!.TunnelEncapsulation);
        Assert.Null(rig.Told(2, "10.2.0.0/16"));
        Assert.Null(rig.Told(1, "10.2.0.0/16")!.Groups);

        // A reload: other addresses, and a prefix that all neighbours are told of now.
        rig.Rib.SetPeer(Member(1, Group(Ours6), extended: true));
        rig.Rib.Configure(new BgpConfiguration { LocalAs = RibRig.OurAs, RouterId = 0x0a00_0001, Networks = [Own("10.1.0.0/16"), Own("10.2.0.0/16")] });
        rig.Settle();
        rig.Exchange(1, 2);
        Assert.Equal(Ours6, rig.Told(1, "10.1.0.0/16")!.NextHop.ToString());
        Assert.Equal([Ours6], EndsOf(rig.Told(1, "10.1.0.0/16")));
        Assert.NotNull(rig.Told(2, "10.2.0.0/16"));
    }

    [Theory]
    [InlineData(Ours6, true, "10.1.0.0/16", Ours6)] // RFC 8950.
    [InlineData(Ours6, false, "10.1.0.0/16", "192.0.2.254")] // Without it our address of the session stands there, and the encapsulation says the rest.
    [InlineData(Ours4, false, "fd00:1::/48", "::ffff:192.0.2.77")]
    public void Rfc8950_RoutesOfOneFamilyGoOverEndsOfTheOther(string ours, bool extended, string prefix, string nextHop)
    {
        var rig = Rig(Own(prefix));
        rig.Add(Member(1, Group(ours), extended: extended));
        rig.Exchange(1);
        Assert.Equal(nextHop, rig.Told(1, prefix)!.NextHop.ToString());
        Assert.Equal([ours], EndsOf(rig.Told(1, prefix)));
    }

    [Fact]
    public void ANextHopThatTheOperatorSetStaysAndWithItThereIsNoEncapsulationOfOurs()
    {
        var rig = Rig(new OriginatedRoute(Family.Ipv4Unicast, RibRig.P("10.1.0.0/16"), new PathAttributes { NextHop = IPAddress.Parse("192.0.2.9") }));
        rig.Add(Member(1, Group(Ours4)));
        rig.Exchange(1);
        Assert.Equal("192.0.2.9", rig.Told(1, "10.1.0.0/16")!.NextHop.ToString());
        Assert.Null(rig.Told(1, "10.1.0.0/16")!.TunnelEncapsulation);
    }

    [Fact]
    public void Rfc9012_3_1_AnEndpointThatNamesNoneIsTheNextHopAndTheListIsBounded()
    {
        var next = new PathAttributes(RibRig.Attributes("::ffff:198.51.100.7")) { TunnelEncapsulation = Tunnels((TunnelType.IpsecTunnel, null), (TunnelType.IpInIp, "203.0.113.7"), (TunnelType.IpsecTunnel, "198.51.100.7")) };
        Assert.Equal(["198.51.100.7"], EndsOf(next));
        Assert.Null(TunnelEncapsulation.IpsecEndpoints(new PathAttributes()));
        Assert.Null(TunnelEncapsulation.IpsecEndpoints(new PathAttributes { TunnelEncapsulation = Tunnels((TunnelType.IpInIp, "203.0.113.7")) }));
        Assert.Equal(TunnelEncapsulation.MostEndpoints, EndsOf(Ends("192.0.2.1", [.. Enumerable.Range(1, 100).Select(i => $"203.0.113.{i}")])).Length);
    }
}
