using Appliance.Shared;

namespace Appliance.PacketIo.AfXdp;

/// <summary>
/// The frame memory of the process as the kernel knows it. The first socket of a mode registers it, the others share the registration (XDP_SHARED_UMEM), whatever their
/// device and queue. Where sharing is refused (drivers differ) the same memory is registered once more: frames keep their addresses, so packets still go
/// from port to port without a copy. Used by the keeper only.
/// </summary>
public sealed class XskMemory(FrameMemory memory)
{
    private const int BusyMilliseconds = 200, BusyPause = 5;

    /// <summary>Octets of a packet that always fit one frame.</summary>
    private const int OneFrame = FrameMemory.FrameSize - FrameMemory.Headroom - 18;

    private readonly List<XskSocket> open = [];

    /// <summary>The memory.</summary>
    public FrameMemory Memory { get; } = memory;

    /// <summary>Opens a socket on one queue: zero-copy where driver and <paramref name="mode"/> allow it, with chains of buffers where the kernel does.</summary>
    /// <exception cref="IOException">Every way was refused; the message has the last reason.</exception>
    internal XskSocket Open(string device, int queue, PortMode mode, int ringSize)
    {
        var index = KernelDevice.IndexOf(device);
        if (index == 0) throw new IOException($"no device '{device}'");
        open.RemoveAll(s => s.Descriptor < 0);
        var error = 0;
        var step = "";
        var needsChains = KernelDevice.MtuOf(device) > OneFrame;
        foreach (var wanted in (ReadOnlySpan<XskMode>)[new(true, true), new(true, false), new(false, true), new(false, false)])
        {
            if (wanted.ZeroCopy && (mode == PortMode.Generic || (needsChains && !wanted.MultiBuffer))) continue;
            var socket = Attempt(index, queue, wanted, (uint)ringSize, out error, out step);
            if (socket == null && error is Errno.NoDevice or Errno.NetworkDown) break;
            if (socket == null) continue;
            open.Add(socket);
            return socket;
        }

        throw new IOException($"cannot open AF_XDP on {device} queue {queue} ({step}): {Libc.Describe(error)}. " + Hint(error, device));
    }

    private XskSocket? Attempt(uint index, int queue, XskMode wanted, uint ringSize, out int error, out string step)
    {
        // A queue that was closed a moment ago is busy for some tens of milliseconds.
        var end = Environment.TickCount64 + BusyMilliseconds;
        while (true)
        {
            var sibling = open.Find(s => s.Mode == wanted && s.Wake() == 0);
            var socket = sibling == null ? null : XskSocket.TryOpen(Memory, index, queue, wanted, ringSize, sibling, out _, out _);
            error = 0;
            step = "";
            socket ??= XskSocket.TryOpen(Memory, index, queue, wanted, ringSize, null, out error, out step);
            if (socket != null || error != Errno.Busy || Environment.TickCount64 >= end) return socket;
            Thread.Sleep(BusyPause);
        }
    }

    private static string Hint(int error, string device) => error switch
    {
        1 => "Run as root (CAP_NET_RAW).",
        Errno.Busy => $"Another program has an AF_XDP socket on this queue of {device}: stop it.",
        Errno.NoBuffers or Errno.NoMemory => "Raise the memory lock limit (ulimit -l, LimitMEMLOCK), or give the process CAP_IPC_LOCK.",
        Errno.NetworkDown => $"Bring it up: ip link set {device} up.",
        97 => "The kernel has no AF_XDP: it must be 6.1 or newer with CONFIG_XDP_SOCKETS.",
        _ => "See `dmesg` and `ethtool -i` for what the driver does.",
    };
}
