using Appliance.Shared;

namespace Appliance.DataPlane.Tests;

/// <summary>Tunnels without an SA, neighbours without an address (RFC 4301 §5.1, RFC 1122 §2.3.2.2).</summary>
public class HoldTests
{
    [Fact]
    public void Rfc4301_4_4_1_A_packet_without_SA_asks_for_one_and_waits_for_it()
    {
        using var sites = new Sites();
        var gateway = sites.A.Gateway;
        var slot = TakeSa(gateway);
        Assert.Empty(sites.FromA(Ip.Udp(Sites.HostA, Sites.HostB, 7, 9), Ip.Udp(Sites.HostA, Sites.HostB, 7, 9)));
        var acquire = Assert.Single(gateway.Events(), e => e.Kind == EventKind.Acquire);
        Assert.Equal((Ip.Address(Sites.HostA), Ip.Address(Sites.HostB), 7, 9), (acquire.Source, acquire.Destination, acquire.SourcePort, acquire.DestinationPort));
        Assert.Equal(2UL, gateway.Sum(b => b.Held));
        gateway.AssertIdentity();
        gateway.Region.Tunnel(0).OutboundSas[0] = slot;
        gateway.Wait(30);
        Assert.Equal(0UL, gateway.Sum(b => b.Held));
        Assert.Equal(2, sites.FromA().Count);
    }

    [Fact]
    public void Held_packets_are_few_and_not_for_long()
    {
        using var sites = new Sites();
        var gateway = sites.A.Gateway;
        TakeSa(gateway);
        sites.FromA([.. Enumerable.Range(0, 20).Select(_ => Ip.Udp(Sites.HostA, Sites.HostB))]);
        Assert.Equal((ulong)Tuning.HoldsPerKey, gateway.Sum(b => b.Held));
        Assert.Equal(12UL, gateway.Drops(DropReason.NoOutboundSa));
        gateway.Wait(350);
        Assert.Equal((ulong)Tuning.HoldsPerKey, gateway.Drops(DropReason.HoldTimeout));
    }

    [Fact]
    public void Acquire_events_of_a_tunnel_are_a_second_apart()
    {
        using var sites = new Sites();
        TakeSa(sites.A.Gateway);
        sites.A.Gateway.Region.Tunnel(0).HoldOnMiss = 0;
        sites.FromA([.. Enumerable.Range(0, 50).Select(_ => Ip.Udp(Sites.HostA, Sites.HostB))]);
        Assert.Single(sites.A.Gateway.Events());
        Assert.Equal(50UL, sites.A.Gateway.Drops(DropReason.NoOutboundSa));
    }

    [Fact]
    public void An_SA_whose_time_is_over_sends_nothing_and_says_so()
    {
        using var sites = new Sites();
        sites.A.Gateway.Region.OutboundSa(sites.A.Out).ExpiresAt = Environment.TickCount64 - 1;
        Assert.Empty(sites.FromA(Ip.Udp(Sites.HostA, Sites.HostB)));
        Assert.Equal(1UL, sites.A.Gateway.Drops(DropReason.SaExpired));
        Assert.Equal(1UL, sites.A.Gateway.Region.OutboundState(sites.A.Out).Drops);
        Assert.Equal(EventKind.HardExpire, Assert.Single(sites.A.Gateway.Events()).Kind);
    }

    [Fact]
    public void Rfc1122_2_3_2_2_A_packet_waits_for_its_neighbour()
    {
        using var sites = new Sites();
        var gateway = sites.A.Gateway;
        var glean = gateway.AddNextHop(NextHopKind.Glean, port: Gateway.Lan);
        gateway.Route("10.1.9.0/24", glean);
        sites.B.Gateway.SetSpd(Ip.Rule(SpdAction.Protect));
        Assert.Empty(sites.FromB(Ip.Udp(Sites.HostB, "10.1.9.1")));
        var wanted = Assert.Single(gateway.Events());
        Assert.Equal((EventKind.NeighbourNeeded, (byte)Gateway.Lan, Ip.Address("10.1.9.1")), (wanted.Kind, wanted.Port, wanted.Destination));
        gateway.Route("10.1.9.1/32", gateway.AddNextHop(NextHopKind.Adjacent, 0));
        gateway.Wait(30);
        Assert.Equal(Ip.Udp(Sites.HostB, "10.1.9.1", ttl: 62), Assert.Single(sites.A.TakeLan()));
    }

    [Fact]
    public void An_SA_whose_neighbour_is_not_known_uses_no_sequence_number()
    {
        using var sites = new Sites();
        var gateway = sites.A.Gateway;
        gateway.Region.Adjacency(sites.A.Wan).State = SlotState.Free;
        Assert.Empty(sites.FromA(Ip.Udp(Sites.HostA, Sites.HostB)));
        Assert.Equal(0UL, gateway.Region.OutboundState(sites.A.Out).Sequence);
        Assert.Equal(EventKind.NeighbourNeeded, Assert.Single(gateway.Events()).Kind);
        gateway.Region.Adjacency(sites.A.Wan).State = SlotState.Live;
        gateway.Wait(30);
        Assert.Single(sites.FromA());
    }

    private static uint TakeSa(Gateway gateway)
    {
        var slot = gateway.Region.Tunnel(0).OutboundSas[0];
        gateway.Region.Tunnel(0).OutboundSas[0] = TunnelRecord.NoSa;
        return slot;
    }
}
