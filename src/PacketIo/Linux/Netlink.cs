using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Appliance.PacketIo;

/// <summary>The one rtnetlink request that this room makes: an address for a device of ours (RFC 3549).</summary>
internal static unsafe class Netlink
{
    private const int AfNetlink = 16, NetlinkRoute = 0;
    private const ushort NewAddress = 20, ErrorMessage = 2;
    private const ushort RequestFlags = 1 | 4 | 0x100 | 0x400; // request, acknowledge, replace, create
    private const byte NoDuplicateDetection = 2;
    private const int HeaderSize = 16, AddressHeaderSize = 8, ErrorExists = 17;

    /// <summary>Adds "address/prefix" to a device; one that is there already stays.</summary>
    /// <exception cref="IOException">The kernel refuses.</exception>
    public static void AddAddress(uint interfaceIndex, string address)
    {
        if (!IPNetworkParts(address, out var ip, out var prefix)) throw new IOException($"'{address}' is no address with a prefix length");
        var octets = ip.GetAddressBytes();
        var attribute = 4 + octets.Length;
        var message = new byte[HeaderSize + AddressHeaderSize + 2 * attribute];
        BinaryPrimitives.WriteInt32LittleEndian(message, message.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(4), NewAddress);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(6), RequestFlags);
        message[HeaderSize] = (byte)(ip.AddressFamily == AddressFamily.InterNetwork ? Libc.AfInet : Libc.AfInet6);
        message[HeaderSize + 1] = (byte)prefix;
        message[HeaderSize + 2] = NoDuplicateDetection;
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(HeaderSize + 4), interfaceIndex);
        for (ushort kind = 1; kind <= 2; kind++)
        {
            // IFA_ADDRESS and IFA_LOCAL.
            var at = message.AsSpan(HeaderSize + AddressHeaderSize + (kind - 1) * attribute);
            BinaryPrimitives.WriteUInt16LittleEndian(at, (ushort)attribute);
            BinaryPrimitives.WriteUInt16LittleEndian(at[2..], kind);
            octets.CopyTo(at[4..]);
        }

        var error = Ask(message);
        if (error is not (0 or ErrorExists)) throw new IOException($"cannot add {address} to interface {interfaceIndex}: {Libc.Describe(error)}");
    }

    private static bool IPNetworkParts(string text, out IPAddress address, out int prefix)
    {
        var slash = text.IndexOf('/');
        prefix = 0;
        if (!IPAddress.TryParse(slash < 0 ? text : text[..slash], out address!)) return false;
        var longest = address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128;
        prefix = longest;
        return slash < 0 || (int.TryParse(text.AsSpan(slash + 1), out prefix) && prefix >= 0 && prefix <= longest);
    }

    private static int Ask(byte[] message)
    {
        var descriptor = Libc.socket(AfNetlink, Libc.SockRaw | Libc.CloseOnExec, NetlinkRoute);
        if (descriptor < 0) return Marshal.GetLastPInvokeError();
        try
        {
            var answer = new byte[4096];
            fixed (byte* request = message, reply = answer)
            {
                if (Libc.sendto(descriptor, request, (nuint)message.Length, 0, null, 0) < 0) return Marshal.GetLastPInvokeError();
                var length = Libc.recvfrom(descriptor, reply, (nuint)answer.Length, 0, null, null);
                if (length < HeaderSize + 4) return Errno.Invalid;
                return BinaryPrimitives.ReadUInt16LittleEndian(answer.AsSpan(4)) == ErrorMessage ? -BinaryPrimitives.ReadInt32LittleEndian(answer.AsSpan(HeaderSize)) : 0;
            }
        }
        finally
        {
            _ = Libc.close(descriptor);
        }
    }
}
