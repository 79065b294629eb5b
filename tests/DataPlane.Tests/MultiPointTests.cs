using System.Buffers.Binary;
using Appliance.Crypto;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane.Tests;

/// <summary>Members of a group that share one SA (draft-yamaya-ipsecme-mpsa) and send to one another directly.</summary>
public sealed class MultiPointTests
{
    private static byte[] From(int sender, int receiver, int payload = 32) => Ip.Udp(Member.Host(sender), Member.Host(receiver), payload: payload);

    private static byte[] Arrived(byte[] inner) => Ip.Udp(Ip.Fields(inner).Source().ToString(), Ip.Fields(inner).Destination().ToString(), payload: inner.Length - (inner[0] >> 4 == 4 ? 28 : 48), ttl: 62);

    private static ulong Iv(byte[] frame) => BinaryPrimitives.ReadUInt64BigEndian(frame.AsSpan(14 + (frame[14] >> 4 == 4 ? 20 : 40) + 8));

    private static string To(byte[] frame) => Ip.Fields(Ip.Unframe(frame)).Destination().ToString();

    /// <summary>As if somebody else had sent it: the outer header is not authenticated.</summary>
    private static byte[] FromElsewhere(byte[] frame)
    {
        var copy = (byte[])frame.Clone();
        BinaryPrimitives.WriteUInt32BigEndian(copy.AsSpan(14 + 12), 0xcb0071c8);
        Ipv4Header.WriteChecksum(copy.AsSpan(14, 20));
        return copy;
    }

    [Fact]
    public void Each_member_reaches_each_other_directly_under_one_SA()
    {
        using var a = new Member(1);
        using var b = new Member(2);
        using var c = new Member(3);
        Member[] all = [a, b, c];
        foreach (var x in all)
            foreach (var y in all)
                if (x != y)
                    x.Learn(y.Number, overV6: y == c);
        var ivs = new List<ulong>();
        foreach (var x in all)
        {
            var others = all.Where(y => y != x).ToArray();
            var sent = x.Send(others.SelectMany(y => Enumerable.Range(0, 5).SelectMany(i => new[] { From(x.Number, y.Number, 10 + i), Ip.Udp(Member.HostV6(x.Number), Member.HostV6(y.Number), payload: i) })));
            Assert.Equal(20, sent.Count);
            ivs.AddRange(sent.Select(Iv));
            foreach (var y in others)
            {
                var mine = sent.Where(f => To(f) == (y == c ? Member.EspV6(3) : Member.EspV4(y.Number))).ToList();
                Assert.Equal(10, mine.Count);
                foreach (var frame in mine.Where(f => f[14] >> 4 == 4)) Assert.True(InternetChecksum.IsHeaderRight(frame.AsSpan(14, 20)));
                Assert.Equal(10, y.Receive(mine).Count);
            }
        }

        Assert.Equal(ivs.Count, ivs.Distinct().Count());
        Assert.Equal(2, a.Region.InboundTotals(a.Inbound).Senders);
        // Over IPv4 and over IPv6 a member has two Sender-IDs.
        Assert.Equal(20ul, a.Region.InboundTotals(a.Inbound).Packets);
    }

    [Fact]
    public void Two_senders_with_equal_counters_are_both_accepted()
    {
        using var a = new Member(1);
        using var b = new Member(2);
        using var c = new Member(3);
        a.Learn(3);
        b.Learn(3);
        c.Learn(1);
        c.Learn(2);
        var fromA = Assert.Single(a.Send([From(1, 3)]));
        var fromB = Assert.Single(b.Send([From(2, 3)]));
        Assert.Equal(Iv(fromA) << 20, Iv(fromB) << 20);
        Assert.Equal([Arrived(From(1, 3)), Arrived(From(2, 3))], c.Receive([fromA, fromB]));
    }

    /// <summary>The destination of the outer header is not authenticated: whoever sees a packet can send it to another member, whose window has not seen its counter yet.</summary>
    [Fact]
    public void A_packet_that_is_led_to_another_member_does_not_come_to_its_own_a_second_time()
    {
        using var a = new Member(1);
        using var b = new Member(2);
        using var c = new Member(3);
        foreach (var (x, y) in new[] { (a, 2), (a, 3), (b, 1), (b, 3), (c, 1), (c, 2) }) x.Learn(y);
        var packet = From(1, 2);
        var frame = Assert.Single(a.Send([packet]));
        Assert.Equal([Arrived(packet)], b.Receive([frame]));
        var led = (byte[])frame.Clone();
        BinaryPrimitives.WriteUInt32BigEndian(led.AsSpan(14 + 16), 0xcb007103);
        Ipv4Header.WriteChecksum(led.AsSpan(14, 20));
        Assert.Empty(c.Receive([led]));
        Assert.Empty(c.Take(Gateway.Wan));
        Assert.Equal(1UL, c.Gateway.Drops(DropReason.GroupTransit));
    }

    [Fact]
    public void A_replay_is_refused_whoever_repeats_it_and_wherever_it_arrives()
    {
        using var a = new Member(1);
        using var c = new Member(3, workers: 2);
        a.Learn(3);
        c.Learn(1);
        var sent = a.Send(Enumerable.Range(0, 10).Select(_ => From(1, 3)));
        Assert.Equal(10, c.Receive(sent).Count);
        Assert.Empty(c.Receive(sent, worker: 1));
        Assert.Empty(c.Receive(sent.Select(FromElsewhere)));
        Assert.Empty(c.Receive(sent.Select(FromElsewhere), worker: 1));
        Assert.Equal(30UL, c.Gateway.Drops(DropReason.Replayed));
        Assert.Equal((10ul, 30ul), (c.Region.InboundTotals(c.Inbound).Packets, c.Region.InboundTotals(c.Inbound).Replayed));
    }

    [Fact]
    public void A_sender_belongs_to_the_worker_that_first_authenticated_it()
    {
        using var a = new Member(1, workers: 2);
        using var c = new Member(3, workers: 2);
        a.Learn(3);
        c.Learn(1);
        List<byte[]>[] sent = [a.Send(Enumerable.Range(0, 4).Select(_ => From(1, 3))), a.Send(Enumerable.Range(0, 4).Select(_ => From(1, 3)), worker: 1)];
        Assert.Equal(0UL, a.Gateway.Sum(b => b.HandedOver));
        Assert.Equal(2, sent[0].Concat(sent[1]).Select(f => Iv(f) >> 44).Distinct().Count());
        Assert.Single(c.Receive(sent[0][..1], worker: 1));
        Assert.Single(c.Receive(sent[1][..1], worker: 0));
        Assert.Equal(0UL, c.Gateway.Sum(b => b.HandedOver));
        Assert.Equal([0u, 1u], c.Region.LiveSenders().Select(r => c.Region.Sender(r).Worker).Order());
        Assert.Equal(6, c.Receive(sent[0][1..].Concat(sent[1][1..]), worker: 0).Count);
        Assert.Equal(3UL, c.Gateway.Sum(b => b.HandedOver));
        Assert.Equal(8ul, c.Region.InboundTotals(c.Inbound).Packets);
    }

    [Fact]
    public void Whoever_has_not_the_key_claims_no_sender()
    {
        using var a = new Member(1);
        using var c = new Member(3, workers: 2);
        a.Learn(3);
        c.Learn(1);
        foreach (var frame in a.Send(Enumerable.Range(0, 20).Select(_ => From(1, 3))))
        {
            BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(14 + 28), BinaryPrimitives.ReadUInt32BigEndian(frame.AsSpan(14 + 28)) ^ 0x0070_0000);
            Assert.Empty(c.Receive([frame]));
        }

        Assert.Empty(c.Region.LiveSenders());
        Assert.Equal(20UL, c.Gateway.Drops(DropReason.IntegrityFailed));
        Assert.Equal(20ul, c.Region.InboundTotals(c.Inbound).IntegrityFailed);
    }

    [Fact]
    public void No_IV_comes_twice_whatever_dies()
    {
        using var a = new Member(1, workers: 2);
        using var c = new Member(3, workers: 2);
        a.Learn(3);
        c.Learn(1);
        var seen = new HashSet<ulong>();
        for (var life = 0; life < 4; life++)
        {
            for (var worker = 0; worker < 2; worker++)
            {
                var sent = a.Send(Enumerable.Range(0, 50).Select(_ => From(1, 3)), worker);
                Assert.Equal(50, sent.Count);
                foreach (var frame in sent) Assert.True(seen.Add(Iv(frame)), "an IV came twice under one key");
                Assert.Equal(50, c.Receive(sent, worker).Count);
                Assert.Empty(c.Receive(sent, 1 - worker));
            }

            a.Gateway.KillAndRestart();
            if (life == 1) c.Gateway.KillAndRestart();
            if (life == 2) a.Learn(3, overV6: true);
        }

        Assert.Equal(400ul, c.Region.InboundTotals(c.Inbound).Packets);
        Assert.Equal(400UL, c.Gateway.Drops(DropReason.Replayed));
    }

    /// <summary>Windows of senders outlive the data plane; what it was claiming when it died is free, and what workers had that are gone goes to others.</summary>
    [Fact]
    public void A_successor_takes_over_the_senders()
    {
        using var a = new Member(1);
        using var c = new Member(3, workers: 2);
        a.Learn(3);
        c.Learn(1);
        var sent = a.Send(Enumerable.Range(0, 3).Select(_ => From(1, 3)));
        Assert.Equal(3, c.Receive(sent, worker: 1).Count);
        var record = Assert.Single(c.Region.LiveSenders());
        c.Region.Sender(record + 1).State = SlotState.Writing;
        c.Region.Sender(record + 1).SenderId = 99;
        Inheritance.TakeSenders(c.Region, 1, c.Gateway.Tier);
        Assert.Equal((0u, 3ul), (c.Region.Sender(record).Worker, c.Region.Sender(record).Highest));
        Assert.Equal((SlotState.Free, 0u), (c.Region.Sender(record + 1).State, c.Region.Sender(record + 1).SenderId));
        c.Gateway.KillAndRestart();
        Assert.Empty(c.Receive(sent, worker: 1));
        Assert.Equal(3UL, c.Gateway.Drops(DropReason.Replayed));
    }

    [Fact]
    public void A_full_table_drops_what_it_cannot_check()
    {
        using var a = new Member(1);
        using var b = new Member(2);
        using var c = new Member(3, sizes: Gateway.Small with { Senders = 1 });
        a.Learn(3);
        b.Learn(3);
        c.Learn(1);
        c.Learn(2);
        Assert.Single(c.Receive(a.Send([From(1, 3)])));
        Assert.Empty(c.Receive(b.Send([From(2, 3)])));
        Assert.Equal(1UL, c.Gateway.Drops(DropReason.SenderTableFull));
        Assert.Single(c.Receive(a.Send([From(1, 3)])));
    }

    /// <summary>Its object opens packets for one worker alone: the SA's, which then has all senders.</summary>
    [Theory]
    [InlineData(Cipher.ChaCha20Poly1305)]
    [InlineData(Cipher.AesCbcHmacSha256)]
    public void Ciphers_without_a_kernel_are_opened_by_the_SAs_worker(Cipher cipher)
    {
        var shape = new SaShape { Cipher = cipher, Key = [.. Enumerable.Range(1, CipherFacts.KeyMaterialLength(cipher, CipherFacts.KeyLengths(cipher)[0])).Select(i => (byte)i)] };
        using var a = new Member(1, workers: 2, shape);
        using var c = new Member(3, workers: 2, shape with { Worker = 1 });
        a.Learn(3);
        c.Learn(1);
        for (var worker = 0; worker < 2; worker++)
        {
            Assert.Equal(5, c.Receive(a.Send(Enumerable.Range(0, 5).Select(_ => From(1, 3)), worker), worker: 0).Count);
            Assert.All(c.Region.LiveSenders(), r => Assert.Equal(1u, c.Region.Sender(r).Worker));
        }

        Assert.Equal(0UL, a.Gateway.Sum(b => b.HandedOver));
        Assert.Equal(10UL, c.Gateway.Sum(b => b.HandedOver));
        Assert.Equal(10ul, c.Region.InboundTotals(c.Inbound).Packets);
    }

    [Fact]
    public void A_sender_without_IVs_left_sends_nothing_and_says_so()
    {
        using var a = new Member(1);
        a.Learn(3);
        ref var state = ref a.Region.OutboundState(a.Outbound[(false, 0)]);
        (state.Sequence, state.ReservedUntil) = ((1ul << 44) - 3, (1ul << 44) - 3);
        Assert.Equal(2, a.Send(Enumerable.Range(0, 5).Select(_ => From(1, 3))).Count);
        Assert.Equal(3UL, a.Gateway.Drops(DropReason.SequenceExhausted));
        Assert.Equal(EventKind.HardExpire, Assert.Single(a.Gateway.Events()).Kind);
    }

    [Fact]
    public void A_packet_waits_for_the_neighbour_of_its_member_and_says_whose()
    {
        using var a = new Member(1);
        a.Learn(2);
        a.Learn(3);
        var hop = a.Hops[Member.EspV4(3)];
        a.Region.NextHop(hop).Adjacency = uint.MaxValue;
        Assert.Single(a.Send([From(1, 3), From(1, 2)]));
        var wanted = Assert.Single(a.Gateway.Events());
        Assert.Equal((EventKind.NeighbourNeeded, Ip.Address(Member.EspV4(3)), a.Tunnels[0]), (wanted.Kind, wanted.Destination, wanted.Tunnel));
        Assert.Equal(1UL, a.Gateway.Sum(b => b.Held));
        a.Region.NextHop(hop).Adjacency = a.Wan;
        a.Gateway.Wait(20);
        Assert.Equal(Member.EspV4(3), To(Assert.Single(a.Take(Gateway.Wan))));
        a.Region.NextHop(hop).Adjacency = uint.MaxValue;
        a.Send([From(1, 3)]);
        a.Gateway.Wait(400);
        Assert.Equal(1UL, a.Gateway.Drops(DropReason.HoldTimeout));
    }

    [Fact]
    public void A_packet_waits_for_the_groups_SA()
    {
        using var a = new Member(1);
        a.Learn(3);
        var slot = a.Region.Tunnel(a.Tunnels[0]).OutboundSas[0];
        a.Region.Tunnel(a.Tunnels[0]).OutboundSas[0] = TunnelRecord.NoSa;
        Assert.Empty(a.Send([From(1, 3)]));
        Assert.Equal(EventKind.Acquire, Assert.Single(a.Gateway.Events()).Kind);
        a.Region.Tunnel(a.Tunnels[0]).OutboundSas[0] = slot;
        a.Gateway.Wait(20);
        Assert.Equal(Member.EspV4(3), To(Assert.Single(a.Take(Gateway.Wan))));
    }

    /// <summary>A policy that names the tunnel says nothing of the member: it cannot leave.</summary>
    [Fact]
    public void Without_a_route_to_a_member_nothing_leaves()
    {
        using var a = new Member(1);
        a.Learn(3);
        a.Gateway.SetSpd(Ip.Rule(SpdAction.Protect, tunnel: a.Tunnels[0]));
        Assert.Empty(a.Send([Ip.Udp(Member.Host(1), "203.0.113.77")]));
        Assert.Equal(1UL, a.Gateway.Drops(DropReason.NoTunnelForPolicy));
        Assert.Single(a.Send([From(1, 3)]));
    }

    /// <summary>The source must lie behind the group, through whichever of its tunnels; our own packets, sent back to us, do not.</summary>
    [Fact]
    public void The_inner_source_lies_behind_the_group()
    {
        using var a = new Member(1);
        using var c = new Member(3);
        a.Learn(3);
        c.Learn(1, overV6: true);
        var sent = Assert.Single(a.Send([From(1, 3)]));
        Assert.Single(c.Receive([sent]));
        Assert.Empty(c.Receive(a.Send([Ip.Udp("10.77.0.1", Member.Host(3))])));
        Assert.Equal(1UL, c.Gateway.Drops(DropReason.SourceNotBehindTunnel));
        a.Learn(1);
        var back = Assert.Single(a.Send([From(1, 3)]));
        BinaryPrimitives.WriteUInt32BigEndian(back.AsSpan(14 + 16), Ip.Address(Member.EspV4(1)).V4);
        Ipv4Header.WriteChecksum(back.AsSpan(14, 20));
        a.Gateway.Route(Member.NetV4(1), 1);
        Assert.Empty(a.Receive([back]));
        Assert.Equal(1UL, a.Gateway.Drops(DropReason.SourceNotBehindTunnel));
        Assert.Equal(1ul, a.Region.InboundTotals(a.Inbound).OtherDrops);
    }

    [Fact]
    public void Too_long_packets_are_cut_for_their_member_and_fragments_outside_are_joined()
    {
        using var a = new Member(1);
        using var c = new Member(3, workers: 2);
        a.Learn(3);
        c.Learn(1);
        var pieces = a.Send([From(1, 3, payload: 1440)]);
        Assert.Equal(2, pieces.Count);
        Assert.All(pieces, f => Assert.Equal(Member.EspV4(3), To(f)));
        Assert.Equal(2, c.Receive(pieces).Count);
        var whole = Ip.Unframe(Assert.Single(a.Send([From(1, 3, payload: 1000)])));
        Assert.True(Ipv4Fragments.TryStart(whole, 600, out var fragments));
        while (fragments.NextLength is > 0 and var length)
        {
            var piece = new byte[length];
            fragments.Write(piece);
            c.Gateway.Port(Gateway.Wan, fragments.NextLength & 1).Put(Ip.Frame(piece));
        }

        c.Gateway.Run();
        Assert.Equal(Arrived(From(1, 3, payload: 1000)), Ip.Unframe(Assert.Single(c.Take(Gateway.Lan))));
    }

    [Fact]
    public void Rfc4301_8_2_An_MTU_for_a_groups_SPI_names_the_member()
    {
        using var a = new Member(1);
        a.Learn(3);
        var quoted = Ip.Unframe(Assert.Single(a.Send([From(1, 3, payload: 1000)])))[..36];
        a.Receive([Ip.Frame(TooBig(quoted, 1280))]);
        var told = Assert.Single(a.Gateway.Events());
        Assert.Equal((EventKind.PathMtu, 1280ul, Member.Spi, Ip.Address(Member.EspV4(3)), a.Tunnels[0]), (told.Kind, told.Value, told.Spi, told.Destination, told.Tunnel));
        BinaryPrimitives.WriteUInt32BigEndian(quoted.AsSpan(20), Member.Spi + 1);
        a.Receive([Ip.Frame(TooBig(quoted, 1280))]);
        Assert.Empty(a.Gateway.Events());
        Assert.Equal(1UL, a.Gateway.Drops(DropReason.IcmpNotBelievable));
    }

    [Fact]
    public void An_inbound_SA_whose_time_is_over_opens_nothing()
    {
        using var a = new Member(1);
        using var c = new Member(3);
        a.Learn(3);
        c.Learn(1);
        c.Region.InboundSa(c.Inbound).ExpiresAt = Environment.TickCount64 - 1;
        Assert.Empty(c.Receive(a.Send([From(1, 3)])));
        Assert.Equal(1UL, c.Gateway.Drops(DropReason.SaExpired));
        Assert.Equal(1ul, c.Region.InboundTotals(c.Inbound).OtherDrops);
    }

    /// <summary>Every packet comes to both workers, which run at the same time: it is accepted once, by whichever has its sender.</summary>
    [Fact]
    public void Two_threads_accept_every_packet_at_most_once()
    {
        const int senders = 40, each = 100;
        using var c = new Member(3, workers: 2);
        c.Learn(1);
        for (var sender = 0; sender < senders; sender++)
        {
            using var a = new Member(1, firstSender: 1000u + (uint)sender * 16);
            a.Learn(3);
            foreach (var frame in a.Send(Enumerable.Range(0, each).Select(_ => From(1, 3))))
                for (var worker = 0; worker < 2; worker++)
                    c.Gateway.Port(Gateway.Wan, worker).Put(frame);
        }

        using var barrier = new Barrier(2);
        var threads = c.Gateway.Engine.Workers.Select(worker => new Thread(() =>
        {
            barrier.SignalAndWait();
            for (var round = 0; round < 2000; round++) worker.RunOnce();
        })).ToArray();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        c.Gateway.Run();
        Assert.Equal(2UL * senders * each, c.Gateway.Sum(b => b.Rx));
        var totals = c.Region.InboundTotals(c.Inbound);
        Assert.Equal((ulong)c.Take(Gateway.Lan).Count, totals.Packets);
        Assert.True(totals.Packets <= senders * each, $"{totals.Packets} of {senders * each} accepted");
        Assert.True(totals.Packets >= senders * each * 9 / 10 - c.Gateway.Drops(DropReason.HandoffFull), $"{totals.Packets} of {senders * each} accepted");
        Assert.Equal(senders, totals.Senders);
        Assert.Equal(senders, c.Region.LiveSenders().Select(r => c.Region.Sender(r).SenderId).Distinct().Count());
        Assert.Equal(2UL * senders * each, totals.Packets + c.Gateway.Drops(DropReason.Replayed) + c.Gateway.Drops(DropReason.TooOld) + c.Gateway.Drops(DropReason.SenderClaimLost) + c.Gateway.Drops(DropReason.HandoffFull));
    }

    private static byte[] TooBig(byte[] quoted, ushort mtu)
    {
        var error = Ip.Icmp("203.0.113.200", Member.EspV4(1), IcmpType.DestinationUnreachable, IcmpType.CodeFragmentationNeeded, quoted);
        BinaryPrimitives.WriteUInt16BigEndian(error.AsSpan(26), mtu);
        TransportChecksum.Complete(error, Ip.Fields(error));
        return error;
    }
}
