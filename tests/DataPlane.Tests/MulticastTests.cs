using System.Buffers.Binary;
using Appliance.Crypto;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane.Tests;

/// <summary>Multicast inside a group: one encryption for each outer family, a copy for every member that wants it.</summary>
public sealed class MulticastTests
{
    private const string Group = "239.1.1.7", GroupV6 = "ff08:1::7";

    private static byte[] FrameTo(byte[] ip)
    {
        var fields = Ip.Fields(ip);
        var mac = fields.Family == 4 ? EthernetMulticast.OfV4(fields.DestinationV4) : EthernetMulticast.OfV6(fields.DestinationLow);
        return [.. BitConverter.GetBytes(mac)[..6], 2, 0, 0, 0, 0, 1, .. ip[0] >> 4 == 4 ? (byte[])[8, 0] : [0x86, 0xdd], .. ip];
    }

    private static byte[] From(int sender, string group = Group, int payload = 32, byte ttl = 64, bool df = false) =>
        Ip.Udp(group.Contains(':') ? Member.HostV6(sender) : Member.Host(sender), group, payload: payload, ttl: ttl, df: df);

    /// <summary>Hosts here send to a group; what leaves to the outside.</summary>
    private static List<byte[]> Send(Member member, params byte[][] packets)
    {
        foreach (var packet in packets) member.Gateway.Port(Gateway.Lan).Put(FrameTo(packet));
        member.Gateway.Run();
        return member.Take(Gateway.Wan);
    }

    private static string To(byte[] frame) => Ip.Fields(Ip.Unframe(frame)).Destination().ToString();

    /// <summary>ESP header, IV, ciphertext and ICV.</summary>
    private static byte[] Esp(byte[] frame) => frame[(14 + (frame[14] >> 4 == 4 ? 20 : 40))..];

    private static ulong Iv(byte[] frame) => BinaryPrimitives.ReadUInt64BigEndian(Esp(frame).AsSpan(8));

    private static Member Join(byte number, int[] members, int workers = 1, SaShape? shape = null, int[]? overV6 = null, uint ports = 0)
    {
        var member = new Member(number, workers, shape, sizes: Gateway.Small with { NextHops = 1024 });
        foreach (var other in members) member.Learn(other, overV6: overV6?.Contains(other) == true);
        var list = member.Gateway.AddReplicate(ports, [.. members.Select(m => member.Hops[overV6?.Contains(m) == true ? Member.EspV6(m) : Member.EspV4(m)])]);
        member.Gateway.Route("239.1.0.0/16", list);
        member.Gateway.Route("ff08:1::/32", list);
        return member;
    }

    [Theory]
    [InlineData(Group)]
    [InlineData(GroupV6)]
    public void Every_member_that_wants_it_gets_a_copy_of_one_ciphertext(string group)
    {
        using var a = Join(1, [2, 3, 4]);
        var before = a.Gateway.Sum(b => b.Copies);
        var sent = Send(a, From(1, group));
        Assert.Equal([Member.EspV4(2), Member.EspV4(3), Member.EspV4(4)], sent.Select(To));
        Assert.All(sent, f => Assert.Equal(Esp(sent[0]), Esp(f)));
        Assert.All(sent, f => Assert.True(InternetChecksum.IsHeaderRight(f.AsSpan(14, 20))));
        Assert.Equal(2UL, a.Gateway.Sum(b => b.Copies) - before);
        Assert.Equal(1UL, a.Region.OutboundState(a.Outbound[(false, 0)]).Packets);
        Assert.Equal(0UL, a.Region.OutboundState(a.Outbound[(true, 0)]).Packets);
        Assert.Empty(a.Take(Gateway.Lan));
        a.Gateway.AssertIdentity();
    }

    [Fact]
    public void Members_over_both_families_need_one_encryption_each_and_no_IV_has_two_contents()
    {
        using var a = Join(1, [2, 3, 4, 5], overV6: [4, 5]);
        var sent = Send(a, [.. Enumerable.Range(0, 100).Select(i => From(1, payload: 20 + i))]);
        Assert.Equal(400, sent.Count);
        Assert.Equal(100UL, a.Region.OutboundState(a.Outbound[(false, 0)]).Packets);
        Assert.Equal(100UL, a.Region.OutboundState(a.Outbound[(true, 0)]).Packets);
        foreach (var same in sent.GroupBy(Iv))
        {
            Assert.Equal(2, same.Count());
            Assert.Single(same.Select(f => Convert.ToHexString(Esp(f))).Distinct());
            Assert.Equal(2, same.Select(To).Distinct().Count());
        }

        Assert.Equal(200, sent.Select(Iv).Distinct().Count());
        Assert.Equal(300UL, a.Gateway.Sum(b => b.Copies));
    }

    [Theory]
    [InlineData(Cipher.ChaCha20Poly1305)]
    [InlineData(Cipher.AesCbcHmacSha256)]
    public void Other_ciphers_do_the_same(Cipher cipher)
    {
        var shape = new SaShape { Cipher = cipher, Key = [.. Enumerable.Range(1, CipherFacts.KeyMaterialLength(cipher, CipherFacts.KeyLengths(cipher)[0])).Select(i => (byte)i)] };
        using var a = Join(1, [2, 3], shape: shape);
        using var b = Join(3, [1], shape: shape, ports: 1 << Gateway.Lan);
        var sent = Send(a, From(1));
        Assert.Equal(Esp(sent[0]), Esp(sent[1]));
        Assert.Single(b.Receive(sent[1..]));
    }

    [Theory]
    [InlineData(Group, "01005e010107")]
    [InlineData(GroupV6, "333300000007")]
    public void Rfc1112_6_4_It_comes_out_at_the_ports_that_want_it_with_the_groups_address_and_nowhere_else(string group, string mac)
    {
        using var a = Join(1, [2, 3]);
        using var c = Join(3, [1, 2], ports: 1 << Gateway.Lan | 1 << Gateway.Wan);
        c.Region.Port(Gateway.Lan).Mac = 0x0605_0403_0202;
        var inner = From(1, group, ttl: 9);
        c.Gateway.Port(Gateway.Wan).Put(Send(a, inner).Single(f => To(f) == Member.EspV4(3)));
        c.Gateway.Run();
        var frame = Assert.Single(c.Take(Gateway.Lan));
        Assert.Equal(mac + "020203040506", Convert.ToHexStringLower(frame.AsSpan(0, 12)));
        Assert.Equal(From(1, group, ttl: 7), frame[14..]);
        Assert.Empty(c.Take(Gateway.Wan));
        Assert.Equal(0UL, c.Gateway.Sum(b => b.Copies));
    }

    [Fact]
    public void What_nobody_here_wants_any_more_is_dropped_and_so_is_what_no_member_wants()
    {
        using var a = Join(1, [3]);
        using var c = Join(3, []);
        c.Learn(1);
        Assert.Empty(c.Receive(Send(a, From(1))));
        Assert.Equal(1UL, c.Gateway.Drops(DropReason.NotWanted));
        Assert.Empty(Send(c, From(3)));
        Assert.Equal(2UL, c.Gateway.Drops(DropReason.NotWanted));
    }

    [Fact]
    public void The_host_at_its_door_sends_like_hosts_here_and_gets_what_its_port_wants()
    {
        using var a = Join(1, [3]);
        using var c = Join(3, [1], ports: 1 << Gateway.Lan | 1 << Gateway.Door);
        c.Region.Port(Gateway.Door).Kind = PortKind.Tun;
        a.Gateway.Port(Gateway.Door).Put(From(1), PacketFlags.NoEthernet);
        a.Gateway.Run();
        var got = c.Receive(a.Take(Gateway.Wan));
        Assert.Equal(From(1, ttl: 63), Assert.Single(got));
        Assert.Equal(From(1, ttl: 63), Assert.Single(c.Take(Gateway.Door)));
        Assert.Equal(1UL, c.Gateway.Sum(b => b.Copies));
    }

    [Fact]
    public void A_member_is_found_behind_the_group_or_its_multicast_is_refused()
    {
        using var a = Join(1, [3]);
        using var c = Join(3, [], ports: 1 << Gateway.Lan);
        Assert.Empty(c.Receive(Send(a, From(1))));
        Assert.Equal(1UL, c.Gateway.Drops(DropReason.SourceNotBehindTunnel));
        c.Learn(1);
        Assert.Single(c.Receive(Send(a, From(1))));
        Assert.Empty(c.Receive(Send(a, Ip.Udp("10.99.0.1", Group))));
        Assert.Equal(2UL, c.Gateway.Drops(DropReason.SourceNotBehindTunnel));
    }

    [Fact]
    public void Rfc4301_5_1_Only_a_rule_that_protects_by_route_lets_it_pass()
    {
        using var a = Join(1, [2]);
        (DropReason Reason, SpdRule[] Rules)[] cases =
        [
            (DropReason.NoPolicy, [Ip.Rule(SpdAction.Protect, "10.9.0.0/16")]),
            (DropReason.PolicyDiscard, [Ip.Rule(SpdAction.Discard, remote: "239.0.0.0/8"), Ip.Rule(SpdAction.Protect)]),
            (DropReason.BypassOfProtected, [Ip.Rule(SpdAction.Bypass)]),
            (DropReason.NoTunnelForPolicy, [Ip.Rule(SpdAction.Protect, tunnel: a.Tunnels[0])]),
        ];
        foreach (var (reason, rules) in cases)
        {
            a.Gateway.SetSpd(rules);
            Assert.Empty(Send(a, From(1)));
            Assert.Equal(1UL, a.Gateway.Drops(reason));
        }

        a.Gateway.SetSpd(Ip.Rule(SpdAction.Bypass) with { OnlyPlain = 1 }, Ip.Rule(SpdAction.Protect, "10.1.0.0/16", "239.0.0.0/8"));
        Assert.Single(Send(a, From(1)));
    }

    [Theory]
    [InlineData("224.0.0.251")]
    [InlineData("ff02::fb")]
    [InlineData("ff01::1")]
    [InlineData("255.255.255.255")]
    public void Rfc5771_4_What_stays_on_the_link_is_not_forwarded(string destination)
    {
        using var a = Join(1, [2]);
        a.Gateway.Route("0.0.0.0/0", a.Gateway.AddReplicate(0, a.Hops[Member.EspV4(2)]));
        a.Gateway.Route("::/0", a.Gateway.AddReplicate(0, a.Hops[Member.EspV4(2)]));
        Assert.Empty(Send(a, From(1, destination)));
        Assert.Equal(1UL, a.Gateway.Drops(DropReason.NotForwardable));
    }

    [Fact]
    public void By_no_other_route_and_from_nobody_outside_is_it_forwarded()
    {
        using var a = Join(1, [2], ports: 1 << Gateway.Lan);
        a.Gateway.SetSpd(Ip.Rule(SpdAction.Bypass));
        a.Gateway.Route("239.2.0.0/16", a.Gateway.AddNextHop(NextHopKind.Adjacent, a.Wan));
        a.Gateway.Route("239.3.0.0/16", a.Hops[Member.EspV4(2)]);
        Assert.Empty(Send(a, From(1, "239.2.0.1"), From(1, "239.3.0.1"), From(1, "239.4.0.1"), Ip.Udp("169.254.0.9", Group)));
        Assert.Equal(4UL, a.Gateway.Drops(DropReason.NotForwardable));
        a.Gateway.Port(Gateway.Wan).Put(FrameTo(From(2)));
        a.Gateway.Run();
        Assert.Empty(a.Take(Gateway.Lan));
        Assert.Equal(5UL, a.Gateway.Drops(DropReason.NotForwardable));

        // To the Ethernet address of another group, of all, or of a machine that floods.
        var wrong = FrameTo(From(1));
        wrong[5] ^= 1;
        a.Gateway.Port(Gateway.Lan).Put(wrong);
        a.Gateway.Port(Gateway.Lan).Put([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, .. wrong[6..]]);
        a.Gateway.Port(Gateway.Lan).Put([.. FrameTo(From(1))[..14], .. Ip.Udp(Member.Host(1), Member.Host(2))]);
        a.Gateway.Run();
        Assert.Empty(a.Take(Gateway.Wan));
        Assert.Equal(8UL, a.Gateway.Drops(DropReason.NotForwardable));
    }

    [Fact]
    public void A_route_to_a_list_takes_nothing_but_multicast()
    {
        using var a = Join(1, [2]);
        a.Gateway.Route("10.2.0.0/16", a.Gateway.AddReplicate(0, a.Hops[Member.EspV4(2)]));
        Assert.Empty(a.Send([Ip.Udp(Member.Host(1), Member.Host(2))]));
        Assert.Equal(1UL, a.Gateway.Drops(DropReason.NoTunnelForPolicy));
    }

    [Fact]
    public void The_TTL_is_taken_once_and_nobody_is_told_when_it_ends()
    {
        using var a = Join(1, [2, 3], overV6: [3]);
        using var c = Join(3, [1], ports: 1 << Gateway.Lan);
        var sent = Send(a, From(1, ttl: 2));
        Assert.Equal(2, sent.Count);
        Assert.Empty(c.Receive(sent[1..]));
        Assert.Equal(1UL, c.Gateway.Drops(DropReason.TtlExpired));
        Assert.Empty(Send(a, From(1, ttl: 1)));
        Assert.Equal(1UL, a.Gateway.Drops(DropReason.TtlExpired));
        Assert.Equal(0UL, a.Gateway.Sum(b => b.Originated) + c.Gateway.Sum(b => b.Originated));
    }

    [Fact]
    public void Too_long_packets_are_cut_once_and_every_piece_goes_to_every_member()
    {
        using var a = Join(1, [2, 3, 4], overV6: [4]);
        var sent = Send(a, From(1, payload: 1440));
        Assert.Equal(6, sent.Count);
        foreach (var member in new[] { Member.EspV4(2), Member.EspV4(3), Member.EspV6(4) }) Assert.Equal(2, sent.Count(f => To(f) == member));
        Assert.Equal(4, sent.Select(Iv).Distinct().Count());
        Assert.Empty(Send(a, From(1, payload: 1440, df: true)));
        Assert.Equal(2UL, a.Gateway.Drops(DropReason.TooBig));
        Assert.Equal(0UL, a.Gateway.Sum(b => b.Originated));
    }

    [Fact]
    public void A_member_whose_neighbour_is_unknown_is_asked_for_and_the_others_get_theirs()
    {
        using var a = Join(1, [2, 3, 4]);
        a.Region.NextHop(a.Hops[Member.EspV4(2)]).Adjacency = uint.MaxValue;
        Assert.Equal([Member.EspV4(3), Member.EspV4(4)], Send(a, From(1)).Select(To));
        var wanted = Assert.Single(a.Gateway.Events());
        Assert.Equal((EventKind.NeighbourNeeded, Ip.Address(Member.EspV4(2))), (wanted.Kind, wanted.Destination));
        Assert.Equal(1UL, a.Gateway.Drops(DropReason.NeighbourUnresolved));
        a.Region.NextHop(a.Hops[Member.EspV4(4)]).State = SlotState.Retired;
        Assert.Equal([Member.EspV4(3)], Send(a, From(1)).Select(To));
    }

    [Fact]
    public void Without_an_SA_of_one_family_the_other_gets_its_copies_and_nothing_is_held()
    {
        using var a = Join(1, [2, 3], overV6: [3]);
        a.Region.Tunnel(a.Tunnels[0]).OutboundSas[0] = TunnelRecord.NoSa;
        Assert.Equal([Member.EspV6(3)], Send(a, From(1)).Select(To));
        Assert.Equal(1UL, a.Gateway.Drops(DropReason.NoOutboundSa));
        Assert.Equal(0UL, a.Gateway.Sum(b => b.Held));
        a.Region.OutboundSa(a.Outbound[(true, 0)]).ExpiresAt = 1;
        Assert.Empty(Send(a, From(1)));
        Assert.Equal(1UL, a.Gateway.Drops(DropReason.SaExpired));
    }

    [Fact]
    public void A_list_of_any_length_is_followed_and_a_frame_shortage_is_counted()
    {
        using var a = new Member(1, sizes: Gateway.Small with { NextHops = 4096 });
        a.Learn(2);
        uint[] members = [.. Enumerable.Range(0, 2000).Select(_ => a.Hops[Member.EspV4(2)])];
        a.Gateway.Route("239.1.0.0/16", a.Gateway.AddReplicate(0, members));
        var sent = Send(a, From(1));
        Assert.Equal(2000, sent.Count + (int)a.Gateway.Drops(DropReason.NoFrame));
        Assert.Single(sent.Select(f => Convert.ToHexString(Esp(f))).Distinct());
        Assert.Equal(1999UL, a.Gateway.Sum(b => b.Copies));
        Assert.Equal(4UL + 3UL * (ulong)(2000), 4UL + (ulong)Send(a, From(1), From(1), From(1)).Count + (a.Gateway.Drops(DropReason.NoFrame) - (2000UL - (ulong)sent.Count)));
        a.Gateway.Port(Gateway.Wan).Room = 0;
        Assert.Empty(Send(a, From(1)));
        a.Gateway.AssertIdentity();
    }

    [Fact]
    public void What_one_batch_makes_a_worker_copy_is_bounded()
    {
        using var a = new Member(1, sizes: Gateway.Small with { NextHops = 4096 });
        a.Learn(2);
        uint[] members = [.. Enumerable.Range(0, 1000).Select(_ => a.Hops[Member.EspV4(2)])];
        a.Gateway.Route("239.1.0.0/16", a.Gateway.AddReplicate(0, members));
        Send(a, [.. Enumerable.Range(0, 20).Select(_ => From(1))]);
        Assert.Equal(20UL - (Tuning.CopiesPerBatch / 1000 + 1), a.Gateway.Drops(DropReason.ReplicationLimit));
        Assert.Equal(a.Gateway.Drops(DropReason.ReplicationLimit), 20UL - a.Region.OutboundState(a.Outbound[(false, 0)]).Packets);
        var before = a.Gateway.Drops(DropReason.ReplicationLimit);
        Send(a, From(1));
        Assert.Equal(before, a.Gateway.Drops(DropReason.ReplicationLimit));
    }

    [Fact]
    public void A_list_that_leads_out_of_the_table_ends_there()
    {
        using var a = Join(1, [2]);
        var head = a.Gateway.AddReplicate(0, a.Hops[Member.EspV4(2)]);
        a.Region.ReplicateBlock(a.Region.Replicate(head).First).Next = uint.MaxValue;
        a.Gateway.Route("239.1.0.0/16", head);
        Assert.Single(Send(a, From(1)));
    }

    [Fact]
    public void Unicast_and_multicast_in_one_batch_keep_apart_and_every_worker_sends_its_own()
    {
        using var a = Join(1, [2, 3], workers: 2);
        var sent = new List<byte[]>();
        for (var worker = 0; worker < 2; worker++)
        {
            for (var i = 0; i < 70; i++) a.Gateway.Port(Gateway.Lan, worker).Put(i % 2 == 0 ? FrameTo(From(1, payload: i)) : Ip.Frame(Ip.Udp(Member.Host(1), Member.Host(2), payload: i)));
            a.Gateway.Run();
            sent.AddRange(a.Take(Gateway.Wan));
        }

        Assert.Equal(2 * (35 * 2 + 35), sent.Count);
        Assert.Equal(140, sent.Select(Iv).Distinct().Count());
        Assert.Equal(2, sent.Select(f => Iv(f) >> 44).Distinct().Count());
        foreach (var same in sent.GroupBy(Iv)) Assert.Single(same.Select(f => Convert.ToHexString(Esp(f))).Distinct());
        Assert.Equal(0UL, a.Gateway.Sum(b => b.HandedOver));
    }
}
