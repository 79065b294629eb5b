using Appliance.Shared;

namespace Appliance.DataPlane.Tests;

/// <summary>Processing of packets that go through more than one tunnel, and longest-match lookup (RFC 4301 §4.1, §5).</summary>
[Trait("RFC", "4301")]
public class Rfc4301Tests
{
    [Fact]
    public void Rfc4301_5_2_A_hub_decrypts_from_one_tunnel_and_encrypts_into_another()
    {
        using var sites = new Sites();
        var hub = sites.B.Gateway;
        var spoke = hub.AddTunnel("198.51.100.1", "203.0.113.9");
        hub.Route("10.3.0.0/16", hub.AddNextHop(NextHopKind.Tunnel, tunnel: spoke));
        hub.AddOutbound(spoke, 0x7777, sites.B.Wan, sites.Shape);
        hub.SetSpd(Ip.Rule(SpdAction.Protect, "10.2.0.0/15", "10.1.0.0/16"), Ip.Rule(SpdAction.Protect, "10.1.0.0/16", "10.3.0.0/16"));
        sites.A.Gateway.Route("10.3.0.0/16", sites.A.Gateway.AddNextHop(NextHopKind.Tunnel, tunnel: sites.A.Tunnel));
        sites.A.Gateway.SetSpd(Ip.Rule(SpdAction.Protect, "10.1.0.0/16"));
        Assert.Empty(sites.FromA(Ip.Udp(Sites.HostA, "10.3.0.5")));
        var outer = Ip.Fields(Ip.Unframe(Assert.Single(sites.B.TakeWire())));
        Assert.Equal(Ip.Address("203.0.113.9").V4, outer.DestinationV4);
    }

    [Fact]
    public void Rfc4301_4_1_The_longest_match_of_SPI_destination_and_source_counts()
    {
        using var sites = new Sites();
        var gateway = sites.B.Gateway;
        var lookup = new SaLookupTable(gateway.Region, new Quiescence(gateway.Region));
        ref var wrong = ref gateway.Region.InboundSa(9);
        wrong.Spi = 0x1001;
        wrong.Cipher = gateway.Region.InboundSa(sites.B.In).Cipher;
        (wrong.KeyLength, wrong.IvLength, wrong.IcvLength, wrong.Alignment) = (16, 8, 16, 4);
        wrong.State = SlotState.Live;
        Assert.True(lookup.TryAdd(0x1001, IpAddress.Any, IpAddress.Any, 9));
        Assert.True(lookup.TryAdd(0x1001, Ip.Address("198.51.100.1"), IpAddress.Any, 9));
        Assert.Single(sites.FromA(Ip.Udp(Sites.HostA, Sites.HostB)));
    }

    [Fact]
    public void Rfc4301_4_4_1_An_SA_that_is_replaced_takes_over_at_once_and_the_old_one_still_opens()
    {
        using var sites = new Sites();
        sites.A.Gateway.Port(Gateway.Lan).Put(Ip.Frame(Ip.Udp(Sites.HostA, Sites.HostB)));
        sites.A.Gateway.Run();
        var late = Assert.Single(sites.A.TakeWire());
        var fresh = new SaShape { Key = [.. Enumerable.Range(50, 20).Select(i => (byte)i)] };
        sites.B.Gateway.AddInbound(sites.B.Tunnel, 0x5005, fresh);
        sites.A.Gateway.AddOutbound(sites.A.Tunnel, 0x5005, sites.A.Wan, fresh);
        Assert.Single(sites.FromA(Ip.Udp(Sites.HostA, Sites.HostB)));
        sites.B.Gateway.Port(Gateway.Wan).Put(late);
        sites.B.Gateway.Run();
        Assert.Single(sites.B.TakeLan());
    }
}
