using Appliance.Shared;

namespace Appliance.Policy.Tests;

/// <summary>Tunnels that are interfaces: what the kernel knows of their devices becomes routes into them.</summary>
public class InterfaceTests
{
    private const uint Ipt1 = 11, Ipt2 = 12;

    private static readonly GatewayConfiguration Configuration = Inputs.Configuration with { Tunnels = [Inputs.Configuration.Tunnels[0], Tunnel("t1", "ipt1", "172.31.0.1"), Tunnel("t2", "ipt2", "172.31.0.5")] };

    private static readonly KernelView Kernel = Inputs.Kernel with
    {
        Links = [.. Inputs.Kernel.Links, new KernelLink(Ipt1, "ipt1", 1400, 0, true), new KernelLink(Ipt2, "ipt2", 1400, 0, true)],
        Addresses = [.. Inputs.Kernel.Addresses, new KernelAddress(Ipt1, Inputs.Ip("172.31.0.1"), 30), new KernelAddress(Ipt2, Inputs.Ip("172.31.0.5"), 30), new KernelAddress(Ipt1, Inputs.Ip("fe80::1"), 64)],
        Routes = [.. Inputs.Kernel.Routes, Inputs.Route("172.31.0.0/30", Ipt1), Inputs.Route("172.31.0.4/30", Ipt2), Inputs.Route("fe80::/64", Ipt1)],
    };

    private static TunnelConfiguration Tunnel(string name, string device, string address) => new()
    {
        Name = name, Kind = TunnelKind.IipTran, Peer = name, Local = Inputs.Ip("192.0.2.1"), Remote = Inputs.Ip("203.0.113.1"), SourceByInterfaces = true, CheckSource = false,
        Interface = new TunnelInterface(device, [new InterfaceAddress(Inputs.Ip(address), 30)], 1400),
    };

    private static TableContents Build(params KernelRoute[] more) => Inputs.Build(Configuration, Kernel with { Routes = [.. Kernel.Routes, .. more] });

    private static NextHop? Hop(TableContents contents, string prefix) => contents.Routes.TryGetValue(Inputs.Prefix(prefix), out var hop) ? hop : null;

    [Fact]
    public void ADevicesRoutesLeadIntoItsTunnelAndItsAddressToItself()
    {
        var contents = Build(Inputs.Route("10.5.0.0/16", Ipt1, "172.31.0.2", protocol: 12));
        Assert.Equal(NextHop.Into("t1"), Hop(contents, "10.5.0.0/16"));
        Assert.Equal(NextHop.Into("t1"), Hop(contents, "172.31.0.0/30"));
        Assert.Equal(NextHop.ToInterface(3), Hop(contents, "172.31.0.1/32"));
        Assert.Equal(((byte?)3, (byte?)4), (contents.Tunnels["t1"].Interface, contents.Tunnels["t2"].Interface));
        Assert.Equal(["t1", "t2"], contents.Ports.Where(p => p.Tunnel is not null).Select(p => p.Tunnel));
    }

    [Fact]
    public void ItsAddressesAreNotTheKernelsInTheClear() =>
        Assert.DoesNotContain(Build().LocalAddresses, a => a == Inputs.Ip("172.31.0.1"));

    [Fact]
    public void TheConfigurationAndConnectedNetworksComeFirst()
    {
        var contents = Build(Inputs.Route("10.2.0.0/16", Ipt1, "172.31.0.2"), Inputs.Route("10.1.0.0/24", Ipt1, "172.31.0.2", metric: 32), Inputs.Route("10.0.0.0/8", Ipt1, "172.31.0.2"));
        Assert.Equal(NextHop.Into("to-b"), Hop(contents, "10.2.0.0/16"));
        Assert.Equal(NextHop.Glean(1, default), Hop(contents, "10.1.0.0/24"));

        // Instead of the discard of a protected range: what is in a tunnel is protected.
        Assert.Equal(NextHop.Into("t1"), Hop(contents, "10.0.0.0/8"));
    }

    [Fact]
    public void Rfc3884_3_3_TheLowestMetricCountsAmongInterfacesWithACarrier()
    {
        KernelRoute[] both = [Inputs.Route("10.5.0.0/16", Ipt1, "172.31.0.2", metric: 10), Inputs.Route("10.5.0.0/16", Ipt2, "172.31.0.6", metric: 20)];
        Assert.Equal(NextHop.Into("t1"), Hop(Build(both), "10.5.0.0/16"));
        var down = Kernel with { Routes = [.. Kernel.Routes, .. both], Links = [.. Kernel.Links.Select(l => l.Index == Ipt1 ? l with { HasCarrier = false } : l)] };
        Assert.Equal(NextHop.Into("t2"), Hop(Inputs.Build(Configuration, down), "10.5.0.0/16"));
    }

    [Fact]
    public void ATunnelDoesNotSwallowItsOwnPeer()
    {
        var contents = Build(Inputs.Route("203.0.113.0/24", Ipt1, "172.31.0.2"), Inputs.Route("0.0.0.0/0", Ipt1, "172.31.0.2", metric: 5));
        Assert.Equal(new AdjacencyKey(2, Inputs.Ip("192.0.2.254")), contents.Tunnels["t1"].Path);
        Assert.Equal(NextHop.Into("t1"), Hop(contents, "203.0.113.0/24"));

        // The provider's default route is preferred by its metric.
        Assert.Equal(NextHop.To(new AdjacencyKey(2, Inputs.Ip("192.0.2.254"))), Hop(contents, "0.0.0.0/0"));
    }

    [Theory]
    [InlineData("203.0.113.0/24", "203.0.113.1/32 dev 3 via 192.0.2.254")]
    [InlineData("10.5.0.0/16", "")]
    [InlineData("0.0.0.0/0", "0.0.0.0/1 dev 3 via 192.0.2.254 128.0.0.0/1 dev 3 via 192.0.2.254 203.0.113.1/32 dev 3 via 192.0.2.254")]
    public void IkeHasAWayAroundRoutesByInterfaces(string prefix, string ways) => Assert.Equal(ways, string.Join(' ',
        KernelRoutes.Wanted(new GatewayConfiguration { Tunnels = [Tunnel("t1", "ipt1", "172.31.0.1")] }, 0, null, _ => (3, Inputs.Ip("192.0.2.254")), _ => Ipt1, [Inputs.Prefix(prefix)])
            .Where(r => r.IsForIke).Select(r => $"{r.Prefix} dev {r.Link} via {r.Gateway}").Order(StringComparer.Ordinal)));

    /// <summary>The source of the machine's own packets through a tunnel is its interface's address.</summary>
    [Fact]
    public void Rfc3884_3_3_ConfiguredPrefixesGoByTheInterfaceWithItsAddress()
    {
        var tunnel = Tunnel("t1", "ipt1", "172.31.0.1") with { Routes = [Inputs.Prefix("10.5.0.0/16")] };
        KernelRoute Door(uint link) => KernelRoutes.Wanted(Inputs.Configuration with { Tunnels = [tunnel] }, Inputs.Door, null, null, _ => link).Single(r => r.Kind == KernelRouteKind.Unicast);
        Assert.Equal((Ipt1, Inputs.Ip("172.31.0.1")), (Door(Ipt1).Link, Door(Ipt1).Source));
        Assert.Equal((Inputs.Door, Inputs.Ip("10.1.255.1")), (Door(0).Link, Door(0).Source));
    }
}
