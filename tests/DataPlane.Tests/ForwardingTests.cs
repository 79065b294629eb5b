using System.Buffers.Binary;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane.Tests;

/// <summary>Policy and routes at one gateway (RFC 4301 §5).</summary>
public class ForwardingTests
{
    private const string Web = "192.0.7.7";

    [Fact]
    public void Rfc4301_5_1_Bypass_leaves_in_the_clear_with_its_link_header()
    {
        using var sites = new Sites();
        sites.A.Gateway.SetSpd(Ip.Rule(SpdAction.Bypass, "10.1.0.0/16", "192.0.7.0/24"));
        var frame = Assert.Single(Wire(sites.A, Ip.Udp(Sites.HostA, Web)));
        Assert.Equal(Ip.Udp(Sites.HostA, Web, ttl: 63), Ip.Unframe(frame));
        Assert.Equal(0x08, frame[12]);
    }

    [Theory]
    [InlineData(SpdAction.Discard, DropReason.PolicyDiscard)]
    [InlineData(SpdAction.Protect, DropReason.NoTunnelForPolicy)]
    public void Rfc4301_5_1_What_policy_does_not_let_out_is_dropped(SpdAction action, DropReason reason)
    {
        using var sites = new Sites();
        sites.A.Gateway.SetSpd(Ip.Rule(action, "10.1.0.0/16", "192.0.7.0/24"));
        Assert.Empty(Wire(sites.A, Ip.Udp(Sites.HostA, Web)));
        Assert.Equal(1UL, sites.A.Gateway.Drops(reason));
    }

    [Fact]
    public void Rfc4301_5_1_Without_a_matching_entry_the_packet_is_dropped()
    {
        using var sites = new Sites();
        sites.A.Gateway.SetSpd();
        Assert.Empty(Wire(sites.A, Ip.Udp(Sites.HostA, Sites.HostB), Ip.Udp(Sites.HostA6, Sites.HostB6)));
        Assert.Equal(2UL, sites.A.Gateway.Drops(DropReason.NoPolicy));
    }

    [Fact]
    public void Bypass_never_takes_what_is_routed_into_a_tunnel()
    {
        using var sites = new Sites();
        sites.A.Gateway.SetSpd(Ip.Rule(SpdAction.Bypass));
        Assert.Empty(Wire(sites.A, Ip.Udp(Sites.HostA, Sites.HostB)));
        Assert.Equal(1UL, sites.A.Gateway.Drops(DropReason.BypassOfProtected));
    }

    [Fact]
    public void A_protected_prefix_without_a_tunnel_goes_nowhere()
    {
        using var sites = new Sites();
        sites.A.Gateway.Route("10.0.0.0/8", sites.A.Gateway.AddNextHop(NextHopKind.Discard, isProtected: true));
        sites.A.Gateway.SetSpd(Ip.Rule(SpdAction.Protect));
        Assert.Empty(Wire(sites.A, Ip.Udp(Sites.HostA, "10.9.0.1")));
        Assert.Equal(1UL, sites.A.Gateway.Drops(DropReason.RouteDiscard));
    }

    [Fact]
    public void No_route_is_a_reason_of_its_own()
    {
        using var sites = new Sites();
        sites.A.Gateway.SetSpd(Ip.Rule(SpdAction.Bypass));
        Assert.Empty(Wire(sites.A, Ip.Udp(Sites.HostA, "100.64.0.1")));
        Assert.Equal(1UL, sites.A.Gateway.Drops(DropReason.NoRoute));
    }

    [Fact]
    public void Rfc4301_5_2_Clear_packets_from_outside_pass_only_where_policy_bypasses()
    {
        using var sites = new Sites();
        var gateway = sites.A.Gateway;
        gateway.SetSpd(Ip.Rule(SpdAction.Protect, "10.1.0.0/16", "10.2.0.0/16"), Ip.Rule(SpdAction.Discard, remote: "192.0.8.0/24"), Ip.Rule(SpdAction.Bypass, "10.1.0.0/16", "192.0.7.0/24"));
        foreach (var from in (string[])[Web, "192.0.8.8", Sites.HostB, "192.0.9.9"]) gateway.Port(Gateway.Wan).Put(Ip.Frame(Ip.Udp(from, Sites.HostA)));
        gateway.Run();
        Assert.Equal(Ip.Udp(Web, Sites.HostA, ttl: 63), Assert.Single(sites.A.TakeLan()));
        Assert.Equal(1UL, gateway.Drops(DropReason.PolicyDiscard));
        Assert.Equal(1UL, gateway.Drops(DropReason.ClearWhereProtected));
        Assert.Equal(1UL, gateway.Drops(DropReason.NoPolicy));
    }

    [Fact]
    public void What_a_tunnel_brought_leaves_by_an_unprotected_port_only_with_a_policy_for_that()
    {
        using var sites = new Sites();
        sites.A.Gateway.Route("192.0.7.0/24", sites.A.Gateway.AddNextHop(NextHopKind.Tunnel, tunnel: sites.A.Tunnel));
        sites.A.Gateway.SetSpd(Ip.Rule(SpdAction.Protect, "10.1.0.0/16"));
        sites.B.Gateway.SetSpd(Ip.Rule(SpdAction.Protect, remote: "10.1.0.0/16"));
        Assert.Empty(sites.FromA(Ip.Udp(Sites.HostA, Web)));
        Assert.Empty(sites.B.TakeWire());
        Assert.Equal(1UL, sites.B.Gateway.Drops(DropReason.NoPolicy));
        sites.B.Gateway.SetSpd(Ip.Rule(SpdAction.Protect, remote: "10.1.0.0/16"), Ip.Rule(SpdAction.Bypass, "10.1.0.0/16", "192.0.7.0/24"));
        sites.FromA(Ip.Udp(Sites.HostA, Web));
        Assert.Equal(Ip.Udp(Sites.HostA, Web, ttl: 62), Ip.Unframe(Assert.Single(sites.B.TakeWire())));
    }

    [Fact]
    public void Rfc1812_5_3_1_A_packet_whose_TTL_ends_is_answered()
    {
        using var sites = new Sites();
        var answers = Lan(sites.A, Ip.Udp(Sites.HostA, Sites.HostB, ttl: 1));
        var fields = Ip.Fields(Assert.Single(answers));
        Assert.Equal((IcmpType.TimeExceeded << 8), fields.SourcePort);
        Assert.Equal(Ip.Address("10.1.0.1").V4, fields.SourceV4);
        Assert.True(TransportChecksum.IsRight(answers[0], fields));
        Assert.Equal(1UL, sites.A.Gateway.Drops(DropReason.TtlExpired));
        Assert.Equal(1UL, sites.A.Gateway.Sum(b => b.Originated));
    }

    [Fact]
    public void Rfc4443_3_3_And_so_it_is_for_the_hop_limit()
    {
        using var sites = new Sites();
        var fields = Ip.Fields(Assert.Single(Lan(sites.A, Ip.Udp(Sites.HostA6, Sites.HostB6, ttl: 1))));
        Assert.Equal(IcmpV6Type.TimeExceeded << 8, fields.SourcePort);
    }

    [Fact]
    public void Rfc1812_4_3_2_7_No_error_is_sent_about_an_error()
    {
        using var sites = new Sites();
        var error = Ip.Icmp(Sites.HostA, Sites.HostB, IcmpType.TimeExceeded);
        error[8] = 1;
        Ipv4Header.WriteChecksum(error.AsSpan(0, 20));
        Assert.Empty(Lan(sites.A, error));
        Assert.Equal(1UL, sites.A.Gateway.Drops(DropReason.TtlExpired));
    }

    [Fact]
    public void Rfc1191_Too_big_with_DF_is_answered_with_the_MTU_of_the_tunnel()
    {
        using var sites = new Sites();
        var answer = Assert.Single(Lan(sites.A, Ip.Udp(Sites.HostA, Sites.HostB, payload: 1400, df: true)));
        Assert.Equal((IcmpType.DestinationUnreachable << 8) | IcmpType.CodeFragmentationNeeded, Ip.Fields(answer).SourcePort);
        Assert.Equal(1400, BinaryPrimitives.ReadUInt16BigEndian(answer.AsSpan(26)));
        Assert.Equal(1UL, sites.A.Gateway.Drops(DropReason.TooBig));
    }

    [Fact]
    public void Rfc8201_For_IPv6_it_is_packet_too_big()
    {
        using var sites = new Sites();
        var answer = Assert.Single(Lan(sites.A, Ip.Udp(Sites.HostA6, Sites.HostB6, payload: 1400)));
        Assert.Equal(IcmpV6Type.PacketTooBig << 8, Ip.Fields(answer).SourcePort);
        Assert.Equal(1400u, BinaryPrimitives.ReadUInt32BigEndian(answer.AsSpan(44)));
    }

    [Fact]
    public void Rfc1812_4_3_2_8_Errors_are_limited_and_the_rest_is_counted()
    {
        using var sites = new Sites();
        var answers = Lan(sites.A, [.. Enumerable.Range(0, 400).Select(_ => Ip.Udp(Sites.HostA, Sites.HostB, ttl: 1))]);
        Assert.InRange(answers.Count, Tuning.IcmpBurst, 350);
        Assert.Equal(400UL, sites.A.Gateway.Drops(DropReason.TtlExpired) + sites.A.Gateway.Drops(DropReason.IcmpRateLimited));
    }

    [Fact]
    public void An_error_about_what_came_by_a_tunnel_goes_back_through_it()
    {
        using var sites = new Sites();
        sites.A.Gateway.Region.Port(Gateway.Wan).AddressV4 = Ip.Address("192.0.2.1");
        sites.B.Gateway.Region.Port(Gateway.Wan).AddressV4 = Ip.Address("10.2.0.1");
        Assert.Empty(sites.FromA(Ip.Udp(Sites.HostA, Sites.HostB, ttl: 2)));
        foreach (var frame in sites.B.TakeWire()) sites.A.Gateway.Port(Gateway.Wan).Put(frame);
        sites.A.Gateway.Run();
        var fields = Ip.Fields(Assert.Single(sites.A.TakeLan()));
        Assert.Equal(IcmpType.TimeExceeded << 8, fields.SourcePort);
    }

    [Fact]
    public void Rfc4301_8_2_1_With_DF_clear_it_is_cut_before_it_is_encrypted()
    {
        using var sites = new Sites();
        var arrived = sites.FromA(Ip.Udp(Sites.HostA, Sites.HostB, payload: 3000));
        Assert.Equal(3, arrived.Count);
        Assert.All(arrived, piece => Assert.InRange(piece.Length, 21, 1400));
        Assert.Equal(3008, arrived.Sum(piece => piece.Length - 20));
        Assert.Equal(2UL, sites.A.Gateway.Sum(b => b.Copies));
        Assert.True(Ip.Fields(arrived[0]).MoreFragments);
    }

    [Fact]
    public void A_jumbo_packet_goes_through_where_the_MTU_lets_it()
    {
        using var sites = new Sites();
        foreach (var side in (Sites.Side[])[sites.A, sites.B])
        {
            side.Gateway.Region.Tunnel(0).InnerMtu = 9000;
            for (uint i = 0; i < 2; i++) side.Gateway.Region.Adjacency(i).Mtu = 9100;
        }

        Assert.Equal(8900, Assert.Single(sites.FromA(Ip.Udp(Sites.HostA, Sites.HostB, payload: 8872, df: true))).Length);
        for (var length = 1600; length < 2100; length += 7) Assert.Single(sites.FromA(Ip.Udp(Sites.HostA, Sites.HostB, payload: length, df: true)));
    }

    [Fact]
    public void Tcp_MSS_is_lowered_to_what_the_tunnel_carries()
    {
        using var sites = new Sites();
        sites.A.Gateway.Region.Tunnel(0).MssClampV4 = 1300;
        var arrived = Assert.Single(sites.FromA(Ip.TcpSyn(Sites.HostA, Sites.HostB, 1460)));
        Assert.Equal(1300, BinaryPrimitives.ReadUInt16BigEndian(arrived.AsSpan(42)));
        Assert.True(TransportChecksum.IsRight(arrived, Ip.Fields(arrived)));
    }

    public static TheoryData<byte[], DropReason> Malformed => new()
    {
        { Ip.Frame(Ip.Udp(Sites.HostA, Sites.HostB))[..30], DropReason.Truncated },
        { Ip.Frame(Changed(0, 0x44)), DropReason.BadIpHeader },
        { Ip.Frame(Changed(10, 0x11)), DropReason.BadIpChecksum },
        { [.. new byte[12], 0x88, 0xcc, .. new byte[60]], DropReason.UnknownEtherType },
        { [1, .. Ip.Frame(Ip.Udp(Sites.HostA, Sites.HostB))[1..]], DropReason.NotForwardable },
        { Ip.Frame(Ip.Udp("127.0.0.1", Sites.HostB)), DropReason.Martian },
        { Ip.Frame(Ip.Udp(Sites.HostA, "224.0.0.5")), DropReason.NotForwardable },
        { Ip.Frame(Ip.Udp("ff02::1", Sites.HostB6)), DropReason.Martian },
        { Ip.Frame(Ip.Udp("fe80::1", Sites.HostB6)), DropReason.NotForwardable },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public void Rfc1812_5_2_2_What_is_not_a_packet_is_dropped_for_its_reason(byte[] frame, DropReason reason)
    {
        using var sites = new Sites();
        sites.A.Gateway.Port(Gateway.Lan).Put(frame);
        sites.A.Gateway.Run();
        Assert.Empty(sites.A.TakeWire());
        Assert.Equal(1UL, sites.A.Gateway.Drops(reason));
        Assert.Equal(1UL, sites.A.Gateway.Sum(b => b.Ports[Gateway.Lan].Drops));
    }

    [Fact]
    public void A_full_transmit_ring_and_a_closed_port_are_counted()
    {
        using var sites = new Sites();
        sites.A.Gateway.Port(Gateway.Wan).Room = 0;
        Assert.Empty(sites.FromA(Ip.Udp(Sites.HostA, Sites.HostB)));
        Assert.Equal(1UL, sites.A.Gateway.Drops(DropReason.TxFull));
        sites.A.Gateway.Port(Gateway.Wan).Lost = true;
        sites.A.Gateway.Run();
        Assert.True(sites.A.Gateway.Port(Gateway.Wan).IsClosed);
        Assert.Empty(sites.FromA(Ip.Udp(Sites.HostA, Sites.HostB)));
        Assert.Equal(1UL, sites.A.Gateway.Drops(DropReason.PortDown));
    }

    private static byte[] Changed(int at, byte value)
    {
        var packet = Ip.Udp(Sites.HostA, Sites.HostB);
        packet[at] = value;
        return packet;
    }

    private static List<byte[]> Wire(Sites.Side side, params byte[][] packets)
    {
        foreach (var packet in packets) side.Gateway.Port(Gateway.Lan).Put(Ip.Frame(packet));
        side.Gateway.Run();
        return side.TakeWire();
    }

    private static List<byte[]> Lan(Sites.Side side, params byte[][] packets)
    {
        Wire(side, packets);
        return side.TakeLan();
    }
}
