using System.Buffers.Binary;
using Appliance.Shared;

namespace Appliance.DataPlane.Tests;

/// <summary>What only SAs that IKE negotiated have: traffic selectors of their own, either encapsulation, peers that move.</summary>
public class NegotiatedTests
{
    private const int UdpSourcePort = 14 + 20;

    private static void Narrow(Sites sites, params SpdRule[] rules)
    {
        var start = sites.A.Gateway.AddRules(rules);
        ref var sa = ref sites.A.Gateway.Region.OutboundSa(sites.A.Out);
        (sa.SelectorStart, sa.SelectorCount) = (start, (uint)rules.Length);
        sa.Flags |= SaFlags.CheckSelectors;
    }

    private static Sites Watched()
    {
        var sites = new Sites(new SaShape { Udp = true });
        ref var sa = ref sites.B.Gateway.Region.InboundSa(sites.B.In);
        (sa.Peer, sa.PeerPort) = (Ip.Address("192.0.2.1"), 4500);
        return sites;
    }

    private static byte[] Sent(Sites sites)
    {
        sites.A.Gateway.Port(Gateway.Lan).Put(Ip.Frame(Ip.Udp(Sites.HostA, Sites.HostB)));
        sites.A.Gateway.Run();
        return Assert.Single(sites.A.TakeWire());
    }

    private static List<EventRecord> Arrives(Sites sites, byte[] frame)
    {
        sites.B.Gateway.Port(Gateway.Wan).Put(frame);
        sites.B.Gateway.Run();
        return [.. sites.B.Gateway.Events().Where(e => e.Kind == EventKind.PeerMoved)];
    }

    [Fact]
    public void Rfc4301_5_1_What_is_outside_of_the_childs_selectors_does_not_go_through_it()
    {
        using var sites = new Sites();
        Narrow(sites, Ip.Rule(SpdAction.Protect, "10.1.0.0/24", "10.2.0.0/24"), Ip.Rule(SpdAction.Protect, "10.1.0.0/24", "10.2.7.0/24"));
        Assert.Single(sites.FromA(Ip.Udp(Sites.HostA, "10.2.0.5")));
        Assert.Single(sites.FromA(Ip.Udp(Sites.HostA, "10.2.7.5")));
        Assert.Empty(sites.FromA(Ip.Udp(Sites.HostA, "10.2.8.5")));
        Assert.Empty(sites.FromA(Ip.Udp("10.1.5.5", "10.2.0.5")));
        Assert.Equal(2UL, sites.A.Gateway.Drops(DropReason.OutsideSelectors));
        Assert.Equal(2UL, sites.A.Gateway.Region.OutboundState(sites.A.Out).Packets);
        Assert.DoesNotContain(sites.A.Gateway.Events(), e => e.Kind == EventKind.Acquire);
    }

    [Fact]
    public void Rfc7296_2_23_A_negotiated_SA_takes_ESP_raw_and_in_UDP()
    {
        using var sites = new Sites();
        ref var sa = ref sites.A.Gateway.Region.OutboundSa(sites.A.Out);
        Assert.Single(sites.FromA(Ip.Udp(Sites.HostA, Sites.HostB)));
        sa.Encapsulation = EspEncapsulation.Udp;
        OuterHeader.Build(ref sa);
        Assert.Empty(sites.FromA(Ip.Udp(Sites.HostA, Sites.HostB)));
        Assert.Equal(1UL, sites.B.Gateway.Drops(DropReason.WrongEncapsulation));
        sites.B.Gateway.Region.InboundSa(sites.B.In).Flags |= SaFlags.AnyEncapsulation;
        Assert.Single(sites.FromA(Ip.Udp(Sites.HostA, Sites.HostB)));
    }

    [Fact]
    public void Rfc7296_2_23_The_newest_packet_from_elsewhere_says_that_the_peer_moved()
    {
        using var sites = Watched();
        var (first, second, third) = (Sent(sites), Sent(sites), Sent(sites));
        Assert.Empty(Arrives(sites, first));
        BinaryPrimitives.WriteUInt16BigEndian(third.AsSpan(UdpSourcePort), 61000);
        var moved = Assert.Single(Arrives(sites, third));
        Assert.Equal((0x1001u, (ushort)61000, Ip.Address("192.0.2.1")), (moved.Spi, moved.SourcePort, moved.Source));

        // An older one, from before yet another mapping, proves nothing.
        BinaryPrimitives.WriteUInt16BigEndian(second.AsSpan(UdpSourcePort), 62000);
        Assert.Empty(Arrives(sites, second));
        Assert.Equal(3, sites.B.TakeLan().Count);
    }

    [Fact]
    public void A_forged_packet_or_a_replay_moves_nobody()
    {
        using var sites = Watched();
        var (first, second) = (Sent(sites), Sent(sites));
        Assert.Empty(Arrives(sites, first));
        BinaryPrimitives.WriteUInt16BigEndian(first.AsSpan(UdpSourcePort), 61000);
        Assert.Empty(Arrives(sites, first));
        BinaryPrimitives.WriteUInt16BigEndian(second.AsSpan(UdpSourcePort), 61000);
        second[^1] ^= 1;
        Assert.Empty(Arrives(sites, second));
        Assert.Equal(1UL, sites.B.Gateway.Drops(DropReason.IntegrityFailed));
        Assert.Equal(1UL, sites.B.Gateway.Drops(DropReason.Replayed));
    }

    [Fact]
    public void Events_of_a_peer_that_moved_are_few()
    {
        using var sites = Watched();
        var events = 0;
        for (var i = 0; i < 500; i++)
        {
            var frame = Sent(sites);
            BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(UdpSourcePort), 61000);
            events += Arrives(sites, frame).Count;
        }

        Assert.InRange(events, 1, 400);
    }
}
