using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Appliance.SlowPath.Netlink;

/// <summary>A socket of NETLINK_ROUTE.</summary>
internal sealed class NetlinkSocket : IDisposable
{
    /// <summary>What <see cref="Receive"/> returns when the kernel had to throw messages away: what was mirrored is stale.</summary>
    public const int Overrun = -1;

    /// <summary>What <see cref="Receive"/> returns when nothing came in time.</summary>
    public const int Nothing = 0;

    private const int Family = 16, Raw = 3, CloseOnExec = 0x80000, RouteProtocol = 0, SocketLevel = 1, ReceiveBuffer = 8, ReceiveTimeout = 20, NetlinkLevel = 270, ExtendedAcknowledge = 11, CapAcknowledge = 10;
    private const int WouldBlock = 11, Interrupted = 4, NoBuffers = 105;
    private readonly SafeFileHandle handle;
    private readonly int descriptor;

    /// <summary>Opens a socket that hears the groups given (0 for none).</summary>
    /// <exception cref="IOException">The kernel refused.</exception>
    public NetlinkSocket(uint groups, int timeoutMilliseconds)
    {
        descriptor = socket(Family, Raw | CloseOnExec, RouteProtocol);
        if (descriptor < 0) throw Failed("a netlink socket");
        handle = new SafeFileHandle(descriptor, ownsHandle: true);
        var size = 1 << 20;
        _ = setsockopt(descriptor, SocketLevel, ReceiveBuffer, ref size, sizeof(int));
        var on = 1;
        _ = setsockopt(descriptor, NetlinkLevel, ExtendedAcknowledge, ref on, sizeof(int));
        _ = setsockopt(descriptor, NetlinkLevel, CapAcknowledge, ref on, sizeof(int));
        var time = new TimeValue { Seconds = timeoutMilliseconds / 1000, Microseconds = timeoutMilliseconds % 1000 * 1000 };
        if (setsockopt(descriptor, SocketLevel, ReceiveTimeout, ref time, Marshal.SizeOf<TimeValue>()) != 0) throw Failed("a netlink time limit");
        var address = new SocketAddress { Family = Family, Groups = groups };
        if (bind(descriptor, ref address, Marshal.SizeOf<SocketAddress>()) != 0) throw Failed("binding a netlink socket");
    }

    /// <summary>Sends one datagram to the kernel.</summary>
    /// <exception cref="IOException">The kernel refused.</exception>
    public void Send(ReadOnlySpan<byte> datagram)
    {
        if (send(descriptor, in MemoryMarshal.GetReference(datagram), datagram.Length, 0) != datagram.Length) throw Failed("sending to netlink");
    }

    /// <summary>Octets received, <see cref="Nothing"/> or <see cref="Overrun"/>.</summary>
    /// <exception cref="IOException">The socket is broken.</exception>
    public int Receive(Span<byte> buffer)
    {
        var length = (int)recv(descriptor, ref MemoryMarshal.GetReference(buffer), buffer.Length, 0);
        if (length >= 0) return length;
        return Marshal.GetLastPInvokeError() switch
        {
            WouldBlock or Interrupted => Nothing,
            NoBuffers => Overrun,
            _ => throw Failed("receiving from netlink"),
        };
    }

    public void Dispose() => handle.Dispose();

    private static IOException Failed(string what) => new($"{what}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");

    [DllImport("libc", SetLastError = true)]
    private static extern int socket(int family, int type, int protocol);

    [DllImport("libc", SetLastError = true)]
    private static extern int bind(int descriptor, ref SocketAddress address, int length);

    [DllImport("libc", SetLastError = true)]
    private static extern int setsockopt(int descriptor, int level, int name, ref int value, int length);

    [DllImport("libc", SetLastError = true)]
    private static extern int setsockopt(int descriptor, int level, int name, ref TimeValue value, int length);

    [DllImport("libc", SetLastError = true)]
    private static extern nint send(int descriptor, in byte octets, nint length, int flags);

    [DllImport("libc", SetLastError = true)]
    private static extern nint recv(int descriptor, ref byte octets, nint length, int flags);

    [StructLayout(LayoutKind.Sequential)]
    private struct SocketAddress
    {
        public ushort Family;
        public ushort Padding;
        public uint Port;
        public uint Groups;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeValue
    {
        public long Seconds;
        public long Microseconds;
    }
}
