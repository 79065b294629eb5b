using System.Buffers.Binary;

namespace Appliance.PacketIo.Tun;

/// <summary>
/// Cuts a super-packet that the kernel handed over (TSO, USO) into the packets that would have been on the wire: lengths, IP identification, sequence numbers,
/// flags and checksums as the kernel's own segmentation writes them. A packet that is not to be cut is one segment, its checksum completed.
/// </summary>
internal struct Segmenter
{
    private const byte ProtocolTcp = 6, ProtocolUdp = 17;
    private const byte FlagFin = 1, FlagPush = 8, FlagCwr = 0x80;
    private const int TcpChecksum = 16, UdpChecksum = 6;

    private int length;
    private int transport;
    private int headers;
    private int segmentSize;
    private int checksumAt;
    private int done;
    private int index;
    private byte protocol;

    /// <summary>True when all segments were written (or there never were any).</summary>
    public readonly bool IsDone => done >= length - headers && (index > 0 || length == 0);

    /// <summary>Octets of the next segment.</summary>
    public readonly int NextLength => headers + Math.Min(segmentSize, length - headers - done);

    /// <summary>Begins with a packet; false when it is not sound, and then there are no segments.</summary>
    public bool TryStart(ReadOnlySpan<byte> packet, in VirtioHeader header)
    {
        this = default;
        if (packet.Length < 20 || (packet[0] >> 4 != 4 && (packet[0] >> 4 != 6 || packet.Length < 40))) return false;
        var kind = header.SegmentKind & ~VirtioHeader.EcnFlag;
        transport = header.ChecksumStart;
        if (kind == VirtioHeader.NoSegments)
        {
            if ((header.Flags & VirtioHeader.NeedsChecksum) != 0)
            {
                checksumAt = header.ChecksumStart + header.ChecksumOffset;
                if (checksumAt + 2 > packet.Length) return false;
            }

            length = segmentSize = packet.Length;
            return true;
        }

        protocol = kind == VirtioHeader.Udp ? ProtocolUdp : ProtocolTcp;
        var ipHeader = packet[0] >> 4 == 4 ? (packet[0] & 15) * 4 : 40;
        if (transport < Math.Max(20, ipHeader) || header.SegmentSize == 0 || (header.Flags & VirtioHeader.NeedsChecksum) == 0) return false;
        if (transport + (protocol == ProtocolTcp ? 20 : 8) > packet.Length) return false;
        headers = transport + (protocol == ProtocolTcp ? (packet[transport + 12] >> 4) * 4 : 8);
        if (headers > packet.Length || (protocol == ProtocolTcp && headers < transport + 20)) return false;
        checksumAt = transport + (protocol == ProtocolTcp ? TcpChecksum : UdpChecksum);
        length = packet.Length;
        segmentSize = header.SegmentSize;
        return true;
    }

    /// <summary>Writes the next segment; <paramref name="to"/> is <see cref="NextLength"/> long.</summary>
    public void WriteNext(ReadOnlySpan<byte> packet, Span<byte> to)
    {
        var payload = to.Length - headers;
        packet[..headers].CopyTo(to);
        packet.Slice(headers + done, payload).CopyTo(to[headers..]);
        if (protocol == 0) CompleteChecksum(to);
        else WriteHeaders(to, last: done + payload >= length - headers);
        done += payload;
        index++;
    }

    private readonly void CompleteChecksum(Span<byte> packet)
    {
        if (checksumAt == 0) return;
        // The field holds the sum of the pseudo header (RFC 793's, uncomplemented), which is part of what is summed.
        var sum = (ushort)~Checksum.Fold(Checksum.Sum(packet[transport..]));
        Checksum.Store(packet[checksumAt..], sum == 0 ? (ushort)0xffff : sum);
    }

    private readonly void WriteHeaders(Span<byte> segment, bool last)
    {
        if (segment[0] >> 4 == 4)
        {
            BinaryPrimitives.WriteUInt16BigEndian(segment[2..], (ushort)segment.Length);
            BinaryPrimitives.WriteUInt16BigEndian(segment[4..], (ushort)(BinaryPrimitives.ReadUInt16BigEndian(segment[4..]) + index));
            Checksum.Store(segment[10..], 0);
            Checksum.Store(segment[10..], (ushort)~Checksum.Fold(Checksum.Sum(segment[..((segment[0] & 15) * 4)])));
        }
        else
        {
            BinaryPrimitives.WriteUInt16BigEndian(segment[4..], (ushort)(segment.Length - 40));
        }

        var body = segment[transport..];
        if (protocol == ProtocolTcp)
        {
            BinaryPrimitives.WriteUInt32BigEndian(body[4..], BinaryPrimitives.ReadUInt32BigEndian(body[4..]) + (uint)done);
            if (!last) body[13] &= unchecked((byte)~(FlagFin | FlagPush));
            if (index > 0) body[13] &= unchecked((byte)~FlagCwr);
        }
        else
        {
            BinaryPrimitives.WriteUInt16BigEndian(body[4..], (ushort)body.Length);
        }

        Checksum.Store(segment[checksumAt..], 0);
        var sum = (ushort)~Checksum.Fold(Checksum.Sum(body, Checksum.PseudoHeader(segment, protocol, body.Length)));
        Checksum.Store(segment[checksumAt..], sum == 0 && protocol == ProtocolUdp ? (ushort)0xffff : sum);
    }
}
