using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.Esp;

/// <summary>
/// The IP header of a transport-mode packet: what stays in the clear in front of ESP, IPv4 options and IPv6 per-fragment extension headers included (RFC 4303 §3.1.1).
/// </summary>
internal readonly struct TransportHeader
{
    private readonly byte family;

    private TransportHeader(byte family, int length, int namedAt, int packetLength)
    {
        this.family = family;
        Length = length;
        NamedAt = namedAt;
        PacketLength = packetLength;
    }

    /// <summary>Octets in front of ESP.</summary>
    internal int Length { get; }

    /// <summary>Offset of the octet that names what follows.</summary>
    internal int NamedAt { get; }

    /// <summary>Octets of the packet as its header says.</summary>
    internal int PacketLength { get; }

    internal bool IsV6 => family == 6;

    /// <summary>Finds where ESP goes in. Fragments are refused: transport mode protects whole datagrams (RFC 4303 §3.3.4).</summary>
    internal static DropReason TryFind(ReadOnlySpan<byte> ip, out TransportHeader header)
    {
        header = default;
        if (!PacketFields.TryRead(ip, out var fields)) return Reasons.Of(fields.Error);
        if (fields.IsFragment) return DropReason.BadFragment;
        if (fields.Family == 4)
        {
            header = new TransportHeader(4, fields.HeaderLength, 9, fields.TotalLength);
            return DropReason.None;
        }

        if (!Ipv6Extensions.TryWalk(ip[..fields.TotalLength], out var extensions)) return DropReason.BadExtensionHeader;
        header = new TransportHeader(6, extensions.PerFragmentLength, extensions.PerFragmentNamedAt, fields.TotalLength);
        return DropReason.None;
    }

    /// <summary>For the header in front of an ESP or UDP header that is <paramref name="length"/> octets in.</summary>
    internal static TransportHeader Before(byte family, int length, int namedAt) => new(family, length, namedAt, 0);

    /// <summary>
    /// Copies the header (places may overlap) and makes it one of a packet of <paramref name="total"/> octets that carries <paramref name="protocol"/>. Returns what it carried.
    /// </summary>
    internal byte Move(ref byte from, ref byte to, byte protocol, int total)
    {
        MemoryMarshal.CreateReadOnlySpan(ref from, Length).CopyTo(MemoryMarshal.CreateSpan(ref to, Length));
        var carried = Unsafe.Add(ref to, NamedAt);
        if (family == 4)
        {
            Ipv4Header.Change16(ref to, 2, (ushort)total);
            Ipv4Header.Change16(ref to, 8, (ushort)((BigEndian.U16(ref to, 8) & 0xff00) | protocol));
        }
        else
        {
            BigEndian.Set16(ref to, 4, (ushort)(total - Ipv6View.HeaderLength));
            BigEndian.Set8(ref to, NamedAt, protocol);
        }

        return carried;
    }
}
