using Appliance.Shared;

namespace Appliance.Policy;

/// <summary>Ports of the configuration joined with the kernel's devices.</summary>
internal sealed class PortMap
{
    private readonly Dictionary<uint, PortContents> byLink = [];
    private readonly HashSet<uint> vpnLinks = [], withoutCarrier;
    private readonly bool hasDoor;

    public PortMap(GatewayConfiguration configuration, KernelView kernel)
    {
        hasDoor = configuration.Vpn is not null;
        withoutCarrier = [.. kernel.Links.Where(l => !l.HasCarrier).Select(l => l.Index)];
        var ports = new List<PortContents>();
        if (configuration.Vpn is { } vpn) ports.Add(Join(0, vpn.Device, PortKind.Tun, PortSide.Protected, vpn.Device, kernel));
        for (var i = 0; i < configuration.Ports.Count; i++)
        {
            var port = configuration.Ports[i];
            ports.Add(Join((byte)configuration.RegionIndex(i), port.Name, port.Kind, port.Side, port.Device, kernel));
        }

        foreach (var (tunnel, own, index) in configuration.Interfaces)
            ports.Add(Join((byte)index, own.Device, PortKind.Tun, PortSide.Protected, own.Device, kernel) with { Tunnel = tunnel.Name });
        All = ports;
        foreach (var port in ports)
        {
            if (port.InterfaceIndex == 0) continue;
            if (configuration.Vpn is not null && port.Index == 0) vpnLinks.Add(port.InterfaceIndex);
            else byLink[port.InterfaceIndex] = port;
        }
    }

    /// <summary>Ports by index in the region.</summary>
    public IReadOnlyList<PortContents> All { get; }

    /// <summary>The port of a device that packets are forwarded by; null for the host's own door and for devices that are not ours.</summary>
    public PortContents? OfLink(uint link) => byLink.GetValueOrDefault(link);

    /// <summary>True for the host's own door, be its device there or not.</summary>
    public bool IsDoor(PortContents port) => hasDoor && port.Index == 0;

    /// <summary>True for the host's own door.</summary>
    public bool IsVpn(uint link) => vpnLinks.Contains(link);

    /// <summary>Whether the other end of a device is there.</summary>
    public bool HasCarrier(uint link) => !withoutCarrier.Contains(link);

    /// <summary>The tunnel whose interface a device is; null for any other device.</summary>
    public string? TunnelOf(uint link) => OfLink(link)?.Tunnel;

    private static PortContents Join(byte index, string name, PortKind kind, PortSide side, string device, KernelView kernel)
    {
        var link = device.Length > 0 ? kernel.Links.FirstOrDefault(l => l.Name == device) : null;
        if (link is null) return new PortContents(index, name, kind, side, device.Length > 0 ? (ushort)0 : (ushort)1500, 0, 0, default, default);
        var own = kernel.Addresses.Where(a => a.Link == link.Index && !AddressScope.IsLinkLocal(a.Address)).Select(a => a.Address).ToList();
        return new PortContents(index, name, kind, side, (ushort)Math.Clamp(link.Mtu, 0, ushort.MaxValue), link.Index, link.Mac,
            own.FirstOrDefault(a => a.IsV4), own.FirstOrDefault(a => !a.IsV4));
    }
}
