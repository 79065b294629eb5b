using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane.Tests;

/// <summary>A tunnel that is an interface (RFC 3884): what the kernel sends into it, and what comes out of it for the machine.</summary>
[Trait("RFC", "3884")]
public sealed class InterfaceTests : IDisposable
{
    private const string EndA = "172.16.0.1", EndB = "172.16.0.2";
    private const byte Ospf = 89;
    private readonly Sites sites = new(kind: TunnelKind.IipTran, interfaces: true);

    public InterfaceTests()
    {
        foreach (var (side, own) in new[] { (sites.A, EndA), (sites.B, EndB) })
        {
            side.Gateway.Route("172.16.0.0/30", side.Gateway.AddNextHop(NextHopKind.Tunnel, tunnel: side.Tunnel, isProtected: true));
            side.Gateway.Route(own + "/32", side.Gateway.AddNextHop(NextHopKind.Punt, port: Gateway.Door, isProtected: true));
        }
    }

    public void Dispose() => sites.Dispose();

    [Theory]
    [InlineData(EndA, "224.0.0.5", 1)]
    [InlineData(EndA, EndB, 1)]
    [InlineData("fe80::1", "ff02::5", 1)]
    [InlineData("fe80::1", "fe80::2", 255)]
    [InlineData("169.254.0.1", "169.254.0.2", 64)]
    public void What_the_kernel_sends_into_it_comes_out_at_the_other_end(string from, string to, byte ttl)
    {
        var packet = Ip.Packet(from, to, Ospf, [.. Enumerable.Repeat((byte)7, 44)], ttl);
        Assert.Equal(packet, Assert.Single(FromHostA(packet)));
        Assert.Equal((1UL, 1UL), (sites.A.Gateway.Sum(b => b.Injected), sites.B.Gateway.Sum(b => b.Punted)));
        Assert.Empty(sites.B.TakeLan());
    }

    [Fact]
    public void It_goes_into_the_tunnel_whatever_the_routes_say()
    {
        sites.A.Gateway.Route("10.2.0.0/16", sites.A.Gateway.AddNextHop(NextHopKind.Discard));
        sites.A.Gateway.Route("203.0.113.0/24", sites.A.Outside);
        sites.B.Gateway.SetSpd(Ip.Rule(SpdAction.Protect, "0.0.0.0/0", "0.0.0.0/0"));
        Assert.Single(FromHostA(Ip.Udp(EndA, EndB)));
        sites.A.Gateway.Port(Gateway.Door).Put(Ip.Udp(EndA, "203.0.113.1"), PacketFlags.NoEthernet);
        sites.A.Gateway.Port(Gateway.Door).Put(Ip.Udp(EndA, Sites.HostB), PacketFlags.NoEthernet);
        sites.A.Gateway.Run();
        Assert.All(sites.A.TakeWire(), frame => Assert.Equal(IpProtocol.Esp, frame[23]));
        Assert.Equal(3UL, sites.A.Gateway.Region.OutboundState(sites.A.Out).Packets);
    }

    [Fact]
    public void An_SPD_entry_may_discard_it_in_both_directions()
    {
        sites.A.Gateway.SetSpd(Ip.Rule(SpdAction.Discard, EndA + "/32", "0.0.0.0/0"));
        Assert.Empty(FromHostA(Ip.Udp(EndA, EndB)));
        Assert.Equal(1UL, sites.A.Gateway.Drops(DropReason.PolicyDiscard));
        sites.A.Gateway.SetSpd();
        sites.B.Gateway.SetSpd(Ip.Rule(SpdAction.Discard, EndB + "/32", "0.0.0.0/0"));
        Assert.Empty(FromHostA(Ip.Udp(EndA, EndB)));
        Assert.Equal(1UL, sites.B.Gateway.Drops(DropReason.PolicyDiscard));
    }

    [Fact]
    public void Hosts_go_through_it_by_route_and_policy()
    {
        Assert.Equal(Ip.Udp(Sites.HostA, Sites.HostB, ttl: 62), Assert.Single(sites.FromA(Ip.Udp(Sites.HostA, Sites.HostB))));
        Assert.Empty(sites.B.TakeHost());
    }

    [Fact]
    public void Its_source_must_lie_behind_the_tunnel()
    {
        Assert.Empty(FromHostA(Ip.Udp("10.2.0.9", EndB)));
        Assert.Equal(1UL, sites.B.Gateway.Drops(DropReason.SourceNotBehindTunnel));
    }

    /// <summary>Multihoming: the two sides may choose different tunnels.</summary>
    [Fact]
    public void Rfc3884_3_3_A_source_may_lie_behind_another_interface()
    {
        var gateway = sites.B.Gateway;
        var other = gateway.AddTunnel("192.0.2.9", "198.51.100.9", TunnelKind.IipTran);
        gateway.Route("10.1.0.0/16", gateway.AddNextHop(NextHopKind.Tunnel, tunnel: other, isProtected: true));
        Assert.Empty(sites.FromA(Ip.Udp(Sites.HostA, Sites.HostB)));
        gateway.Region.Tunnel(sites.B.Tunnel).CheckSourceRoute = TunnelRecord.SourceByInterfaces;
        Assert.Empty(sites.FromA(Ip.Udp(Sites.HostA, Sites.HostB)));
        Assert.Equal(2UL, gateway.Drops(DropReason.SourceNotBehindTunnel));
        gateway.Region.Tunnel(other).Interface = 5;
        Assert.Single(sites.FromA(Ip.Udp(Sites.HostA, Sites.HostB)));
    }

    [Fact]
    public void Its_address_takes_nothing_that_came_another_way()
    {
        var gateway = sites.B.Gateway;

        // As if the packet had come through a tunnel that is not this interface's.
        gateway.Region.Tunnel(sites.B.Tunnel).Interface = 0;
        gateway.SetSpd(Ip.Rule(SpdAction.Protect, EndB + "/32", "172.16.0.0/30"));
        Assert.Empty(FromHostA(Ip.Udp(EndA, EndB)));
        Assert.Equal(1UL, gateway.Drops(DropReason.NotThroughItsTunnel));
        Assert.Empty(FromHostA(Ip.Packet(EndA, "224.0.0.5", Ospf, new byte[44], 1)));
        Assert.Equal(1UL, gateway.Drops(DropReason.NotForwardable));

        // In the clear from outside, whatever the SPD says; and from inside, where there is no other door to the host.
        gateway.SetSpd(Ip.Rule(SpdAction.Bypass, "0.0.0.0/0", "0.0.0.0/0"));
        gateway.Port(Gateway.Wan).Put(Ip.Frame(Ip.Udp("192.0.2.7", EndB)));
        gateway.Port(Gateway.Lan).Put(Ip.Frame(Ip.Udp(Sites.HostB, EndB)));
        gateway.Run();
        Assert.Empty(sites.B.TakeHost());
        Assert.Equal((1UL, 1UL), (gateway.Drops(DropReason.BypassOfProtected), gateway.Drops(DropReason.PuntFailed)));
    }

    [Fact]
    public void Without_its_tunnel_nothing_leaves()
    {
        sites.A.Gateway.Region.Port(Gateway.Door).Tunnel = 0;
        Assert.Empty(FromHostA(Ip.Packet(EndA, "224.0.0.5", Ospf, new byte[44], 1)));
        Assert.Equal(1UL, sites.A.Gateway.Drops(DropReason.NoTunnelForPolicy));
        Assert.Empty(sites.A.TakeWire());
    }

    [Fact]
    public void Multicast_of_hosts_is_not_forwarded_into_it()
    {
        sites.A.Gateway.Port(Gateway.Lan).Put(Ip.Frame(Ip.Packet(Sites.HostA, "224.0.0.5", Ospf, new byte[44], 64)));
        sites.A.Gateway.Run();
        Assert.Equal(1UL, sites.A.Gateway.Drops(DropReason.NotForwardable));
    }

    private List<byte[]> FromHostA(byte[] packet)
    {
        sites.A.Gateway.Port(Gateway.Door).Put(packet, PacketFlags.NoEthernet);
        sites.A.Gateway.Run();
        foreach (var frame in sites.A.TakeWire()) sites.B.Gateway.Port(Gateway.Wan).Put(frame);
        sites.B.Gateway.Run();
        return sites.B.TakeHost();
    }
}
