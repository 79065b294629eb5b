using Appliance.PacketIo;
using Appliance.PacketIo.Bpf;
using Appliance.PacketIo.Tun;
using Appliance.Shared;

namespace Appliance.Supervisor;

/// <summary>Everything of the kernel's that must outlive a worker process: XDP links and maps, TUN devices.</summary>
internal sealed class Doors : IDisposable
{
    private readonly List<XdpDoor> xdp = [];
    private readonly LaunchPlan plan;
    private readonly Dictionary<string, TunDevice> tuns = [];
    private LocalAddressMaps? addresses;
    private MulticastMaps? multicast;
    private string lastProblem = "";

    private Doors(LaunchPlan plan) => this.plan = plan;

    /// <summary>Opens what the plan asks for: TUN devices first, so that their addresses are known before the first XDP program is attached.</summary>
    /// <exception cref="IOException">Something could not be opened; nothing stays open.</exception>
    public static Doors Open(LaunchPlan plan)
    {
        var doors = new Doors(plan);
        try
        {
            Sysctls.CloseMachine();
            foreach (var port in plan.Ports.Where(p => p.Kind == PortKind.Tun)) doors.OpenTun(port);
            if (!plan.Ports.Any(p => p.Kind == PortKind.AfXdp)) return doors;
            doors.addresses = LocalAddressMaps.Create();
            doors.addresses.Set(KernelDevice.LocalAddresses());
            doors.multicast = MulticastMaps.Create();
            foreach (var port in plan.Ports.Where(p => p.Kind == PortKind.AfXdp)) doors.xdp.Add(new XdpDoor(port, doors.addresses, port.Side == PortSide.Protected ? doors.multicast : null));
            return doors;
        }
        catch
        {
            doors.Dispose();
            throw;
        }
    }

    /// <summary>The plan with the mode that each AF_XDP port got, for the data plane.</summary>
    public LaunchPlan Resolve(LaunchPlan plan) => plan with
    {
        Ports = [.. plan.Ports.Select(p => xdp.Find(d => d.Port.Index == p.Index) is { } door ? p with { Mode = door.RunningMode } : p)],
    };

    /// <summary>What the data plane gets: descriptors in order, and the argument that names them by their numbers there (from <paramref name="first"/> on).</summary>
    public (IReadOnlyList<int> Descriptors, string Argument) ForDataPlane(int first)
    {
        var passed = new List<int>();
        var named = new PortDescriptors();
        int Pass(int descriptor)
        {
            var at = passed.IndexOf(descriptor);
            if (at >= 0) return first + at;
            passed.Add(descriptor);
            return first + passed.Count - 1;
        }

        foreach (var door in xdp)
        {
            named.Add(PortDescriptors.Xsk, door.Port.Name, Pass(door.Sockets));
            named.Add(PortDescriptors.Local4, door.Port.Name, Pass(addresses!.Local4.Descriptor));
            named.Add(PortDescriptors.Local6, door.Port.Name, Pass(addresses.Local6.Descriptor));
            if (door.Port.Side != PortSide.Protected) continue;
            named.Add(PortDescriptors.Groups4, door.Port.Name, Pass(multicast!.Groups4.Descriptor));
            named.Add(PortDescriptors.Groups6, door.Port.Name, Pass(multicast.Groups6.Descriptor));
        }

        foreach (var (name, device) in tuns) named.Add(PortDescriptors.Tun, name, [.. device.Descriptors.Select(Pass)]);
        return (passed, named.ToString());
    }

    /// <summary>
    /// Once a second. True when descriptors changed, so that the data plane must be started again: somebody deleted a TUN device. <paramref name="hasMulticast"/>: multicast is wanted, so that
    /// devices inside have to take in all of it.
    /// </summary>
    public bool Watch(bool hasMulticast)
    {
        foreach (var door in xdp) door.Watch(hasMulticast);
        var changed = false;
        foreach (var port in plan.Ports.Where(p => p.Kind == PortKind.Tun && KernelDevice.IndexOf(p.Device!) == 0)) changed |= TryReopen(port);
        return changed;
    }

    /// <summary>XDP programs are detached and TUN devices go.</summary>
    public void Dispose()
    {
        foreach (var door in xdp) door.Dispose();
        foreach (var device in tuns.Values) device.Dispose();
        addresses?.Dispose();
        multicast?.Dispose();
    }

    private bool TryReopen(PortPlan port)
    {
        if (tuns.Remove(port.Name, out var gone)) gone.Dispose();
        try
        {
            OpenTun(port);
            Log.Say($"port {port.Name}: TUN device {port.Device} was deleted; it is made again");
            lastProblem = "";
            return true;
        }
        catch (IOException problem)
        {
            if (problem.Message != lastProblem) Log.Say($"port {port.Name}: {problem.Message}");
            lastProblem = problem.Message;
            return false;
        }
    }

    private void OpenTun(PortPlan port)
    {
        const int defaultMtu = 1500;
        var name = port.Device ?? throw new IOException($"port '{port.Name}' has no device");
        var vpn = plan.Vpn?.Device == name ? plan.Vpn : null;
        var device = TunDevice.Create(name, plan.Workers.Count);
        tuns.Add(port.Name, device);
        Sysctls.CloseDevice(name);
        Sysctls.OpenDoor(name);
        var mtu = vpn?.Mtu ?? port.Mtu;
        device.Configure(mtu == 0 ? defaultMtu : mtu, vpn?.Addresses ?? port.Addresses);
    }
}
