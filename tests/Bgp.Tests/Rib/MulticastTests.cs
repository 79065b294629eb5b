using System.Net;

namespace Appliance.Bgp.Tests;

/// <summary>Multicast prefixes of members of a group: all paths count, at whoever wants them and on the way there.</summary>
public sealed class MulticastTests
{
    private const string Group = "239.1.1.0/24";

    [Theory]
    [InlineData("239.1.1.0/24", true, true)]
    [InlineData("224.0.0.0/4", true, true)]
    [InlineData("224.0.1.0/24", true, true)]
    [InlineData("224.0.0.0/24", true, false)]
    [InlineData("224.0.0.5/32", true, false)]
    [InlineData("0.0.0.0/0", false, false)]
    [InlineData("192.0.0.0/3", false, false)]
    [InlineData("240.0.0.0/4", false, false)]
    [InlineData("10.1.0.0/16", false, false)]
    [InlineData("ff08::/16", true, true)]
    [InlineData("ff3e:30::/32", true, true)]
    [InlineData("ff00::/8", true, true)]
    [InlineData("ff02::/16", true, false)]
    [InlineData("ff12::5/128", true, false)]
    [InlineData("ff01::1/128", true, false)]
    [InlineData("ff0f::/16", true, false)]
    [InlineData("fe00::/7", false, false)]
    public void Rfc5771_4_and_Rfc7346_2_What_may_be_forwarded(string prefix, bool isMulticast, bool isRoutable)
    {
        var family = prefix.Contains(':') ? Family.Ipv6Unicast : Family.Ipv4Unicast;
        Assert.Equal(isMulticast, MulticastPrefixes.IsMulticast(family, RibRig.P(prefix)));
        Assert.Equal(isRoutable, MulticastPrefixes.IsRoutable(family, RibRig.P(prefix)));
        Assert.False(MulticastPrefixes.IsMulticast(family.Afi == 1 ? Family.Vpnv4 : Family.Vpnv6, RibRig.P(prefix)));
    }

    [Theory]
    [InlineData("18ef0101 18e00000 080a", "239.1.1.0/24 10.0.0.0/8")]
    [InlineData("04e0 04f0", "224.0.0.0/4 240.0.0.0/4")]
    public void Rfc4271_6_3_Multicast_that_may_be_forwarded_is_read_and_that_of_the_link_is_ignored(string nlri, string read)
    {
        var texts = new List<string>();
        foreach (var one in new NlriReader(Convert.FromHexString(nlri.Replace(" ", "", StringComparison.Ordinal)), Family.Ipv4Unicast, addPath: false, skipUnexpected: true)) texts.Add(one.ToText(Family.Ipv4Unicast));
        Assert.Equal(read, string.Join(' ', texts));
    }

    [Fact]
    public void All_paths_count_whatever_multipath_says_and_ours_is_among_them()
    {
        var rig = new RibRig();
        for (var id = 1; id <= 4; id++) rig.Add(RibRig.Peer(id, RibRig.OurAs));
        rig.Update(3, Group, Member(3));
        rig.Update(1, Group, Member(1));
        rig.Update(2, Group, new PathAttributes(Member(2)) { LocalPref = 50 });
        Assert.Equal(["p1", "p3", "p2"], rig.BestOf(Group));
        rig.Rib.Originate("", new OriginatedRoute(Family.Ipv4Unicast, RibRig.P(Group), Member(9)));
        rig.Settle();
        Assert.Equal(["", "p1", "p2", "p3"], rig.BestOf(Group).Order(StringComparer.Ordinal));
        Assert.True(rig.Best(Group)!.Paths[0].IsLocal);
        rig.Withdraw(1, Group);
        rig.Reachable("198.51.100.3", false);
        Assert.Equal(["", "p2"], rig.BestOf(Group));
    }

    [Fact]
    public void The_order_in_which_paths_come_does_not_matter()
    {
        int[][] orders = [[1, 2, 3, 4, 5], [5, 4, 3, 2, 1], [3, 1, 5, 2, 4]];
        var outcomes = orders.Select(order =>
        {
            var rig = new RibRig();
            for (var id = 1; id <= 5; id++) rig.Add(RibRig.Peer(id, RibRig.OurAs));
            foreach (var id in order) rig.Update(id, Group, new PathAttributes(Member(id)) { LocalPref = id % 2 == 0 ? 90u : 100u });
            return string.Join(' ', rig.BestOf(Group));
        }).Distinct().ToList();
        Assert.Equal("p1 p3 p5 p2 p4", Assert.Single(outcomes));
    }

    [Fact]
    public void A_path_that_names_no_member_does_not_count_and_takes_the_place_of_one_that_did()
    {
        var rig = new RibRig();
        rig.Add(RibRig.Peer(1, RibRig.OurAs));
        rig.Update(1, Group, Member(1));
        Assert.Equal(["p1"], rig.BestOf(Group));
        rig.Update(1, Group, new PathAttributes { NextHop = IPAddress.Parse("198.51.100.1") });
        Assert.Null(rig.Best(Group));
        rig.Update(1, Group, Member(1));
        Assert.Equal(["p1"], rig.BestOf(Group));
    }

    [Fact]
    [Trait("RFC", "7911")]
    public void Every_member_is_told_of_every_other_one_whatever_the_limit()
    {
        var rig = new RibRig(new BgpConfiguration { LocalAs = RibRig.OurAs, RouterId = 1, ClusterId = 1 });
        const int members = 100;
        for (var id = 1; id <= members; id++)
            rig.Add(RibRig.Peer(id, RibRig.OurAs, $"192.0.2.{id}", RibRig.Open(Family.Ipv4Unicast) with { AddPathSend = 2 }) with { ReflectorClient = true });
        for (var id = 1; id <= members; id++) rig.Update(id, Group, Member(id));
        rig.Exchange([.. Enumerable.Range(1, members)]);
        for (var id = 1; id <= members; id++)
            Assert.Equal(Enumerable.Range(1, members).Where(i => i != id).Select(i => $"198.51.100.{i}").Order(StringComparer.Ordinal), ToldTo(rig, id));
        rig.Withdraw(7, Group);
        rig.Exchange([.. Enumerable.Range(1, members)]);
        Assert.DoesNotContain("198.51.100.7", ToldTo(rig, 1));
        Assert.Equal(members - 2, ToldTo(rig, 1).Count());
        Assert.Equal(members - 1, ToldTo(rig, 7).Count());
    }

    [Fact]
    public void What_one_neighbour_says_of_a_group_is_bounded()
    {
        var rig = new RibRig();
        rig.Add(RibRig.Peer(1, RibRig.OurAs));
        var attributes = Member(1);
        for (var id = 1u; id <= 200; id++) Assert.True(rig.Rib.Update(1, Family.Ipv4Unicast, new Nlri(RibRig.P(Group), PathId: id), attributes));
        rig.Settle();
        Assert.Equal(200, rig.BestOf(Group).Length);
        Assert.True(Rib.MostMulticastPathsOfAPeer >= 10_000);
    }

    private static IEnumerable<string> ToldTo(RibRig rig, int id) => rig.ToldTo(id, Family.Ipv4Unicast).Select(t => t.Attributes.NextHop.ToString()).Order(StringComparer.Ordinal);

    private static PathAttributes Member(int id) => new() { NextHop = IPAddress.Parse($"198.51.100.{id}"), TunnelEncapsulation = [0, 4, 0, 12, 6, 10, 0, 0, 0, 0, 0, 1, 198, 51, 100, (byte)id] };
}
