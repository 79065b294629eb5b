using Appliance.PacketIo.AfXdp;
using Appliance.PacketIo.Bpf;
using Appliance.PacketIo.Memory;
using Appliance.PacketIo.Pcap;
using Appliance.PacketIo.Tun;
using Appliance.Shared;

namespace Appliance.PacketIo;

/// <summary>
/// Makes the queues of the ports of a launch plan. Used by the keeper of the data plane; opening takes no frames, so a queue can be opened while workers
/// run, and is then handed to the worker that <see cref="PortQueue.Pool"/> names.
/// </summary>
public sealed class PortFactory : IDisposable
{
    private readonly LaunchPlan plan;
    private readonly PortDescriptors descriptors;
    private readonly FrameExchange exchange;
    private readonly XskMemory xskMemory;
    private readonly Dictionary<string, BpfMap> socketMaps = [];
    private readonly Dictionary<string, IReadOnlyList<PortQueue>> farEnds = [];
    private readonly HashSet<int> takenDescriptors = [];

    /// <summary>A factory over the descriptors that the supervisor handed down.</summary>
    public PortFactory(LaunchPlan plan, PortDescriptors descriptors, FrameExchange exchange)
    {
        this.plan = plan;
        this.descriptors = descriptors;
        this.exchange = exchange;
        xskMemory = new XskMemory(exchange.Memory);
        if (plan.Ports.FirstOrDefault(p => p.Kind == PortKind.AfXdp) is not { } first) return;
        Addresses = LocalAddressMaps.Own(descriptors.Require(PortDescriptors.Local4, first.Name), descriptors.Require(PortDescriptors.Local6, first.Name));
        if (plan.Ports.FirstOrDefault(p => p is { Kind: PortKind.AfXdp, Side: PortSide.Protected }) is not { } inside) return;
        Multicast = MulticastMaps.Own(descriptors.Require(PortDescriptors.Groups4, inside.Name), descriptors.Require(PortDescriptors.Groups6, inside.Name));
    }

    /// <summary>The machine's addresses as the XDP programs know them; null without an AF_XDP port.</summary>
    public LocalAddressMaps? Addresses { get; }

    /// <summary>The multicast addresses that the XDP programs of ports inside hand to workers; null without an AF_XDP port inside.</summary>
    public MulticastMaps? Multicast { get; }

    /// <summary>How a port runs, for <see cref="PortRecord.Mode"/>.</summary>
    public static PortMode ModeOf(PortPlan port) => port.Kind != PortKind.AfXdp ? PortMode.None : port.Mode == PortModeWanted.Generic ? PortMode.Generic : PortMode.Native;

    /// <summary>
    /// Opens all queues of a port: AF_XDP one for each queue of the device, TUN and memory one for each worker, pcap one. After a loss an AF_XDP port
    /// is opened again in the same way once all its queues are closed.
    /// </summary>
    /// <exception cref="IOException">It cannot be opened (yet): the device is missing or busy, a file is not there. The message says what to do.</exception>
    public IReadOnlyList<PortQueue> Open(PortPlan port) => port.Kind switch
    {
        PortKind.AfXdp => OpenAfXdp(port),
        PortKind.Tun => OpenTun(port),
        PortKind.Pcap => [new PcapQueue(exchange.Pools[0], (byte)port.Index, port.FileIn, port.FileOut)],
        PortKind.Memory => OpenMemory(port),
        _ => throw new IOException($"port '{port.Name}' is of an unknown kind"),
    };

    /// <summary>Closes the maps; queues are closed by who has them.</summary>
    public void Dispose()
    {
        Addresses?.Dispose();
        Multicast?.Dispose();
        foreach (var map in socketMaps.Values) map.Dispose();
    }

    private IReadOnlyList<AfXdpQueue> OpenAfXdp(PortPlan port)
    {
        if (!socketMaps.TryGetValue(port.Name, out var map))
            socketMaps[port.Name] = map = BpfMap.Own(descriptors.Require(PortDescriptors.Xsk, port.Name), 4, 4);
        var share = 0.5 / plan.Ports.Count(p => p.Kind == PortKind.AfXdp);
        return AfXdpPort.Open(xskMemory, exchange.Pools, (byte)port.Index, port.Device ?? "", ModeOf(port), map, share);
    }

    private List<TunQueue> OpenTun(PortPlan port)
    {
        var found = descriptors.Find(PortDescriptors.Tun, port.Name);
        if (found.Count == 0) throw new IOException($"the supervisor handed down no descriptor tun/{port.Name}: start the product with `appliance run`");
        if (!takenDescriptors.Add(port.Index)) throw new IOException($"TUN device {port.Device} is gone: restart the instance to have it made again");
        return [.. found.Take(exchange.Workers).Select((descriptor, worker) => new TunQueue(exchange.Pools[worker], (byte)port.Index, descriptor))];
    }

    private IReadOnlyList<PortQueue> OpenMemory(PortPlan port)
    {
        if (farEnds.Remove(port.Name, out var mine)) return mine;
        var peer = plan.Ports.FirstOrDefault(p => p.Kind == PortKind.Memory && p.Name == port.Peer && p != port)
            ?? throw new IOException($"memory port '{port.Name}': its peer '{port.Peer}' is no other memory port");
        var near = new List<PortQueue>();
        var far = new List<PortQueue>();
        foreach (var pool in exchange.Pools)
        {
            var (a, b) = MemoryQueue.Link(pool, (byte)port.Index, pool, (byte)peer.Index);
            near.Add(a);
            far.Add(b);
        }

        farEnds[peer.Name] = far;
        return near;
    }
}
