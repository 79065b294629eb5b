using System.Buffers.Binary;
using Appliance.Shared;

namespace Appliance.PacketIo.Tun;

/// <summary>
/// Finds segments of one TCP connection that follow each other in a batch, so that they reach the kernel as one super-packet (GRO). Only what the kernel's own GRO
/// would join: same addresses, ports, acknowledgement, window and options, contiguous sequence numbers, equal sizes but for the last, right checksums.
/// </summary>
internal static class Coalescer
{
    /// <summary>Most octets of headers that are joined: IPv6 (40) and TCP (60).</summary>
    public const int LongestHeaders = 100;

    private const int LongestPacket = 65535, TcpHeader = 20;
    private const byte ProtocolTcp = 6;
    private const byte FlagFin = 1, FlagSyn = 2, FlagReset = 4, FlagPush = 8, FlagAck = 0x10, FlagUrgent = 0x20, FlagCwr = 0x80;

    /// <summary>
    /// How many packets from the first on go out as one; at least 1. With more than one, <paramref name="headers"/> holds the super-packet's headers
    /// (<paramref name="headerLength"/> octets), and the payloads follow from the packets.
    /// </summary>
    public static int Join(FrameMemory memory, ReadOnlySpan<Packet> batch, Span<byte> headers, out int headerLength, out VirtioHeader virtio)
    {
        virtio = default;
        var first = memory.Span(batch[0]);
        if (batch.Length < 2 || !TryHeaders(first, out var transport, out headerLength))
        {
            headerLength = 0;
            return 1;
        }

        var size = first.Length - headerLength;
        var total = first.Length;
        var count = 1;
        var previous = first;
        while (count < batch.Length && (previous[transport + 13] & (FlagPush | FlagFin)) == 0 && previous.Length == first.Length)
        {
            var next = memory.Span(batch[count]);
            if (total + next.Length - headerLength > LongestPacket || next.Length > first.Length || !Continues(first, next, transport, headerLength, (uint)(total - headerLength))) break;
            if ((count == 1 && !IsChecksumRight(first, transport)) || !IsChecksumRight(next, transport)) break;
            total += next.Length - headerLength;
            previous = next;
            count++;
        }

        if (count == 1)
        {
            headerLength = 0;
            return 1;
        }

        WriteHeaders(first[..headerLength], headers, transport, total, previous[transport + 13]);
        virtio = new VirtioHeader
        {
            Flags = VirtioHeader.NeedsChecksum,
            SegmentKind = first[0] >> 4 == 4 ? VirtioHeader.TcpV4 : VirtioHeader.TcpV6,
            HeaderLength = (ushort)headerLength,
            SegmentSize = (ushort)size,
            ChecksumStart = (ushort)transport,
            ChecksumOffset = 16,
        };
        return count;
    }

    /// <summary>True for TCP data in a plain IP packet: no IP options, no extension headers, no fragment, nothing urgent.</summary>
    private static bool TryHeaders(ReadOnlySpan<byte> packet, out int transport, out int headers)
    {
        transport = headers = 0;
        if (packet.Length < 40) return false;
        if (packet[0] == 0x45)
        {
            if (packet[9] != ProtocolTcp || (BinaryPrimitives.ReadUInt16BigEndian(packet[6..]) & 0x3fff) != 0) return false;
            if (BinaryPrimitives.ReadUInt16BigEndian(packet[2..]) != packet.Length || Checksum.Fold(Checksum.Sum(packet[..20])) != 0xffff) return false;
            transport = 20;
        }
        else
        {
            if (packet[0] >> 4 != 6 || packet[6] != ProtocolTcp || packet.Length < 60 || BinaryPrimitives.ReadUInt16BigEndian(packet[4..]) != packet.Length - 40) return false;
            transport = 40;
        }

        var length = (packet[transport + 12] >> 4) * 4;
        headers = transport + length;
        var flags = packet[transport + 13];
        return length >= TcpHeader && headers < packet.Length && (flags & (FlagSyn | FlagReset | FlagUrgent | FlagCwr | FlagAck)) == FlagAck;
    }

    private static bool Continues(ReadOnlySpan<byte> first, ReadOnlySpan<byte> next, int transport, int headers, uint offset)
    {
        if (!TryHeaders(next, out var nextTransport, out var nextHeaders) || nextTransport != transport || nextHeaders != headers) return false;
        var same = transport == 20
            ? first[1] == next[1] && first[6] == next[6] && first[8] == next[8] && first.Slice(12, 8).SequenceEqual(next.Slice(12, 8))
            : first[..4].SequenceEqual(next[..4]) && first[7] == next[7] && first.Slice(8, 32).SequenceEqual(next.Slice(8, 32));
        var a = first[transport..headers];
        var b = next[transport..headers];
        return same && a[..4].SequenceEqual(b[..4]) && BinaryPrimitives.ReadUInt32BigEndian(b[4..]) == BinaryPrimitives.ReadUInt32BigEndian(a[4..]) + offset
            && a.Slice(8, 5).SequenceEqual(b.Slice(8, 5)) && ((a[13] ^ b[13]) & ~(FlagFin | FlagPush)) == 0 && a.Slice(14, 2).SequenceEqual(b.Slice(14, 2))
            && a[TcpHeader..].SequenceEqual(b[TcpHeader..]);
    }

    private static bool IsChecksumRight(ReadOnlySpan<byte> packet, int transport) =>
        Checksum.Fold(Checksum.Sum(packet[transport..], Checksum.PseudoHeader(packet, ProtocolTcp, packet.Length - transport))) == 0xffff;

    private static void WriteHeaders(ReadOnlySpan<byte> first, Span<byte> headers, int transport, int total, byte lastFlags)
    {
        first.CopyTo(headers);
        if (transport == 20)
        {
            BinaryPrimitives.WriteUInt16BigEndian(headers[2..], (ushort)total);
            Checksum.Store(headers[10..], 0);
            Checksum.Store(headers[10..], (ushort)~Checksum.Fold(Checksum.Sum(headers[..20])));
        }
        else
        {
            BinaryPrimitives.WriteUInt16BigEndian(headers[4..], (ushort)(total - 40));
        }

        headers[transport + 13] |= (byte)(lastFlags & (FlagFin | FlagPush));
        Checksum.Store(headers[(transport + 16)..], Checksum.Fold(Checksum.PseudoHeader(headers, ProtocolTcp, total - transport)));
    }
}
