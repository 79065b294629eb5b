using System.Buffers.Binary;
using Appliance.Shared;

namespace Appliance.DataPlane.Tests;

/// <summary>A group's SPI, which its gateway chose, is one that this node allotted to a child of its own (RFC 4301 §4.1; draft-yamaya-ipsecme-mpsa).</summary>
public sealed class EqualSpiTests
{
    private static readonly SaShape ChildShape = new() { Key = [.. Enumerable.Range(100, 20).Select(i => (byte)i)] };

    private static byte[] From(int sender, int receiver, int payload = 32) => Ip.Udp(Member.Host(sender), Member.Host(receiver), payload: payload);

    private static byte[] FromPairwise(string host, int payload = 32) => Ip.Udp(host, Member.Host(3), payload: payload);

    /// <summary>A node whose child with a peer has the group's SPI; inside the peer is 10.50/16. The entry that names the peer comes first in the lookup.</summary>
    private static (uint Child, uint Tunnel) AddChild(Member at, string peer, byte worker = 0)
    {
        var tunnel = at.Gateway.AddTunnel(Member.EspV4(at.Number), peer);
        at.Gateway.Route("10.50.0.0/16", at.Gateway.AddNextHop(NextHopKind.Tunnel, tunnel: tunnel, isProtected: true));
        return (at.Gateway.AddInbound(tunnel, Member.Spi, ChildShape with { Worker = worker }), tunnel);
    }

    /// <summary>What a pairwise peer sends under the child's key: another group member's gateway with an ordinary SA.</summary>
    private static List<byte[]> Pairwise(string local, params byte[][] packets)
    {
        using var peer = new Gateway();
        var wan = peer.AddAdjacency(Gateway.Wan);
        peer.AddAdjacency(Gateway.Lan);
        var tunnel = peer.AddTunnel(local, Member.EspV4(3));
        peer.Route("10.3.0.0/16", peer.AddNextHop(NextHopKind.Tunnel, tunnel: tunnel, isProtected: true));
        peer.SetSpd(Ip.Rule(SpdAction.Protect));
        peer.AddOutbound(tunnel, Member.Spi, wan, ChildShape);
        foreach (var packet in packets) peer.Port(Gateway.Lan).Put(Ip.Frame(packet));
        peer.Run();
        return [.. peer.Port(Gateway.Wan).Sent];
    }

    [Fact]
    public void The_longest_match_keeps_them_apart()
    {
        using var a = new Member(1);
        using var c = new Member(3);
        a.Learn(3);
        c.Learn(1);
        var (child, _) = AddChild(c, "203.0.113.50");
        Assert.Single(c.Receive(a.Send([From(1, 3)])));
        Assert.Single(c.Receive(Pairwise("203.0.113.50", FromPairwise("10.50.0.5"))));
        Assert.Equal((1ul, 1ul), (c.Region.InboundState(child).Packets, c.Region.InboundTotals(c.Inbound).Packets));
        Assert.Equal(0ul, c.Region.InboundState(child).IntegrityFailed);
    }

    /// <summary>The peer of the child is a sender of the group too: nothing but the tag tells which SA a packet is of.</summary>
    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(1, 0, 0)]
    [InlineData(1, 1, 0)]
    [InlineData(0, 0, 1)]
    public void What_fails_under_one_is_tried_under_the_other(byte childsWorker, int arrivesAt, byte groupsWorker)
    {
        using var a = new Member(1);
        using var c = new Member(3, workers: 2);
        a.Learn(3);
        c.Learn(1);
        if (groupsWorker != arrivesAt) Assert.Single(c.Receive(a.Send([From(1, 3)]), groupsWorker));
        var (child, _) = AddChild(c, Member.EspV4(1), childsWorker);
        c.Region.InboundSa(child).Alternate = c.Inbound + 1;
        var before = c.Region.InboundTotals(c.Inbound).Packets;
        var ofGroup = a.Send(Enumerable.Range(0, 5).Select(i => From(1, 3, 40 + i)));
        var ofChild = Pairwise(Member.EspV4(1), [.. Enumerable.Range(0, 5).Select(i => FromPairwise("10.50.0.5", 60 + i))]);
        var mixed = ofGroup.Zip(ofChild, (x, y) => new[] { x, y }).SelectMany(p => p).ToList();
        var got = c.Receive(mixed, arrivesAt);
        Assert.Equal(10, got.Count);
        Assert.Equal(10, got.Select(p => p.Length).Distinct().Count());
        Assert.Equal((5ul, before + 5), (c.Region.InboundState(child).Packets, c.Region.InboundTotals(c.Inbound).Packets));

        // Replays and forgeries fail under both.
        Assert.Empty(c.Receive(mixed, arrivesAt));
        foreach (var frame in mixed)
        {
            frame[^1] ^= 1;
            BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(14 + 24), 900);
            BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(14 + 32), 900);
        }

        Assert.Empty(c.Receive(mixed, arrivesAt));
        Assert.Equal((5ul, before + 5), (c.Region.InboundState(child).Packets, c.Region.InboundTotals(c.Inbound).Packets));
        Assert.Equal(20UL, c.Gateway.Drops(DropReason.IntegrityFailed) + c.Gateway.Drops(DropReason.Replayed));
    }

    [Fact]
    public void An_other_SA_that_has_gone_is_not_tried()
    {
        using var a = new Member(1);
        using var c = new Member(3);
        a.Learn(3);
        c.Learn(1);
        var (child, _) = AddChild(c, Member.EspV4(1));
        foreach (var alternate in new[] { c.Inbound + 1, 200_000u })
        {
            c.Region.InboundSa(child).Alternate = alternate;
            c.Region.InboundSa(c.Inbound).State = SlotState.Retired;
            Assert.Empty(c.Receive(a.Send([From(1, 3)])));
        }

        Assert.Equal(2UL, c.Gateway.Drops(DropReason.IntegrityFailed));
    }

    /// <summary>Full batches of which every packet is the other SA's: each has its copy, and every frame comes back.</summary>
    [Fact]
    public void Whole_batches_are_tried_again()
    {
        using var a = new Member(1);
        using var c = new Member(3);
        a.Learn(3);
        c.Learn(1);
        var (child, _) = AddChild(c, Member.EspV4(1));
        c.Region.InboundSa(child).Alternate = c.Inbound + 1;
        Assert.Equal(300, c.Receive(a.Send(Enumerable.Range(0, 300).Select(_ => From(1, 3)))).Count);
        Assert.Equal(300ul, c.Region.InboundState(child).IntegrityFailed);
    }
}
