namespace Appliance.Wire;

/// <summary>Checksums of TCP, UDP, ICMP and ICMPv6 over whole packets.</summary>
public static class TransportChecksum
{
    /// <summary>
    /// Writes a fresh checksum into a whole TCP, UDP, ICMP or ICMPv6 packet. <paramref name="fields"/> were read from <paramref name="ip"/>. False,
    /// and nothing changed, for a fragment, another protocol, or a packet too short for its transport header.
    /// </summary>
    public static bool Complete(Span<byte> ip, in PacketFields fields)
    {
        var field = FieldOffset(ip, fields);
        if (field < 0) return false;
        ip[field] = ip[field + 1] = 0;
        var checksum = InternetChecksum.Finish(Sum(ip, fields));
        // RFC 768: a UDP checksum that comes out as zero is sent as all ones; zero means none.
        if (checksum == 0 && fields.Protocol == IpProtocol.Udp) checksum = 0xffff;
        ip[field] = (byte)(checksum >> 8);
        ip[field + 1] = (byte)checksum;
        return true;
    }

    /// <summary>True when the checksum is right, or UDP over IPv4 has none. False for what <see cref="Complete"/> refuses.</summary>
    public static bool IsRight(ReadOnlySpan<byte> ip, in PacketFields fields)
    {
        var field = FieldOffset(ip, fields);
        if (field < 0) return false;
        if (fields.Protocol == IpProtocol.Udp && fields.Family == 4 && (ip[field] | ip[field + 1]) == 0) return true;
        return InternetChecksum.Fold(Sum(ip, fields)) == 0xffff;
    }

    private static int FieldOffset(ReadOnlySpan<byte> ip, in PacketFields fields)
    {
        if (fields.IsFragment || fields.TotalLength > ip.Length) return -1;
        var (field, header) = fields.Protocol switch
        {
            IpProtocol.Tcp => (16, 20),
            IpProtocol.Udp => (6, 8),
            IpProtocol.Icmp or IpProtocol.IcmpV6 => (2, 4),
            _ => (0, int.MaxValue),
        };
        return fields.TotalLength - fields.HeaderLength < header ? -1 : fields.HeaderLength + field;
    }

    private static uint Sum(ReadOnlySpan<byte> ip, in PacketFields fields)
    {
        var length = fields.TotalLength - fields.HeaderLength;
        var sum = InternetChecksum.Sum(ip.Slice(fields.HeaderLength, length));
        if (fields.Protocol == IpProtocol.Icmp) return sum;
        return sum + (fields.Family == 4
            ? InternetChecksum.PseudoHeaderV4(fields.SourceV4, fields.DestinationV4, fields.Protocol, length)
            : InternetChecksum.PseudoHeaderV6(fields.SourceHigh, fields.SourceLow, fields.DestinationHigh, fields.DestinationLow, fields.Protocol, length));
    }
}
