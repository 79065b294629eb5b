using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane.Tests;

/// <summary>Routes with several next hops: flows are shared out, none is torn apart.</summary>
public class GroupTests
{
    /// <summary>At A, the way to B's site leads into the tunnel or into as many more as are added; their SPIs are 0x1001, 0x1101, 0x1201 …</summary>
    private static uint[] Spread(Sites sites, int more)
    {
        var gateway = sites.A.Gateway;
        var members = new List<uint> { gateway.AddNextHop(NextHopKind.Tunnel, tunnel: sites.A.Tunnel, isProtected: true) };
        for (var i = 1; i <= more; i++)
        {
            var tunnel = gateway.AddTunnel("192.0.2.1", $"198.51.100.{i + 1}");
            gateway.AddOutbound(tunnel, 0x1001 + 0x100 * (uint)i, sites.A.Wan, sites.Shape);
            members.Add(gateway.AddNextHop(NextHopKind.Tunnel, tunnel: tunnel, isProtected: true));
        }

        var group = gateway.AddGroup([.. members]);
        gateway.Route("10.2.0.0/16", group);
        gateway.Route("fd00:2::/48", group);
        return [group, .. members];
    }

    private static List<uint> Spis(Sites sites, params byte[][] packets)
    {
        foreach (var packet in packets) sites.A.Gateway.Port(Gateway.Lan).Put(Ip.Frame(packet));
        sites.A.Gateway.Run();
        return [.. sites.A.TakeWire().Select(Ip.Unframe).Select(p => EspView.TryParse(p.AsSpan(Ip.Fields(p).HeaderLength), out var esp) ? esp.Spi : 0)];
    }

    private static byte[] Flow(bool v4, int i) => v4
        ? Ip.Udp($"10.1.{i >> 8 & 255}.{i & 255}", $"10.2.3.{i % 7}", (ushort)(1000 + i), 53)
        : Ip.Udp($"fd00:1::{i:x}", $"fd00:2::{i % 7:x}", (ushort)(1000 + i), 53);

    [Theory]
    [InlineData(true, 1)]
    [InlineData(true, 2)]
    [InlineData(false, 4)]
    public void Flows_are_shared_out_equally_and_each_keeps_its_way(bool v4, int more)
    {
        using var sites = new Sites();
        Spread(sites, more);
        var packets = Enumerable.Range(1, 600).Select(i => Flow(v4, i)).ToArray();
        var first = packets.SelectMany(p => Spis(sites, p)).ToList();
        Assert.Equal(600, first.Count);
        var shares = first.GroupBy(s => s).ToDictionary(g => g.Key, g => g.Count());
        Assert.Equal(more + 1, shares.Count);
        Assert.All(shares.Values, s => Assert.InRange(s, 600 / (more + 1) * 7 / 10, 600 / (more + 1) * 13 / 10));
        Assert.Equal(first, packets.SelectMany(p => Spis(sites, p)));
    }

    [Fact]
    public void Fragments_of_a_datagram_go_one_way()
    {
        using var sites = new Sites();
        Spread(sites, 2);
        for (ushort port = 1; port < 40; port++)
        {
            var whole = Ip.Udp(Sites.HostA, Sites.HostB, port, payload: 1200);
            Assert.True(Ipv4Fragments.TryStart(whole, 600, out var fragments));
            var pieces = new List<byte[]>();
            while (fragments.NextLength is > 0 and var length)
            {
                var piece = new byte[length];
                Assert.Equal(length, fragments.Write(piece));
                pieces.Add(piece);
            }

            Assert.True(pieces.Count > 1);
            Assert.Single(Spis(sites, [.. pieces]).Distinct());
        }
    }

    [Fact]
    public void A_member_that_is_replaced_takes_its_flows_with_it_and_no_others()
    {
        using var sites = new Sites();
        var slots = Spread(sites, 2);
        var packets = Enumerable.Range(1, 200).Select(i => Flow(true, i)).ToArray();
        var before = packets.SelectMany(p => Spis(sites, p)).ToList();
        sites.A.Gateway.Region.NextHopGroup(slots[0]).Members[1] = slots[1];
        var after = packets.SelectMany(p => Spis(sites, p)).ToList();
        Assert.Equal(before.Select(s => s == 0x1101 ? 0x1001u : s), after);
        sites.A.Gateway.Region.NextHopGroup(slots[0]).Count = 1;
        Assert.All(packets.SelectMany(p => Spis(sites, p)), s => Assert.Equal(0x1001u, s));
    }

    [Fact]
    public void A_group_without_members_is_no_route()
    {
        using var sites = new Sites();
        var slots = Spread(sites, 1);
        sites.A.Gateway.SetSpd(Ip.Rule(SpdAction.Bypass));
        sites.A.Gateway.Region.NextHopGroup(slots[0]).Count = 0;
        Assert.Empty(Spis(sites, Flow(true, 1)));
        Assert.Equal(1UL, sites.A.Gateway.Drops(DropReason.NoRoute));
    }

    [Fact]
    public void Rfc4301_5_2_The_source_may_lie_behind_any_member_and_behind_none_else()
    {
        using var sites = new Sites();
        var gateway = sites.B.Gateway;
        var other = gateway.AddNextHop(NextHopKind.Tunnel, tunnel: gateway.AddTunnel("198.51.100.1", "203.0.113.9"), isProtected: true);
        var through = gateway.AddNextHop(NextHopKind.Tunnel, tunnel: sites.B.Tunnel, isProtected: true);
        gateway.Route("10.1.0.0/16", gateway.AddGroup(other, through));
        for (ushort port = 1; port < 20; port++) Assert.Single(sites.FromA(Ip.Udp(Sites.HostA, Sites.HostB, port)));
        gateway.Route("10.1.0.0/16", gateway.AddGroup(other, other));
        Assert.Empty(sites.FromA(Ip.Udp(Sites.HostA, Sites.HostB)));
        Assert.Equal(1UL, gateway.Drops(DropReason.SourceNotBehindTunnel));
    }

    [Fact]
    public void Rfc1122_2_3_2_2_A_packet_waits_for_the_neighbour_of_its_own_flow()
    {
        using var sites = new Sites();
        var gateway = sites.A.Gateway;
        gateway.SetSpd(Ip.Rule(SpdAction.Bypass));
        var unknown = gateway.AddAdjacency(Gateway.Wan);
        gateway.Region.Adjacency(unknown).State = SlotState.Writing;
        gateway.Route("203.0.113.0/24", gateway.AddGroup(sites.A.Outside, gateway.AddNextHop(NextHopKind.Adjacent, unknown)));
        var sent = 0;
        for (var i = 0; i < 8; i++)
        {
            gateway.Port(Gateway.Lan).Put(Ip.Frame(Ip.Udp(Sites.HostA, $"203.0.113.{i}")));
            gateway.Run();
            sent += sites.A.TakeWire().Count;
        }

        Assert.InRange(sent, 1, 7);
        Assert.Equal(8UL - (ulong)sent, gateway.Sum(b => b.Held));
        gateway.Wait(100);
        Assert.Empty(sites.A.TakeWire());
        gateway.Region.Adjacency(unknown).State = SlotState.Live;
        gateway.Wait(100);
        Assert.Equal(8 - sent, sites.A.TakeWire().Count);
    }

    [Fact]
    public void What_a_group_leads_out_in_the_clear_needs_a_rule_like_any_route()
    {
        using var sites = new Sites();
        var gateway = sites.A.Gateway;
        gateway.Route("10.2.0.0/16", gateway.AddGroup(sites.A.Outside));
        Assert.Empty(Spis(sites, Flow(true, 1)));
        Assert.Equal(1UL, gateway.Drops(DropReason.NoTunnelForPolicy));
        var slots = Spread(sites, 0);
        gateway.SetSpd(Ip.Rule(SpdAction.Bypass));
        Assert.Empty(Spis(sites, Flow(true, 1)));
        Assert.Equal(1UL, gateway.Drops(DropReason.BypassOfProtected));
        Assert.Equal(2, slots.Length);
    }
}
