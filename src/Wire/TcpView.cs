using System.Buffers.Binary;

namespace Appliance.Wire;

/// <summary>A TCP segment (RFC 9293 §3.1). What <see cref="TryParse"/> lets through has a whole header with its options.</summary>
public readonly ref struct TcpView
{
    /// <summary>Octets of a header without options.</summary>
    public const int MinimumHeaderLength = 20;

    /// <summary>FIN in <see cref="Flags"/>.</summary>
    public const byte Fin = 1;

    /// <summary>SYN in <see cref="Flags"/>.</summary>
    public const byte Syn = 2;

    /// <summary>RST in <see cref="Flags"/>.</summary>
    public const byte Rst = 4;

    /// <summary>ACK in <see cref="Flags"/>.</summary>
    public const byte Ack = 16;

    private readonly ReadOnlySpan<byte> segment;

    private TcpView(ReadOnlySpan<byte> segment) => this.segment = segment;

    /// <summary>Source port.</summary>
    public ushort SourcePort => BinaryPrimitives.ReadUInt16BigEndian(segment);

    /// <summary>Destination port.</summary>
    public ushort DestinationPort => BinaryPrimitives.ReadUInt16BigEndian(segment[2..]);

    /// <summary>Sequence number.</summary>
    public uint SequenceNumber => BinaryPrimitives.ReadUInt32BigEndian(segment[4..]);

    /// <summary>Acknowledgement number.</summary>
    public uint AcknowledgementNumber => BinaryPrimitives.ReadUInt32BigEndian(segment[8..]);

    /// <summary>Octets of header and options: 20..60.</summary>
    public int HeaderLength => (segment[12] >> 4) * 4;

    /// <summary>Control bits.</summary>
    public byte Flags => segment[13];

    /// <summary>Checksum.</summary>
    public ushort Checksum => BinaryPrimitives.ReadUInt16BigEndian(segment[16..]);

    /// <summary>Options.</summary>
    public ReadOnlySpan<byte> Options => segment[MinimumHeaderLength..HeaderLength];

    /// <summary>What the segment carries.</summary>
    public ReadOnlySpan<byte> Payload => segment[HeaderLength..];

    /// <summary>False when the header is cut short or its data offset is wrong.</summary>
    public static bool TryParse(ReadOnlySpan<byte> octets, out TcpView view)
    {
        view = default;
        if (octets.Length < MinimumHeaderLength) return false;
        var header = (octets[12] >> 4) * 4;
        if (header < MinimumHeaderLength || header > octets.Length) return false;
        view = new TcpView(octets);
        return true;
    }

    /// <summary>
    /// Offset in the segment of an option's kind octet, or -1 when it is not there or the options before it are malformed. <paramref name="length"/> is the
    /// option's own, kind and length octets included, and lies within the header.
    /// </summary>
    public int FindOption(byte kind, out int length)
    {
        var end = HeaderLength;
        for (var at = MinimumHeaderLength; at < end;)
        {
            if (segment[at] == 0) break;
            if (segment[at] == 1)
            {
                at++;
                continue;
            }

            if (at + 2 > end || segment[at + 1] < 2 || at + segment[at + 1] > end) break;
            length = segment[at + 1];
            if (segment[at] == kind) return at;
            at += length;
        }

        length = 0;
        return -1;
    }
}
