using System.Buffers.Binary;

namespace Appliance.Wire;

/// <summary>
/// Cuts an IPv4 packet into fragments (RFC 791 §3.2), which may be a fragment itself. Later fragments repeat only the options that have the copied flag.
/// Write until <see cref="NextLength"/> is 0; the packet must not change meanwhile.
/// </summary>
public ref struct Ipv4Fragments
{
    private readonly ReadOnlySpan<byte> packet;
    private readonly int headerLength;
    private readonly int mtu;
    private int done;

    private Ipv4Fragments(ReadOnlySpan<byte> packet, int headerLength, int mtu)
    {
        this.packet = packet;
        this.headerLength = headerLength;
        this.mtu = mtu;
    }

    /// <summary>Octets of the next fragment; 0 when all are written.</summary>
    public readonly int NextLength => packet.Length == 0 || headerLength + done >= packet.Length ? 0 : LaterHeaderLength + NextPayload;

    private readonly int LaterHeaderLength => done == 0 ? headerLength : CopiedHeaderLength(packet[..headerLength]);

    private readonly int NextPayload
    {
        get
        {
            var left = packet.Length - headerLength - done;
            var fits = mtu - LaterHeaderLength;
            return left <= fits ? left : fits & ~7;
        }
    }

    /// <summary>False when the packet is malformed, has DF set, carries nothing, or <paramref name="mtu"/> octets do not hold a header and eight octets.</summary>
    public static bool TryStart(ReadOnlySpan<byte> packet, int mtu, out Ipv4Fragments fragments)
    {
        fragments = default;
        if (!Ipv4View.TryParse(packet, out var view) || view.DontFragment || view.Payload.Length == 0 || mtu < view.HeaderLength + 8) return false;
        if (view.FragmentOffset + view.Payload.Length > 65535) return false;
        fragments = new Ipv4Fragments(packet[..view.TotalLength], view.HeaderLength, mtu);
        return true;
    }

    /// <summary>Writes the next fragment and returns its octets; 0 when all are written or the destination is shorter than <see cref="NextLength"/>.</summary>
    public int Write(Span<byte> destination)
    {
        var length = NextLength;
        if (length == 0 || destination.Length < length) return 0;
        var header = LaterHeaderLength;
        var payload = length - header;
        packet[..20].CopyTo(destination);
        if (done == 0) packet[20..headerLength].CopyTo(destination[20..]);
        else CopyOptions(packet[..headerLength], destination[..header]);
        packet.Slice(headerLength + done, payload).CopyTo(destination[header..]);
        var original = BinaryPrimitives.ReadUInt16BigEndian(packet[6..]);
        var isLast = headerLength + done + payload == packet.Length;
        var flags = (original & 0xe000) | ((original & 0x1fff) + done / 8) | (isLast ? 0 : Ipv4Header.MoreFragments);
        destination[0] = (byte)(0x40 | header / 4);
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)length);
        BinaryPrimitives.WriteUInt16BigEndian(destination[6..], (ushort)flags);
        Ipv4Header.WriteChecksum(destination[..header]);
        done += payload;
        return length;
    }

    private static int CopiedHeaderLength(ReadOnlySpan<byte> header) => 20 + ((CopyOptions(header, default) + 3) & ~3);

    // Copies the options whose copied flag is set (or only counts them, into an empty destination) and pads with end-of-list.
    private static int CopyOptions(ReadOnlySpan<byte> header, Span<byte> destination)
    {
        var copied = 0;
        for (var at = 20; at < header.Length && header[at] != 0;)
        {
            var length = header[at] == 1 ? 1 : at + 1 < header.Length ? header[at + 1] : 0;
            if (length == 0 || at + length > header.Length || (length == 1 && header[at] != 1)) break;
            if ((header[at] & 0x80) != 0)
            {
                if (destination.Length != 0) header.Slice(at, length).CopyTo(destination[(20 + copied)..]);
                copied += length;
            }

            at += length;
        }

        if (destination.Length != 0) destination[(20 + copied)..].Clear();
        return copied;
    }
}
