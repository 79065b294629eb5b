using Appliance.PacketIo;
using Appliance.PacketIo.Bpf;
using Appliance.Shared;

namespace Appliance.Supervisor;

/// <summary>One AF_XDP port's program, link and maps. They outlive the data plane: while it is away the program drops what is to be forwarded.</summary>
internal sealed class XdpDoor : IDisposable
{
    private readonly SteeringMaps maps;
    private readonly XdpProgram program;
    private XdpLink? link;
    private AllMulticast? allMulticast;
    private string lastProblem = "";

    public XdpDoor(PortPlan port, LocalAddressMaps addresses, MulticastMaps? multicast)
    {
        Port = port;
        Device = port.Device ?? throw new IOException($"port '{port.Name}' has no device");
        maps = SteeringMaps.Create(addresses, multicast);
        program = maps.LoadSteer();
        Attach();
    }

    /// <summary>The port, with the mode that it runs in.</summary>
    public PortPlan Port { get; private set; }

    public string Device { get; }

    /// <summary>Descriptor of the socket map, for the data plane.</summary>
    public int Sockets => maps.Xsk.Descriptor;

    /// <summary>Once a second: attaches again when the device was deleted and made again, and follows its link-layer address. With multicast a device inside takes in all of it.</summary>
    public void Watch(bool hasMulticast)
    {
        if (link is { IsDevicePresent: true })
        {
            if (hasMulticast && Port.Side == PortSide.Protected) allMulticast ??= AllMulticast.TryOpen(Device);
            maps.SetMac(KernelDevice.MacOf(Device));
            return;
        }

        if (link != null) Log.Say($"port {Port.Name}: device {Device} is gone; its port comes back when it does");
        link?.Dispose();
        link = null;
        allMulticast?.Dispose();
        allMulticast = null;
        if (KernelDevice.IndexOf(Device) == 0) return;
        try
        {
            Attach();
            lastProblem = "";
            Log.Say($"port {Port.Name}: device {Device} is back");
        }
        catch (IOException problem)
        {
            if (problem.Message != lastProblem) Log.Say($"port {Port.Name}: {problem.Message}");
            lastProblem = problem.Message;
        }
    }

    public void Dispose()
    {
        allMulticast?.Dispose();
        link?.Dispose();
        program.Dispose();
        maps.Dispose();
    }

    private void Attach()
    {
        Sysctls.CloseDevice(Device);
        maps.SetMac(KernelDevice.MacOf(Device));
        link = XdpLink.Attach(program, Device, Port.Mode switch
        {
            PortModeWanted.Native => PortMode.Native,
            PortModeWanted.Generic => PortMode.Generic,
            _ => PortMode.None,
        });
    }

    /// <summary>The mode that came out of "auto".</summary>
    public PortModeWanted RunningMode => link?.Mode == PortMode.Generic ? PortModeWanted.Generic : PortModeWanted.Native;
}
