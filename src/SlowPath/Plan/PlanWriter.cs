using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Plan;

/// <summary>From a configuration to what the supervisor must know before it starts anything.</summary>
internal static class PlanWriter
{
    /// <summary>The launch plan, with paths below <see cref="RuntimePaths.Base"/>.</summary>
    public static LaunchPlan Plan(GatewayConfiguration configuration)
    {
        var ports = new List<PortPlan>();
        if (configuration.Vpn is { } vpn)
            ports.Add(new PortPlan
            {
                Index = 0, Name = vpn.Device, Kind = PortKind.Tun, Device = vpn.Device, Side = PortSide.Protected, Queues = configuration.Workers.Count,
                Mtu = vpn.Mtu, Addresses = Text(vpn.Addresses),
            });
        for (var i = 0; i < configuration.Ports.Count; i++) ports.Add(Port(configuration.Ports[i], configuration.RegionIndex(i), configuration.Workers.Count));
        ports.AddRange(configuration.Interfaces.Select(i => new PortPlan
        {
            Index = i.Index, Name = i.Interface.Device, Kind = PortKind.Tun, Device = i.Interface.Device, Side = PortSide.Protected, Queues = configuration.Workers.Count,
            Mtu = i.Interface.Mtu, Addresses = Text(i.Interface.Addresses), Tunnel = i.Tunnel.Name,
        }));
        return new LaunchPlan
        {
            Instance = configuration.Instance,
            Runtime = RuntimePaths.For(configuration.Instance).Directory,
            Workers = configuration.Workers,
            Region = configuration.Region,
            FramesPerWorker = configuration.Frames,
            JumboPerWorker = configuration.JumboFrames,
            CryptoTier = configuration.CryptoTier,
            SpinMicroseconds = configuration.SpinMicroseconds,
            Ports = ports,
            Vpn = configuration.Vpn is { } door ? new VpnPlan { Device = door.Device, Mtu = door.Mtu, Addresses = Text(door.Addresses) } : null,
        };
    }

    private static PortPlan Port(PortConfiguration port, int index, int workers) => new()
    {
        Index = index,
        Name = port.Name,
        Kind = port.Kind,
        Device = port.Device.Length > 0 ? port.Device : null,
        Side = port.Side,
        Mode = port.Mode switch { "native" => PortModeWanted.Native, "generic" => PortModeWanted.Generic, _ => PortModeWanted.Auto },
        Queues = port.Kind == PortKind.Tun ? workers : 0,
        Addresses = Text(port.Addresses),
        FileIn = port.ReadFile.Length > 0 ? port.ReadFile : null,
        FileOut = port.WriteFile.Length > 0 ? port.WriteFile : null,
        Peer = port.Peer.Length > 0 ? port.Peer : null,
    };

    private static List<string> Text(IReadOnlyList<InterfaceAddress> addresses) => addresses.Select(a => a.ToString()).ToList();
}
