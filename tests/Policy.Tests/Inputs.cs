using Appliance.Shared;

namespace Appliance.Policy.Tests;

/// <summary>A gateway with a LAN, a WAN and a door, and the kernel that goes with it.</summary>
internal static class Inputs
{
    public const uint Lan = 2, Wan = 3, Management = 4, Door = 5;

    public static IpAddress Ip(string text) => IpAddress.TryParse(text, out var address) ? address : throw new FormatException(text);

    public static IpPrefix Prefix(string text) => IpPrefix.TryParse(text, host: false, out var prefix, out _, out var problem) ? prefix : throw new FormatException(problem);

    public static KernelRoute Route(string prefix, uint link, string? gateway = null, uint metric = 0, KernelRouteKind kind = KernelRouteKind.Unicast, byte protocol = 3) =>
        new(Prefix(prefix), kind, link, gateway is null ? default : Ip(gateway), metric, protocol, default);

    public static GatewayConfiguration Configuration { get; } = new()
    {
        Ports =
        [
            new PortConfiguration { Name = "lan", Device = "lan0", Side = PortSide.Protected },
            new PortConfiguration { Name = "wan", Device = "wan0", Side = PortSide.Unprotected },
        ],
        Vpn = new VpnConfiguration { Addresses = [new InterfaceAddress(Ip("10.1.255.1"), 32)] },
        Tunnels = [new TunnelConfiguration { Name = "to-b", Local = Ip("192.0.2.1"), Remote = Ip("198.51.100.1"), Routes = [Prefix("10.2.0.0/16"), Prefix("fd00:2::/48")] }],
        Protected = [Prefix("10.0.0.0/8")],
    };

    public static KernelView Kernel { get; } = new()
    {
        Links =
        [
            new KernelLink(Lan, "lan0", 1500, 0x0200_0000_0002, true), new KernelLink(Wan, "wan0", 1500, 0x0300_0000_0002, true),
            new KernelLink(Management, "eth9", 1500, 0x0900_0000_0002, true), new KernelLink(Door, "vpn0", 1400, 0, true),
        ],
        Addresses =
        [
            new KernelAddress(Lan, Ip("10.1.0.1"), 24), new KernelAddress(Wan, Ip("192.0.2.1"), 24), new KernelAddress(Wan, Ip("fe80::1"), 64),
            new KernelAddress(Door, Ip("10.1.255.1"), 32), new KernelAddress(1, Ip("127.0.0.1"), 8),
        ],
        Neighbours = [new KernelNeighbour(Wan, Ip("192.0.2.254"), 0xfe00_0000_0002), new KernelNeighbour(Lan, Ip("10.1.0.2"), 0x0a00_0000_0002)],
        Routes =
        [
            Route("10.1.0.0/24", Lan), Route("192.0.2.0/24", Wan), Route("0.0.0.0/0", Wan, "192.0.2.254"), Route("172.16.0.0/12", Management), Route("fe80::/64", Wan),
            Route("10.1.0.255/32", Lan, kind: KernelRouteKind.Broadcast), Route("10.1.7.0/24", Lan, "10.1.0.9"),
        ],
    };

    public static TableContents Build(GatewayConfiguration? configuration = null, KernelView? kernel = null) => TableBuilder.Build(new PolicyInputs(configuration ?? Configuration, kernel ?? Kernel));
}
