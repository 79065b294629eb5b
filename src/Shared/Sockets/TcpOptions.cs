using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace Appliance.Shared;

/// <summary>TCP sockets as routing protocols want them, and the options for it that the BCL has no name for (linux/tcp.h, linux/in.h, linux/in6.h).</summary>
public static partial class TcpOptions
{
    /// <summary>Octets of a TCP-MD5 key that the kernel takes (TCP_MD5SIG_MAXKEYLEN).</summary>
    public const int LongestKey = 80;

    /// <summary>TTL or hop limit that cannot have been forwarded (RFC 5082 §3).</summary>
    public const int HighestTtl = 255;

    private const int SocketLevel = 1, BindToDevice = 25, IpLevel = 0, IpTtl = 2, IpMinTtl = 21, Ipv6Level = 41, UnicastHops = 16, Ipv6MinHops = 73;
    private const int TcpLevel = 6, Md5Signature = 14, Md5SignatureExtended = 32, Md5FlagPrefix = 1;
    private const int AddressOffset = 0, FlagsOffset = 128, PrefixOffset = 129, LengthOffset = 130, KeyOffset = 136, Md5Size = KeyOffset + LongestKey;

    /// <summary>A socket that sends at once what it is given; an IPv6 one takes no IPv4.</summary>
    /// <exception cref="SocketException">The kernel has none.</exception>
    public static Socket Open(AddressFamily family)
    {
        var socket = new Socket(family, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (family == AddressFamily.InterNetworkV6) socket.DualMode = false;
        return socket;
    }

    /// <summary>TTL or hop limit of what goes out.</summary>
    /// <exception cref="SocketException">The kernel refused it.</exception>
    public static void SetTtl(Socket socket, int ttl)
    {
        ArgumentNullException.ThrowIfNull(socket);
        Set(socket, IsV6(socket) ? Ipv6Level : IpLevel, IsV6(socket) ? UnicastHops : IpTtl, ttl);
    }

    /// <summary>Segments that come with a lower TTL or hop limit are dropped (the Generalized TTL Security Mechanism, RFC 5082); 0 for no check.</summary>
    /// <exception cref="SocketException">The kernel refused it.</exception>
    public static void SetMinimumTtl(Socket socket, int minimum)
    {
        ArgumentNullException.ThrowIfNull(socket);
        Set(socket, IsV6(socket) ? Ipv6Level : IpLevel, IsV6(socket) ? Ipv6MinHops : IpMinTtl, minimum);
    }

    /// <summary>Sends and takes through one device alone; link-local addresses are then those of its link.</summary>
    /// <exception cref="SocketException">There is no such device.</exception>
    public static void SetDevice(Socket socket, string device)
    {
        ArgumentNullException.ThrowIfNull(socket);
        socket.SetRawSocketOption(SocketLevel, BindToDevice, Encoding.UTF8.GetBytes(device + '\0'));
    }

    /// <summary>
    /// Gives segments to and from some addresses an MD5 signature (RFC 2385), for this socket and those that it accepts; an empty key takes it back. Of several keys the one of the longest prefix
    /// counts. Without a key of its own, nothing is asked of an address.
    /// </summary>
    /// <exception cref="SocketException">The kernel refused it: no TCP-MD5, no room, no such key to take back.</exception>
    public static void SetMd5Key(Socket socket, IPNetwork peers, ReadOnlySpan<byte> key)
    {
        ArgumentNullException.ThrowIfNull(socket);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(key.Length, LongestKey);
        Span<byte> signature = stackalloc byte[Md5Size];
        signature.Clear();
        var v6 = peers.BaseAddress.AddressFamily == AddressFamily.InterNetworkV6;
        BitConverter.TryWriteBytes(signature[AddressOffset..], (ushort)(v6 ? 10 : 2));
        peers.BaseAddress.TryWriteBytes(signature[(AddressOffset + (v6 ? 8 : 4))..], out _);
        var whole = peers.PrefixLength == (v6 ? 128 : 32);
        signature[FlagsOffset] = (byte)(whole ? 0 : Md5FlagPrefix);
        signature[PrefixOffset] = (byte)peers.PrefixLength;
        BitConverter.TryWriteBytes(signature[LengthOffset..], (ushort)key.Length);
        key.CopyTo(signature[KeyOffset..]);
        try
        {
            socket.SetRawSocketOption(TcpLevel, whole ? Md5Signature : Md5SignatureExtended, signature);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(signature);
        }
    }

    /// <summary>Number of a device of this network namespace; 0 for none of this name.</summary>
    public static uint DeviceIndex(string device) => if_nametoindex(device);

    private static bool IsV6(Socket socket) => socket.AddressFamily == AddressFamily.InterNetworkV6;

    private static void Set(Socket socket, int level, int name, int value)
    {
        Span<byte> octets = stackalloc byte[sizeof(int)];
        BitConverter.TryWriteBytes(octets, value);
        socket.SetRawSocketOption(level, name, octets);
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial uint if_nametoindex(string name);
}
