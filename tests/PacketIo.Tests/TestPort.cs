using System.Diagnostics;
using Appliance.PacketIo.AfXdp;
using Appliance.PacketIo.Bpf;
using Appliance.Shared;

namespace Appliance.PacketIo.Tests;

/// <summary>An AF_XDP port with its steering program, as supervisor and data plane make it together.</summary>
public sealed class TestPort : IDisposable
{
    private readonly LocalAddressMaps addresses = LocalAddressMaps.Create();
    private readonly SteeringMaps maps;
    private readonly XdpProgram program;
    private readonly XdpLink link;

    public TestPort(FrameMemory memory, FramePool pool, string device, PortMode mode, XskMemory? umem = null)
    {
        Memory = memory;
        Pool = pool;
        Umem = umem ?? new XskMemory(memory);
        maps = SteeringMaps.Create(addresses);
        program = maps.LoadSteer();
        link = XdpLink.Attach(program, device, mode);
        Queues = Open();
        Poll();
    }

    public FrameMemory Memory { get; }

    public FramePool Pool { get; }

    public XskMemory Umem { get; }

    public IReadOnlyList<AfXdpQueue> Queues { get; }

    public IReadOnlyList<AfXdpQueue> Open() => AfXdpPort.Open(Umem, [Pool], 0, link.Device, link.Mode, maps.Xsk);

    public void Poll()
    {
        foreach (var queue in Queues) queue.Poll();
    }

    /// <summary>Receives until there are that many or time is over.</summary>
    public List<Packet> Receive(int count, int milliseconds = 2000)
    {
        var received = new List<Packet>();
        var batch = new Packet[64];
        var time = Stopwatch.StartNew();
        while (received.Count < count && time.ElapsedMilliseconds < milliseconds)
        {
            foreach (var queue in Queues)
            {
                queue.Poll();
                received.AddRange(batch.AsSpan(0, queue.Receive(batch)));
            }
        }

        return received;
    }

    /// <summary>What arrives at the other end once this one was polled.</summary>
    public byte[] AwaitOn(RawSocket wire)
    {
        Poll();
        return wire.Receive() ?? throw new TimeoutException("nothing arrived");
    }

    public void Dispose()
    {
        foreach (var queue in Queues) queue.Dispose();
        link.Dispose();
        program.Dispose();
        maps.Dispose();
        addresses.Dispose();
    }
}
