using Appliance.Ike;
using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Configuration;
using Appliance.SlowPath.Plan;

namespace Appliance.SlowPath.Tests.Configuration;

public sealed class InterfaceConfigurationTests
{
    private const string Peer = "peers:\n  - { name: b, local: 192.0.2.1, remote: 198.51.100.1, psk: 0x00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff }\n";

    private static LoadedConfiguration? Read(string tunnels, out IReadOnlyList<ConfigurationError> problems) => ConfigurationReader.Read(
        "ports:\n  - { name: lan, device: lan0, side: protected }\n  - { name: wan, device: wan0, side: unprotected }\nvpn: { addresses: [10.1.255.1/32] }\n" + Peer + "tunnels:\n" + tunnels, "/", out problems);

    [Fact]
    public void ATunnelCanBeAnInterface()
    {
        var loaded = Read("  - { name: t, mode: iiptran, peer: b, interface: ipt1, addresses: [172.16.0.1/30, \"fe80::1/64\"] }\n", out var problems);
        Assert.Empty(problems);
        var tunnel = Assert.Single(loaded!.Gateway.Tunnels);
        Assert.Equal(("ipt1", 1400, 2), (tunnel.Interface!.Device, tunnel.Interface.Mtu, tunnel.Interface.Addresses.Count));
        Assert.Equal((false, true), (tunnel.CheckSource, tunnel.SourceByInterfaces));

        // Nothing would ask for an SA of an interface that is down; what goes through it is for routing to say.
        var child = Assert.Single(Assert.Single(loaded.Ike!.Peers).Children);
        Assert.Equal((ChildStart.Always, 2, 2), (child.Start, child.Local.Count, child.Remote.Count));
        var port = PlanWriter.Plan(loaded.Gateway).Ports[^1];
        Assert.Equal((3, "ipt1", PortKind.Tun, "t", 1400), (port.Index, port.Device, port.Kind, port.Tunnel, port.Mtu));
        Assert.Equal(1u << 3, PlanWriter.Plan(loaded.Gateway).TunnelPorts);
    }

    [Theory]
    [InlineData("addresses: [172.16.0.1/30], bfd: {}", "172.16.0.1 172.16.0.2 300 3")]
    [InlineData("addresses: [172.16.0.2/30], bfd: { interval: 50ms, multiplier: 5 }", "172.16.0.2 172.16.0.1 50 5")]
    [InlineData("addresses: [\"fe80::1/64\", 172.16.0.4/31], bfd: {}", "172.16.0.4 172.16.0.5 300 3")]
    [InlineData("addresses: [\"fd00:9::1/64\"], bfd: { remote: \"fd00:9::2\" }", "fd00:9::1 fd00:9::2 300 3")]
    public void BfdAsksTheOtherInterface(string more, string expected)
    {
        var watch = Assert.Single(Read($"  - {{ name: t, mode: iiptran, peer: b, interface: ipt1, {more} }}\n", out _)!.Gateway.Tunnels).Interface!.Watch!;
        Assert.Equal(expected, $"{watch.Local} {watch.Remote} {watch.Milliseconds} {watch.Multiplier}");
    }

    [Theory]
    [InlineData("{ name: t, mode: iiptran, peer: b, interface: ipt1, addresses: [172.16.0.1/24], bfd: {} }", "whom BFD shall ask is not said")]
    [InlineData("{ name: t, mode: iiptran, peer: b, interface: ipt1, addresses: [172.16.0.1/30], bfd: { remote: 10.9.9.9 } }", "10.9.9.9 is not the other side's address")]
    [InlineData("{ name: t, mode: iiptran, peer: b, routes: [10.2.0.0/16], bfd: {} }", "'bfd' without 'interface'")]
    [InlineData("{ name: t, mode: iiptran, peer: b, interface: ipt1 }", "the interface has no addresses")]
    [InlineData("{ name: t, mode: transport, peer: b, interface: ipt1, addresses: [172.16.0.1/30] }", "a transport-mode tunnel carries traffic of its two ends alone")]
    [InlineData("{ name: t, mode: iiptran, peer: b, addresses: [172.16.0.1/30] }", "'addresses' without 'interface'")]
    [InlineData("{ name: t, mode: iiptran, peer: b, routes: [10.2.0.0/16], check_source: interfaces }", "'check_source: interfaces' without 'interface'")]
    [InlineData("{ name: t, mode: iiptran, peer: b, interface: ipt1, addresses: [172.16.0.1/30], start: on-demand }", "the interface of a tunnel without an SA is down")]
    [InlineData("{ name: t, mode: iiptran, peer: b, interface: lan0, addresses: [172.16.0.1/30] }", "device 'lan0' is used already")]
    [InlineData("{ name: t, mode: iiptran, peer: b, interface: lan, addresses: [172.16.0.1/30] }", "'lan' is the name of a port")]
    [InlineData("{ name: t, mode: iiptran, peer: b, interface: ipt1, addresses: [10.1.255.1/30] }", "address 10.1.255.1 of tunnel 't' is used already")]
    [InlineData("{ name: t, mode: iiptran, peer: b, interface: \"a/b\", addresses: [172.16.0.1/30] }", "'a/b' is no device name")]
    public void WhatIsWrongIsSaid(string tunnel, string error)
    {
        Assert.Null(Read($"  - {tunnel}\n", out var problems));
        Assert.Contains(problems, p => p.Format("f").Contains(error, StringComparison.Ordinal));
    }
}
