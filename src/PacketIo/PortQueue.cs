using Appliance.Shared;

namespace Appliance.PacketIo;

/// <summary>
/// One queue of a port, used by one worker. Packets are leases of frames of the worker's pool, taken and given back in pairs:
/// <see cref="Receive"/> leases packets to the caller; <see cref="Send"/> takes leases over from it; who holds a lease gives the frame back to the pool exactly once.
/// The same shape fits Wintun: Receive copies out of WintunReceivePacket and releases it, Send is WintunAllocateSendPacket, a copy and WintunSendPacket.
/// Calls are per batch, so a virtual call is not per packet. None of these allocates, blocks (but for <see cref="Poll"/>'s system calls) or throws.
/// </summary>
public abstract class PortQueue : IDisposable
{
    /// <summary>A queue whose packets live in <paramref name="pool"/>'s frames.</summary>
    protected PortQueue(FramePool pool, byte port)
    {
        Pool = pool;
        Port = port;
    }

    /// <summary>The worker's pool.</summary>
    public FramePool Pool { get; }

    /// <summary>Index of the port in the region; <see cref="Packet.InPort"/> of what it receives.</summary>
    public byte Port { get; }

    /// <summary>Descriptor that becomes readable when packets arrive while the worker sleeps; -1 when the queue must be asked.</summary>
    public abstract int Descriptor { get; }

    /// <summary>True once the device is gone; the keeper closes the queue and tries to open it again.</summary>
    public abstract bool IsLost { get; }

    /// <summary>Packets dropped in front of <see cref="Receive"/>: by the kernel for want of descriptors, or here for want of frames. May cost a system call.</summary>
    public virtual ulong Missed => 0;

    /// <summary>Takes up to a batch of packets; at least <see cref="FrameMemory.Headroom"/> - 14 octets are free in front of each. Returns how many.</summary>
    public abstract int Receive(Span<Packet> batch);

    /// <summary>
    /// Takes packets over for sending, from the first on; returns how many. The rest stay the caller's (transmit ring full).
    /// A packet longer than a frame stands in one jumbo run.
    /// </summary>
    public abstract int Send(ReadOnlySpan<Packet> batch);

    /// <summary>Once each time round the loop: wakes the kernel up when it asks for that, refills what receives, gives back the frames of what was sent.</summary>
    public abstract void Poll();

    /// <summary>Before the worker sleeps: says whether packets are waiting, and arms the wake-up.</summary>
    public abstract bool HasPending();

    /// <summary>Closes the queue. Frames that it holds go back to the pool.</summary>
    public void Dispose()
    {
        Close();
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes the device and gives back every frame.</summary>
    protected abstract void Close();
}
