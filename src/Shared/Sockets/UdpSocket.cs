using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Appliance.Shared;

/// <summary>
/// A UDP socket bound to one address and port. Neither direction blocks or throws, and nothing is allocated but the peer's endpoint: a flood of datagrams that cannot be
/// answered costs a system call each, not an exception each. One thread may receive while another sends.
/// </summary>
public sealed unsafe partial class UdpSocket : IDisposable
{
    /// <summary>What <see cref="Receive"/> returns when nothing is there.</summary>
    public const int Nothing = -1;

    private const int Inet = 2, Inet6 = 10, Datagram = 2, CloseOnExec = 0x80000, NonBlocking = 0x800, DontWait = 0x40, AddressSize = 28;
    private const int SocketLevel = 1, SendBuffer = 7, ReceiveBuffer = 8, SendBufferForce = 32, ReceiveBufferForce = 33, SocketMark = 36;
    private const int IpLevel = 0, IpMtuDiscover = 10, Ipv6Level = 41, Ipv6MtuDiscover = 23, Ipv6Only = 26;
    private const int IpTos = 1, IpTtl = 2, Ipv6UnicastHops = 16, Ipv6TrafficClass = 67;
    private readonly SafeFileHandle handle;
    private readonly int descriptor;

    private UdpSocket(SafeFileHandle handle, IPEndPoint local)
    {
        this.handle = handle;
        descriptor = (int)handle.DangerousGetHandle();
        Local = local;
    }

    /// <summary>Becomes readable when a datagram is there.</summary>
    public int Descriptor => descriptor;

    /// <summary>Where it is bound.</summary>
    public IPEndPoint Local { get; }

    /// <summary>Opens and binds a socket. Its datagrams go without DF: what is too big for the path is fragmented.</summary>
    /// <param name="local">Address and port; port 0 for any that is free.</param>
    /// <param name="mark">What the kernel's routing rules see its datagrams by (SO_MARK, needs CAP_NET_ADMIN; without it they go unmarked); 0 for nothing.</param>
    /// <param name="bufferOctets">Octets that may wait in the kernel, each way.</param>
    /// <param name="problem">What the kernel said, when there is no socket.</param>
    public static UdpSocket? Open(IPEndPoint local, uint mark, int bufferOctets, out string problem)
    {
        problem = "";
        var v6 = IsV6(local);
        var opened = socket(v6 ? Inet6 : Inet, Datagram | CloseOnExec | NonBlocking, 0);
        if (opened >= 0)
        {
            var handle = new SafeFileHandle(opened, ownsHandle: true);
            Buffers(opened, bufferOctets);
            _ = Option(opened, v6 ? Ipv6Level : IpLevel, v6 ? Ipv6MtuDiscover : IpMtuDiscover, 0);
            if (v6) _ = Option(opened, Ipv6Level, Ipv6Only, 1);
            if (mark != 0) _ = Option(opened, SocketLevel, SocketMark, (int)mark);
            var address = stackalloc byte[AddressSize];
            var length = (uint)Write(local, new Span<byte>(address, AddressSize));
            if (bind(opened, address, length) == 0 && getsockname(opened, address, &length) == 0) return new UdpSocket(handle, Read(address));
            problem = LinuxCall.LastError();
            handle.Dispose();
            return null;
        }

        problem = LinuxCall.LastError();
        return null;
    }

    /// <summary>TTL or hop limit, and traffic class, of what goes out; false when the kernel refuses.</summary>
    public bool SetHops(int hops, int trafficClass) => IsV6(Local)
        ? Option(descriptor, Ipv6Level, Ipv6UnicastHops, hops) && Option(descriptor, Ipv6Level, Ipv6TrafficClass, trafficClass)
        : Option(descriptor, IpLevel, IpTtl, hops) && Option(descriptor, IpLevel, IpTos, trafficClass);

    /// <summary>Takes a datagram: its length, or <see cref="Nothing"/>. What does not fit into the buffer is cut off: give 64 KiB.</summary>
    public int Receive(Span<byte> buffer, out IPEndPoint remote)
    {
        var address = stackalloc byte[AddressSize];
        uint length = AddressSize;
        remote = Local;
        fixed (byte* start = buffer)
        {
            var received = recvfrom(descriptor, start, (nuint)buffer.Length, DontWait, address, &length);
            if (received < 0) return Nothing;
            remote = Read(address);
            return (int)received;
        }
    }

    /// <summary>Sends a datagram of two parts, one after the other. False when the kernel does not take it (no room, no route, another family).</summary>
    public bool Send(IPEndPoint remote, ReadOnlySpan<byte> head, ReadOnlySpan<byte> octets)
    {
        if (IsV6(remote) != IsV6(Local)) return false;
        var address = stackalloc byte[AddressSize];
        var length = (uint)Write(remote, new Span<byte>(address, AddressSize));
        fixed (byte* first = head, second = octets)
        {
            var parts = stackalloc SocketPart[2];
            parts[0] = new SocketPart { Start = first, Length = (nuint)head.Length };
            parts[1] = new SocketPart { Start = second, Length = (nuint)octets.Length };
            var message = new SocketMessage { Name = address, NameLength = length, Parts = parts, PartCount = 2 };
            return sendmsg(descriptor, &message, DontWait) >= 0;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => handle.Dispose();

    private static bool IsV6(IPEndPoint endpoint) => endpoint.AddressFamily == AddressFamily.InterNetworkV6;

    // Beyond the system's limit where we may (CAP_NET_ADMIN), else up to it.
    private static void Buffers(int descriptor, int octets)
    {
        if (!Option(descriptor, SocketLevel, ReceiveBufferForce, octets)) _ = Option(descriptor, SocketLevel, ReceiveBuffer, octets);
        if (!Option(descriptor, SocketLevel, SendBufferForce, octets)) _ = Option(descriptor, SocketLevel, SendBuffer, octets);
    }

    private static bool Option(int descriptor, int level, int name, int value) => setsockopt(descriptor, level, name, &value, sizeof(int)) == 0;

    /// <summary>Writes sockaddr_in or sockaddr_in6 and says how long it is.</summary>
    private static int Write(IPEndPoint endpoint, Span<byte> address)
    {
        var v6 = IsV6(endpoint);
        address.Clear();
        BitConverter.TryWriteBytes(address, (ushort)(v6 ? Inet6 : Inet));
        BinaryPrimitives.WriteUInt16BigEndian(address[2..], (ushort)endpoint.Port);
        endpoint.Address.TryWriteBytes(address[(v6 ? 8 : 4)..], out _);
        if (v6) BitConverter.TryWriteBytes(address[24..], (uint)endpoint.Address.ScopeId);
        return v6 ? AddressSize : 16;
    }

    private static IPEndPoint Read(byte* start)
    {
        var address = new ReadOnlySpan<byte>(start, AddressSize);
        var port = BinaryPrimitives.ReadUInt16BigEndian(address[2..]);
        return BitConverter.ToUInt16(address) == Inet6
            ? new IPEndPoint(new IPAddress(address.Slice(8, 16), BitConverter.ToUInt32(address[24..])), port)
            : new IPEndPoint(new IPAddress(address.Slice(4, 4)), port);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int family, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int bind(int descriptor, byte* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getsockname(int descriptor, byte* address, uint* length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setsockopt(int descriptor, int level, int name, int* value, uint length);

    [LibraryImport("libc")]
    private static partial nint recvfrom(int descriptor, byte* octets, nuint length, int flags, byte* address, uint* addressLength);

    [LibraryImport("libc")]
    private static partial nint sendmsg(int descriptor, SocketMessage* message, int flags);
}
