using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Appliance.Shared;

/// <summary>
/// A UDP socket on a port of every address of a family, which says of each datagram to which address it came and with which TTL or hop limit (RFC 5881 §5 asks for that). It only
/// receives; it neither blocks nor throws.
/// </summary>
public sealed unsafe partial class HopSocket : IDisposable
{
    /// <summary>What <see cref="Receive"/> returns when nothing is there.</summary>
    public const int Nothing = -1;

    private const int Inet = 2, Inet6 = 10, Datagram = 2, CloseOnExec = 0x80000, NonBlocking = 0x800, DontWait = 0x40, AddressSize = 28, ControlSize = 128;
    private const int SocketLevel = 1, ReceiveBuffer = 8, ReceiveBufferForce = 33;
    private const int IpLevel = 0, IpTtl = 2, IpPacketInfo = 8, IpReceiveTtl = 12;
    private const int Ipv6Level = 41, Ipv6Only = 26, Ipv6ReceivePacketInfo = 49, Ipv6PacketInfo = 50, Ipv6ReceiveHopLimit = 51, Ipv6HopLimit = 52;
    private readonly SafeFileHandle handle;
    private readonly bool v6;

    private HopSocket(SafeFileHandle handle, bool v6)
    {
        this.handle = handle;
        this.v6 = v6;
        Descriptor = (int)handle.DangerousGetHandle();
    }

    /// <summary>Becomes readable when a datagram is there.</summary>
    public int Descriptor { get; }

    /// <summary>Opens and binds a socket.</summary>
    /// <param name="v6">IPv6, else IPv4.</param>
    /// <param name="port">The port.</param>
    /// <param name="bufferOctets">Octets that may wait in the kernel.</param>
    /// <param name="problem">What the kernel said, when there is no socket.</param>
    public static HopSocket? Open(bool v6, int port, int bufferOctets, out string problem)
    {
        problem = "";
        var opened = socket(v6 ? Inet6 : Inet, Datagram | CloseOnExec | NonBlocking, 0);
        if (opened >= 0)
        {
            var handle = new SafeFileHandle(opened, ownsHandle: true);
            if (!Option(opened, SocketLevel, ReceiveBufferForce, bufferOctets)) _ = Option(opened, SocketLevel, ReceiveBuffer, bufferOctets);
            var told = v6
                ? Option(opened, Ipv6Level, Ipv6Only, 1) && Option(opened, Ipv6Level, Ipv6ReceivePacketInfo, 1) && Option(opened, Ipv6Level, Ipv6ReceiveHopLimit, 1)
                : Option(opened, IpLevel, IpPacketInfo, 1) && Option(opened, IpLevel, IpReceiveTtl, 1);
            var address = stackalloc byte[AddressSize];
            new Span<byte>(address, AddressSize).Clear();
            *(ushort*)address = (ushort)(v6 ? Inet6 : Inet);
            BinaryPrimitives.WriteUInt16BigEndian(new Span<byte>(address + 2, 2), (ushort)port);
            if (told && bind(opened, address, v6 ? AddressSize : 16u) == 0) return new HopSocket(handle, v6);
            problem = LinuxCall.LastError();
            handle.Dispose();
            return null;
        }

        problem = LinuxCall.LastError();
        return null;
    }

    /// <summary>
    /// Takes a datagram: its length, or <see cref="Nothing"/>. What does not fit into the buffer is cut off. A link-local address comes with its link as scope; a datagram of which the kernel
    /// does not tell address or TTL has TTL 0.
    /// </summary>
    public int Receive(Span<byte> buffer, out IPAddress local, out IPAddress remote, out int ttl)
    {
        (local, remote, ttl) = (v6 ? IPAddress.IPv6Any : IPAddress.Any, v6 ? IPAddress.IPv6Any : IPAddress.Any, 0);
        var address = stackalloc byte[AddressSize];
        var control = stackalloc byte[ControlSize];
        fixed (byte* start = buffer)
        {
            var part = new SocketPart { Start = start, Length = (nuint)buffer.Length };
            var message = new SocketMessage { Name = address, NameLength = AddressSize, Parts = &part, PartCount = 1, Control = control, ControlLength = ControlSize };
            var received = recvmsg(Descriptor, &message, DontWait);
            if (received < 0) return Nothing;
            remote = v6 ? new IPAddress(new ReadOnlySpan<byte>(address + 8, 16), *(uint*)(address + 24)) : new IPAddress(new ReadOnlySpan<byte>(address + 4, 4));
            Told(new ReadOnlySpan<byte>(control, (int)message.ControlLength), ref local, ref ttl);
            return (int)received;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => handle.Dispose();

    // struct cmsghdr: length (8), level (4), type (4); each starts at a multiple of 8.
    private static void Told(ReadOnlySpan<byte> control, ref IPAddress local, ref int ttl)
    {
        const int head = 16;
        while (control.Length >= head)
        {
            var length = (int)Math.Min(BitConverter.ToUInt64(control), (ulong)control.Length);
            if (length < head) return;
            var data = control[head..length];
            switch (BitConverter.ToInt32(control[8..]), BitConverter.ToInt32(control[12..]))
            {
                case (IpLevel, IpTtl) or (Ipv6Level, Ipv6HopLimit) when data.Length >= 4:
                    ttl = BitConverter.ToInt32(data);
                    break;
                case (IpLevel, IpPacketInfo) when data.Length >= 12:
                    local = new IPAddress(data.Slice(8, 4));
                    break;
                case (Ipv6Level, Ipv6PacketInfo) when data.Length >= 20:
                    local = new IPAddress(data[..16]);
                    if (local.IsIPv6LinkLocal) local.ScopeId = BitConverter.ToUInt32(data[16..]);
                    break;
            }

            var next = (length + 7) & ~7;
            if (next >= control.Length) return;
            control = control[next..];
        }
    }

    private static bool Option(int descriptor, int level, int name, int value) => setsockopt(descriptor, level, name, &value, sizeof(int)) == 0;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int family, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int bind(int descriptor, byte* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setsockopt(int descriptor, int level, int name, int* value, uint length);

    [LibraryImport("libc")]
    private static partial nint recvmsg(int descriptor, SocketMessage* message, int flags);
}
