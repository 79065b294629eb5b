using Appliance.Crypto;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane.Tests;

/// <summary>Packets through two gateways, end to end.</summary>
public class TunnelTests
{
    public static TheoryData<string, string, bool> Families => new()
    {
        { Sites.HostA, Sites.HostB, false }, { Sites.HostA, Sites.HostB, true }, { Sites.HostA6, Sites.HostB6, false }, { Sites.HostA6, Sites.HostB6, true },
    };

    [Theory]
    [MemberData(nameof(Families))]
    public void A_packet_arrives_as_it_was_but_for_two_hops(string from, string to, bool outerV6)
    {
        using var sites = new Sites(outerV6: outerV6);
        var sent = Ip.Udp(from, to);
        var arrived = Assert.Single(sites.FromA(sent));
        Assert.Equal(Ip.Udp(from, to, ttl: 62), arrived);
        Assert.Single(sites.FromB(Ip.Udp(to, from)));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Udp_encapsulation_carries_it_too(string from, string to, bool outerV6)
    {
        using var sites = new Sites(new SaShape { Udp = true }, outerV6);
        Assert.Single(sites.FromA(Ip.Udp(from, to)));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Rfc3884_IIPtran_is_tunnel_mode_on_the_wire(string from, string to, bool outerV6)
    {
        using var sites = new Sites(outerV6: outerV6, kind: TunnelKind.IipTran);
        Assert.Equal(Ip.Udp(from, to, ttl: 62), Assert.Single(sites.FromA(Ip.Udp(from, to))));
    }

    [Theory]
    [InlineData(Cipher.AesGcm, 36)]
    [InlineData(Cipher.AesGmac, 20)]
    [InlineData(Cipher.ChaCha20Poly1305, 36)]
    [InlineData(Cipher.AesCbcHmacSha1, 36)]
    [InlineData(Cipher.AesCbcHmacSha256, 48)]
    [InlineData(Cipher.AesCbcHmacSha384, 64)]
    [InlineData(Cipher.AesCbcHmacSha512, 96)]
    public void Every_cipher_carries_it(Cipher cipher, int key)
    {
        using var sites = new Sites(new SaShape { Cipher = cipher, Key = [.. Enumerable.Range(3, key).Select(i => (byte)(i * 5))], Esn = true });
        for (var payload = 0; payload < 80; payload += 7) Assert.Single(sites.FromA(Ip.Udp(Sites.HostA, Sites.HostB, payload: payload)));
    }

    [Fact]
    public void Nothing_of_a_protected_packet_is_on_the_wire_in_the_clear()
    {
        using var sites = new Sites();
        sites.A.Gateway.Port(Gateway.Lan).Put(Ip.Frame(Ip.Udp(Sites.HostA, Sites.HostB)));
        sites.A.Gateway.Run();
        var fields = Ip.Fields(Ip.Unframe(Assert.Single(sites.A.TakeWire())));
        Assert.Equal(IpProtocol.Esp, fields.Protocol);
        Assert.Equal(Ip.Address("192.0.2.1").V4, fields.SourceV4);
        Assert.Equal(Ip.Address("198.51.100.1").V4, fields.DestinationV4);
    }

    [Fact]
    public void A_thousand_packets_of_all_lengths_arrive_in_order()
    {
        using var sites = new Sites();
        var sent = Enumerable.Range(0, 1000).Select(i => Ip.Udp(Sites.HostA, Sites.HostB, (ushort)i, payload: i * 13 % 1300)).ToArray();
        var arrived = sites.FromA(sent);
        Assert.Equal(1000, arrived.Count);
        for (var i = 0; i < sent.Length; i++) Assert.Equal(i, Ip.Fields(arrived[i]).SourcePort);
    }

    [Fact]
    public void Rfc4303_3_4_3_A_replayed_packet_is_dropped_and_counted_on_its_SA()
    {
        using var sites = new Sites();
        sites.A.Gateway.Port(Gateway.Lan).Put(Ip.Frame(Ip.Udp(Sites.HostA, Sites.HostB)));
        sites.A.Gateway.Run();
        var frame = Assert.Single(sites.A.TakeWire());
        var wan = sites.B.Gateway.Port(Gateway.Wan);
        wan.Put(frame);
        wan.Put(frame);
        sites.B.Gateway.Run();
        Assert.Single(sites.B.TakeLan());
        Assert.Equal(1UL, sites.B.Gateway.Drops(DropReason.Replayed));
        Assert.Equal(1UL, sites.B.Gateway.Region.InboundState(sites.B.In).Replayed);
    }

    [Theory]
    [InlineData(20, DropReason.UnknownSpi)]
    [InlineData(30, DropReason.IntegrityFailed)]
    [InlineData(50, DropReason.IntegrityFailed)]
    public void A_changed_octet_is_dropped_for_its_reason(int at, DropReason reason)
    {
        using var sites = new Sites();
        sites.A.Gateway.Port(Gateway.Lan).Put(Ip.Frame(Ip.Udp(Sites.HostA, Sites.HostB)));
        sites.A.Gateway.Run();
        var frame = Assert.Single(sites.A.TakeWire());
        frame[14 + at] ^= 1;
        sites.B.Gateway.Port(Gateway.Wan).Put(frame);
        sites.B.Gateway.Run();
        Assert.Empty(sites.B.TakeLan());
        Assert.Equal(1UL, sites.B.Gateway.Drops(reason));
    }

    [Fact]
    public void Rfc4301_5_2_A_source_that_is_not_behind_the_tunnel_is_dropped()
    {
        using var sites = new Sites();
        sites.A.Gateway.SetSpd(Ip.Rule(SpdAction.Protect, null, "10.2.0.0/16"));
        sites.B.Gateway.SetSpd(Ip.Rule(SpdAction.Protect, "10.2.0.0/16"));
        Assert.Empty(sites.FromA(Ip.Udp("10.2.7.7", Sites.HostB)));
        Assert.Equal(1UL, sites.B.Gateway.Drops(DropReason.SourceNotBehindTunnel));
    }

    [Fact]
    public void Rfc4301_5_2_The_selectors_of_the_SA_hold_for_the_inner_packet()
    {
        using var sites = new Sites();
        ref var sa = ref sites.B.Gateway.Region.InboundSa(sites.B.In);
        sa.SelectorStart = sites.B.Gateway.AddRules(Ip.Rule(SpdAction.Protect, "10.2.0.0/16", "10.1.0.0/16", protocol: IpProtocol.Udp, localPorts: (2000, 2001)));
        sa.SelectorCount = 1;
        Assert.Single(sites.FromA(Ip.Udp(Sites.HostA, Sites.HostB, destinationPort: 2001)));
        Assert.Empty(sites.FromA(Ip.Udp(Sites.HostA, Sites.HostB, destinationPort: 2002)));
        Assert.Equal(1UL, sites.B.Gateway.Drops(DropReason.SelectorMismatch));
        Assert.Equal(1UL, sites.B.Gateway.Region.InboundState(sites.B.In).OtherDrops);
    }

    [Fact]
    public void Rfc4301_5_2_The_policy_must_ask_for_protection_by_this_tunnel()
    {
        using var sites = new Sites();
        sites.B.Gateway.SetSpd(Ip.Rule(SpdAction.Bypass, "10.2.0.0/16", "10.1.0.0/16"));
        Assert.Empty(sites.FromA(Ip.Udp(Sites.HostA, Sites.HostB)));
        sites.B.Gateway.SetSpd(Ip.Rule(SpdAction.Protect, "10.2.0.0/16", "10.1.0.0/16", tunnel: sites.B.Tunnel + 1));
        Assert.Empty(sites.FromA(Ip.Udp(Sites.HostA, Sites.HostB)));
        Assert.Equal(2UL, sites.B.Gateway.Drops(DropReason.SelectorMismatch));
    }

    [Fact]
    public void What_is_for_the_machine_itself_goes_to_the_host()
    {
        using var sites = new Sites();
        sites.B.Gateway.Route("10.2.255.1/32", sites.B.Gateway.AddNextHop(NextHopKind.Punt));
        Assert.Empty(sites.FromA(Ip.Udp(Sites.HostA, "10.2.255.1")));
        Assert.Equal(Ip.Udp(Sites.HostA, "10.2.255.1", ttl: 63), Assert.Single(sites.B.TakeHost()));
        Assert.Equal(1UL, sites.B.Gateway.Sum(b => b.Punted));
    }

    [Fact]
    public void What_the_host_sends_into_the_tunnel_keeps_its_TTL_and_gets_its_checksum()
    {
        using var sites = new Sites();
        var packet = Ip.Udp("10.1.255.1", Sites.HostB);
        var whole = packet.ToArray();
        packet[26] ^= 0x55;
        sites.A.Gateway.Port(Gateway.Door).Put(packet, PacketFlags.NoEthernet | PacketFlags.ChecksumPartial);
        Assert.Equal(Ip.Udp("10.1.255.1", Sites.HostB, ttl: 63), Assert.Single(sites.FromA()));
        Assert.Equal(64, whole[8]);
        Assert.Equal(1UL, sites.A.Gateway.Sum(b => b.Injected));
    }
}
