using Appliance.Shared;

namespace Appliance.Policy.Tests;

/// <summary>Tables as a function: inputs beside what must come out.</summary>
public class TableBuilderTests
{
    private const byte Lan = 1, Wan = 2;

    private static NextHop Route(TableContents contents, string prefix) => contents.Routes[Inputs.Prefix(prefix)];

    private static NextHop To(byte port, string neighbour) => NextHop.To(new AdjacencyKey(port, Inputs.Ip(neighbour)));

    [Fact]
    public void TheWholeForwardingTable()
    {
        var expected = new Dictionary<string, NextHop>
        {
            ["0.0.0.0/0"] = To(Wan, "192.0.2.254"),
            ["10.0.0.0/8"] = NextHop.Discard(isProtected: true),
            ["10.1.0.0/24"] = NextHop.Glean(Lan, default),
            ["10.1.0.1/32"] = NextHop.Local,
            ["10.1.0.2/32"] = To(Lan, "10.1.0.2"),
            ["10.1.0.255/32"] = NextHop.Discard(isProtected: false),
            ["10.1.7.0/24"] = NextHop.Glean(Lan, Inputs.Ip("10.1.0.9")),
            ["10.1.255.1/32"] = NextHop.Punt,
            ["10.2.0.0/16"] = NextHop.Into("to-b"),
            ["172.16.0.0/12"] = NextHop.Discard(isProtected: false),
            ["192.0.2.0/24"] = NextHop.Glean(Wan, default),
            ["192.0.2.1/32"] = NextHop.Local,
            ["192.0.2.254/32"] = To(Wan, "192.0.2.254"),
            ["fd00:2::/48"] = NextHop.Into("to-b"),
        };
        Assert.Equal(expected.OrderBy(e => e.Key, StringComparer.Ordinal), Inputs.Build().Routes.Select(r => KeyValuePair.Create(r.Key.ToString(), r.Value)).OrderBy(r => r.Key, StringComparer.Ordinal));
    }

    [Fact]
    public void EqualInputsGiveEqualTables()
    {
        var (first, second) = (Inputs.Build(), Inputs.Build());
        Assert.Equal(first.Routes.OrderBy(r => r.Key), second.Routes.OrderBy(r => r.Key));
        Assert.Equal(first.Tunnels["to-b"], second.Tunnels["to-b"]);
        Assert.Equal(first.Adjacencies, second.Adjacencies);
    }

    [Fact]
    public void NothingInsideAProtectedRangeLeavesByAnUnprotectedPort()
    {
        var kernel = Inputs.Kernel with
        {
            Routes = [.. Inputs.Kernel.Routes, Inputs.Route("10.7.0.0/16", Inputs.Wan, "192.0.2.254"), Inputs.Route("10.8.0.0/16", Inputs.Wan)],
            Neighbours = [.. Inputs.Kernel.Neighbours, new KernelNeighbour(Inputs.Wan, Inputs.Ip("10.8.0.5"), 0x0500_0000_0002)],
        };
        var contents = Inputs.Build(kernel: kernel);
        Assert.DoesNotContain(Inputs.Prefix("10.7.0.0/16"), contents.Routes.Keys);
        Assert.DoesNotContain(Inputs.Prefix("10.8.0.0/16"), contents.Routes.Keys);
        Assert.DoesNotContain(Inputs.Prefix("10.8.0.5/32"), contents.Routes.Keys);
        Assert.Equal(NextHop.Discard(isProtected: true), Route(contents, "10.0.0.0/8"));
    }

    [Fact]
    public void APeerInsideItsOwnTunnelIsReachedByTheUnderlay()
    {
        var configuration = Inputs.Configuration with { Tunnels = [Inputs.Configuration.Tunnels[0] with { Routes = [Inputs.Prefix("0.0.0.0/0")] }] };
        var kernel = Inputs.Kernel with { Routes = [.. Inputs.Kernel.Routes, Inputs.Route("198.51.100.0/24", Inputs.Door, protocol: KernelRoutes.OwnProtocol)] };
        var contents = Inputs.Build(configuration, kernel);
        Assert.Equal(new AdjacencyKey(Wan, Inputs.Ip("192.0.2.254")), contents.Tunnels["to-b"].Path);
        Assert.Equal(NextHop.Into("to-b"), Route(contents, "0.0.0.0/0"));
    }

    [Fact]
    public void AnUnresolvedPathHasARecordThatCanBeNamed()
    {
        var contents = Inputs.Build(kernel: Inputs.Kernel with { Neighbours = [] });
        var path = contents.Tunnels["to-b"].Path!.Value;
        Assert.False(contents.Adjacencies[path].IsResolved);
        Assert.Equal(NextHop.Glean(Wan, Inputs.Ip("192.0.2.254")), Route(contents, "0.0.0.0/0"));
    }

    [Fact]
    public void NoRouteNoPath()
    {
        var contents = Inputs.Build(kernel: Inputs.Kernel with { Routes = [Inputs.Route("10.1.0.0/24", Inputs.Lan)] });
        Assert.Null(contents.Tunnels["to-b"].Path);
    }

    [Fact]
    public void ThePreferredOfTwoRoutesCounts()
    {
        var kernel = Inputs.Kernel with { Routes = [Inputs.Route("0.0.0.0/0", Inputs.Wan, "192.0.2.254", metric: 100), Inputs.Route("0.0.0.0/0", Inputs.Wan, "192.0.2.7", metric: 10)] };
        Assert.Equal(Inputs.Ip("192.0.2.7"), Inputs.Build(kernel: kernel).Tunnels["to-b"].Path!.Value.Neighbour);
    }

    [Fact]
    public void LocalAddressesLeaveOutLoopbackAndTheDoor() =>
        Assert.Equal(["10.1.0.1", "192.0.2.1", "fe80::1"], Inputs.Build().LocalAddresses.Select(a => a.ToString()).Order(StringComparer.Ordinal));

    [Fact]
    public void ADeviceThatIsMissingLeavesItsPort()
    {
        var port = Inputs.Build(kernel: Inputs.Kernel with { Links = [] }).Ports[Wan];
        Assert.Equal(("wan", 0u), (port.Name, port.InterfaceIndex));
    }

    [Fact]
    public void ATransportTunnelIsRoutedByItsPeer()
    {
        var configuration = Inputs.Configuration with { Tunnels = [Inputs.Configuration.Tunnels[0] with { Kind = TunnelKind.Transport, Routes = [] }] };
        Assert.Equal(NextHop.Into("to-b"), Route(Inputs.Build(configuration), "198.51.100.1/32"));
    }

    [Fact]
    public void RulesKeepOrderAndRanges()
    {
        var configuration = Inputs.Configuration with
        {
            Policies =
            [
                new PolicyConfiguration { Name = "ping", Action = SpdAction.Protect, Tunnel = "to-b", Protocol = 1, Icmp = new PortRange(0x800, 0x8ff) },
                new PolicyConfiguration { Name = "web", Action = SpdAction.Bypass, Remote = new AddressRange(Inputs.Ip("203.0.113.0"), Inputs.Ip("203.0.113.255")), Protocol = 6, RemotePorts = new PortRange(80, 443) },
                new PolicyConfiguration { Name = "rest", Action = SpdAction.Discard },
            ],
        };
        var rules = Inputs.Build(configuration).Rules;
        Assert.Equal(["ping", "web", "rest"], rules.Select(r => r.Rule.Name.Get()));
        Assert.Equal(("to-b", (ushort)0x800, (ushort)0x8ff, (byte)1), (rules[0].Tunnel, rules[0].Rule.LocalPortLow, rules[0].Rule.RemotePortHigh, rules[0].Rule.HasPorts));
        Assert.Equal(((ushort)0, ushort.MaxValue, (ushort)80, (ushort)443), (rules[1].Rule.LocalPortLow, rules[1].Rule.LocalPortHigh, rules[1].Rule.RemotePortLow, rules[1].Rule.RemotePortHigh));
        Assert.True(rules[2].Rule is { HasPorts: 0, LocalLow.IsAny: true, RemoteHigh.High: ulong.MaxValue });
    }

    [Fact]
    public void TheLearnedPathMtuCountsBetweenItsFloorAndTheLink()
    {
        TunnelContents With(int learned, int configured = TunnelConfiguration.Auto) => TableBuilder.Build(new PolicyInputs(
            Inputs.Configuration with { Tunnels = [Inputs.Configuration.Tunnels[0] with { PathMtu = configured }] }, Inputs.Kernel)
        {
            Tunnels = new Dictionary<string, TunnelFacts> { ["to-b"] = new(EspShape.AesGcm, learned) },
        }).Tunnels["to-b"];
        Assert.Equal(1500, With(0).PathMtu);
        Assert.Equal(1400, With(1400).PathMtu);
        Assert.Equal(576, With(68).PathMtu);
        Assert.Equal(1500, With(9000).PathMtu);
        Assert.Equal(1300, With(1400, 1300).PathMtu);
    }
}
