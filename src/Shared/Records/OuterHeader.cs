using System.Buffers.Binary;

namespace Appliance.Shared;

/// <summary>
/// The outer header template of an outbound SA: all that is the same for every packet, so that the data plane writes the rest with a few wide stores. Length,
/// identification, DF, DSCP and ECN are zero; an IPv4 header's checksum field holds the folded, not complemented, one's complement sum of what is there, the
/// field itself counted as zero; a UDP header's length and checksum are zero.
/// </summary>
public static class OuterHeader
{
    /// <summary>TTL and hop limit of outer packets (RFC 4301 §5.1.2.1: constructed; IANA's default).</summary>
    public const byte TimeToLive = 64;

    private const byte Udp = 17, Esp = 50;

    /// <summary>
    /// Fills <see cref="OutboundSa.OuterHeader"/> and <see cref="OutboundSa.OuterHeaderLength"/> from the SA's addresses, encapsulation and UDP ports. The family is that of the
    /// destination; a transport-mode SA has a template too (its UDP ports, dummies, keepalives).
    /// </summary>
    public static void Build(ref OutboundSa sa)
    {
        Span<byte> template = sa.OuterHeader;
        template.Clear();
        var isUdp = sa.Encapsulation == EspEncapsulation.Udp;
        var protocol = isUdp ? Udp : Esp;
        var length = (sa.Destination.IsAny ? sa.Source : sa.Destination).IsV4 ? BuildV4(template, sa, protocol) : BuildV6(template, sa, protocol);
        if (isUdp)
        {
            BinaryPrimitives.WriteUInt16BigEndian(template[length..], sa.SourcePort);
            BinaryPrimitives.WriteUInt16BigEndian(template[(length + 2)..], sa.DestinationPort);
            length += 8;
        }

        sa.OuterHeaderLength = (byte)length;
    }

    private static int BuildV4(Span<byte> template, in OutboundSa sa, byte protocol)
    {
        template[0] = 0x45;
        template[8] = TimeToLive;
        template[9] = protocol;
        BinaryPrimitives.WriteUInt32BigEndian(template[12..], sa.Source.V4);
        BinaryPrimitives.WriteUInt32BigEndian(template[16..], sa.Destination.V4);
        uint sum = 0;
        for (var at = 0; at < 20; at += 2) sum += BinaryPrimitives.ReadUInt16BigEndian(template[at..]);
        sum = (sum & 0xffff) + (sum >> 16);
        sum = (sum & 0xffff) + (sum >> 16);
        BinaryPrimitives.WriteUInt16BigEndian(template[10..], (ushort)sum);
        return 20;
    }

    private static int BuildV6(Span<byte> template, in OutboundSa sa, byte protocol)
    {
        template[0] = 0x60;
        template[6] = protocol;
        template[7] = TimeToLive;
        sa.Source.WriteV6(template[8..]);
        sa.Destination.WriteV6(template[24..]);
        return 40;
    }
}
