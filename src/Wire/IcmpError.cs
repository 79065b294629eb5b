using System.Buffers.Binary;

namespace Appliance.Wire;

/// <summary>Whole ICMP and ICMPv6 error packets that quote the packet at fault.</summary>
public static class IcmpError
{
    /// <summary>Largest ICMP error in octets, IP header included (RFC 1812 §4.3.2.3).</summary>
    public const int MaximumV4 = 576;

    /// <summary>Largest ICMPv6 error in octets, IP header included: the minimum MTU (RFC 4443 §2.4 (c)).</summary>
    public const int MaximumV6 = 1280;

    /// <summary>
    /// True when an error about this packet may be sent: it is no ICMP error itself, no later fragment, and neither end is a group
    /// (RFC 1812 §4.3.2.7, RFC 4443 §2.4 (e)). <paramref name="tooBig"/>: the error is "packet too big", which IPv6 allows for multicast.
    /// </summary>
    public static bool MayAnswer(in PacketFields fields, bool tooBig)
    {
        if (fields.FragmentOffset != 0) return false;
        var type = fields.SourcePort >> 8;
        if (fields.Family == 4)
        {
            var isError = fields.Protocol == IpProtocol.Icmp && (!fields.HasPorts || type is IcmpType.DestinationUnreachable or 4 or IcmpType.Redirect or IcmpType.TimeExceeded or IcmpType.ParameterProblem);
            return !isError && IsUnicastV4(fields.SourceV4) && IsUnicastV4(fields.DestinationV4);
        }

        if (fields.Protocol == IpProtocol.IcmpV6 && (!fields.HasPorts || type is < IcmpV6Type.FirstInformational or IcmpV6Type.Redirect)) return false;
        var sourceIsGroup = fields.SourceHigh >> 56 == 0xff || (fields.SourceHigh | fields.SourceLow) == 0;
        return !sourceIsGroup && (tooBig || fields.DestinationHigh >> 56 != 0xff);
    }

    /// <summary>
    /// Writes an ICMP error about <paramref name="offending"/> (which starts at its IP header) to its source. <paramref name="rest"/> is the last word of the
    /// ICMP header: for "fragmentation needed" the MTU. Returns the packet's octets, or 0 when the destination is shorter than 56 octets or the offending packet than 20.
    /// </summary>
    public static int WriteV4(Span<byte> destination, ReadOnlySpan<byte> offending, uint from, byte type, byte code, uint rest)
    {
        if (offending.Length < 20) return 0;
        var room = Math.Min(destination.Length, MaximumV4) - 28;
        var quoted = Math.Min(room, offending.Length);
        if (quoted < Math.Min(28, offending.Length)) return 0;
        var to = BinaryPrimitives.ReadUInt32BigEndian(offending[12..]);
        var precedence = (byte)(0xc0 | (offending[1] & 0x1c));
        Ipv4Header.TryWrite(destination, 28 + quoted, IpProtocol.Icmp, from, to, precedence);
        WriteMessage(destination[20..], offending[..quoted], type, code, rest);
        BinaryPrimitives.WriteUInt16BigEndian(destination[22..], InternetChecksum.Of(destination.Slice(20, 8 + quoted)));
        return 28 + quoted;
    }

    /// <summary>
    /// Writes an ICMPv6 error about <paramref name="offending"/> to its source. <paramref name="rest"/>: for "packet too big" the MTU. Returns the
    /// packet's octets, or 0 when the destination is shorter than 88 octets or the offending packet than 40.
    /// </summary>
    public static int WriteV6(Span<byte> destination, ReadOnlySpan<byte> offending, ulong fromHigh, ulong fromLow, byte type, byte code, uint rest)
    {
        if (offending.Length < Ipv6View.HeaderLength) return 0;
        var quoted = Math.Min(Math.Min(destination.Length, MaximumV6) - 48, offending.Length);
        if (quoted < Ipv6View.HeaderLength) return 0;
        var toHigh = BinaryPrimitives.ReadUInt64BigEndian(offending[8..]);
        var toLow = BinaryPrimitives.ReadUInt64BigEndian(offending[16..]);
        Ipv6Header.TryWrite(destination, 8 + quoted, IpProtocol.IcmpV6, fromHigh, fromLow, toHigh, toLow);
        WriteMessage(destination[40..], offending[..quoted], type, code, rest);
        var sum = InternetChecksum.PseudoHeaderV6(fromHigh, fromLow, toHigh, toLow, IpProtocol.IcmpV6, 8 + quoted) + InternetChecksum.Sum(destination.Slice(40, 8 + quoted));
        BinaryPrimitives.WriteUInt16BigEndian(destination[42..], InternetChecksum.Finish(sum));
        return 48 + quoted;
    }

    private static void WriteMessage(Span<byte> message, ReadOnlySpan<byte> quoted, byte type, byte code, uint rest)
    {
        message[0] = type;
        message[1] = code;
        message[2] = message[3] = 0;
        BinaryPrimitives.WriteUInt32BigEndian(message[4..], rest);
        quoted.CopyTo(message[IcmpView.HeaderLength..]);
    }

    // Not 0/8, not 127/8, not multicast, class E or broadcast (RFC 1812 4.3.2.7, 5.3.7).
    private static bool IsUnicastV4(uint address) => address >> 24 is > 0 and < 224 and not 127;
}
