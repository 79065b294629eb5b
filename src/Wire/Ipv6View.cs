using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Appliance.Wire;

/// <summary>An IPv6 packet (RFC 8200). What <see cref="TryParse"/> lets through has a whole header and a payload length that is there. No jumbograms (RFC 2675).</summary>
public readonly ref struct Ipv6View
{
    /// <summary>Octets of the header without extension headers.</summary>
    public const int HeaderLength = 40;

    private readonly ReadOnlySpan<byte> packet;

    private Ipv6View(ReadOnlySpan<byte> packet) => this.packet = packet;

    /// <summary>DSCP and ECN.</summary>
    public byte TrafficClass => (byte)(BinaryPrimitives.ReadUInt16BigEndian(packet) >> 4);

    /// <summary>Flow label.</summary>
    public uint FlowLabel => BinaryPrimitives.ReadUInt32BigEndian(packet) & 0xfffff;

    /// <summary>Octets of the whole packet; what follows it in the frame is not part of it.</summary>
    public int TotalLength => packet.Length;

    /// <summary>First next header.</summary>
    public byte NextHeader => packet[6];

    /// <summary>Hop limit.</summary>
    public byte HopLimit => packet[7];

    /// <summary>First eight octets of the source address.</summary>
    public ulong SourceHigh => BinaryPrimitives.ReadUInt64BigEndian(packet[8..]);

    /// <summary>Last eight octets of the source address.</summary>
    public ulong SourceLow => BinaryPrimitives.ReadUInt64BigEndian(packet[16..]);

    /// <summary>First eight octets of the destination address.</summary>
    public ulong DestinationHigh => BinaryPrimitives.ReadUInt64BigEndian(packet[24..]);

    /// <summary>Last eight octets of the destination address.</summary>
    public ulong DestinationLow => BinaryPrimitives.ReadUInt64BigEndian(packet[32..]);

    /// <summary>Extension headers and what follows them.</summary>
    public ReadOnlySpan<byte> Payload => packet[HeaderLength..];

    /// <summary>False when the octets are no IPv6 packet, or the packet is cut short.</summary>
    public static bool TryParse(ReadOnlySpan<byte> octets, out Ipv6View view)
    {
        view = default;
        if (octets.Length < HeaderLength || octets[0] >> 4 != 6) return false;
        var total = HeaderLength + BinaryPrimitives.ReadUInt16BigEndian(octets[4..]);
        if (total > octets.Length) return false;
        view = new Ipv6View(octets[..total]);
        return true;
    }
}

/// <summary>Writes and changes IPv6 headers. Methods that take a reference trust the caller that 40 octets are there.</summary>
public static class Ipv6Header
{
    /// <summary>Writes a header of 40 octets. False when there is no room or the length does not fit.</summary>
    public static bool TryWrite(
        Span<byte> destination, int payloadLength, byte nextHeader, ulong fromHigh, ulong fromLow, ulong toHigh, ulong toLow, byte trafficClass = 0, byte hopLimit = 64)
    {
        if (destination.Length < Ipv6View.HeaderLength || payloadLength is < 0 or > 65535) return false;
        BinaryPrimitives.WriteUInt32BigEndian(destination, 6u << 28 | (uint)trafficClass << 20);
        BinaryPrimitives.WriteUInt16BigEndian(destination[4..], (ushort)payloadLength);
        destination[6] = nextHeader;
        destination[7] = hopLimit;
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], fromHigh);
        BinaryPrimitives.WriteUInt64BigEndian(destination[16..], fromLow);
        BinaryPrimitives.WriteUInt64BigEndian(destination[24..], toHigh);
        BinaryPrimitives.WriteUInt64BigEndian(destination[32..], toLow);
        return true;
    }

    /// <summary>Takes one from the hop limit. The caller has seen that it is above 1 (RFC 8200 §3).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void DecrementHopLimit(ref byte header) => Unsafe.Add(ref header, 7)--;
}
