using System.Buffers.Binary;

namespace Appliance.Wire;

/// <summary>Ethernet addresses of IP multicast groups: 01-00-5e and 23 bits of an IPv4 address (RFC 1112 §6.4), 33-33 and 32 bits of an IPv6 address (RFC 2464 §7).</summary>
public static class EthernetMulticast
{
    /// <summary>Address of an IPv4 group, low 48 bits, first octet lowest (memory order).</summary>
    public static ulong OfV4(uint group) => 0x5e_0001 | (ulong)BinaryPrimitives.ReverseEndianness(group & 0x7f_ffff) << 16;

    /// <summary>Address of an IPv6 group, by the lower half of it, low 48 bits, first octet lowest (memory order).</summary>
    public static ulong OfV6(ulong groupLow) => 0x3333 | (ulong)BinaryPrimitives.ReverseEndianness((uint)groupLow) << 16;

    /// <summary>Whether a frame goes to the Ethernet address of the group that its IP header names; false for any other frame.</summary>
    public static bool IsOf(ReadOnlySpan<byte> frame)
    {
        if (frame.Length < EthernetView.HeaderLength + Ipv4View.MinimumHeaderLength) return false;
        var to = BinaryPrimitives.ReadUInt64LittleEndian(frame) & 0xffff_ffff_ffff;
        var ip = frame[EthernetView.HeaderLength..];
        return BinaryPrimitives.ReadUInt16BigEndian(frame[12..]) switch
        {
            EtherType.Ipv4 => ip[16] >> 4 == 14 && to == OfV4(BinaryPrimitives.ReadUInt32BigEndian(ip[16..])),
            EtherType.Ipv6 => ip.Length >= Ipv6View.HeaderLength && ip[24] == 0xff && to == OfV6(BinaryPrimitives.ReadUInt64BigEndian(ip[32..])),
            _ => false,
        };
    }
}
