using System.Buffers.Binary;

namespace Appliance.PacketIo.Tun;

/// <summary>What stands in front of a packet on a TUN descriptor (struct virtio_net_hdr, host order, 10 octets): an unfinished checksum, a packet to be cut.</summary>
internal readonly struct VirtioHeader
{
    /// <summary>Octets.</summary>
    public const int Size = 10;

    /// <summary><see cref="Flags"/>: the checksum from <see cref="ChecksumStart"/> on is to be completed.</summary>
    public const byte NeedsChecksum = 1;

    /// <summary><see cref="SegmentKind"/>s.</summary>
    public const byte NoSegments = 0, TcpV4 = 1, TcpV6 = 4, Udp = 5, EcnFlag = 0x80;

    /// <summary>VIRTIO_NET_HDR_F_*.</summary>
    public byte Flags { get; init; }

    /// <summary>VIRTIO_NET_HDR_GSO_*.</summary>
    public byte SegmentKind { get; init; }

    /// <summary>Octets of all headers.</summary>
    public ushort HeaderLength { get; init; }

    /// <summary>Octets of payload in each segment.</summary>
    public ushort SegmentSize { get; init; }

    /// <summary>Where the checksummed part starts.</summary>
    public ushort ChecksumStart { get; init; }

    /// <summary>Where, from there, the checksum stands.</summary>
    public ushort ChecksumOffset { get; init; }

    /// <summary>Reads one; the span must hold <see cref="Size"/> octets.</summary>
    public static VirtioHeader Read(ReadOnlySpan<byte> octets) => new()
    {
        Flags = octets[0],
        SegmentKind = octets[1],
        HeaderLength = BinaryPrimitives.ReadUInt16LittleEndian(octets[2..]),
        SegmentSize = BinaryPrimitives.ReadUInt16LittleEndian(octets[4..]),
        ChecksumStart = BinaryPrimitives.ReadUInt16LittleEndian(octets[6..]),
        ChecksumOffset = BinaryPrimitives.ReadUInt16LittleEndian(octets[8..]),
    };

    /// <summary>Writes it.</summary>
    public void Write(Span<byte> octets)
    {
        octets[0] = Flags;
        octets[1] = SegmentKind;
        BinaryPrimitives.WriteUInt16LittleEndian(octets[2..], HeaderLength);
        BinaryPrimitives.WriteUInt16LittleEndian(octets[4..], SegmentSize);
        BinaryPrimitives.WriteUInt16LittleEndian(octets[6..], ChecksumStart);
        BinaryPrimitives.WriteUInt16LittleEndian(octets[8..], ChecksumOffset);
    }
}
