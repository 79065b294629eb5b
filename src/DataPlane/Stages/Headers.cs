using System.Runtime.CompilerServices;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane;

/// <summary>Reads the headers of a packet and refuses what a router must not forward.</summary>
internal static class Headers
{
    /// <summary>
    /// Reads a packet that starts at its IP header, and cuts off what the link added behind it. <see cref="DropReason.None"/>: it is whole, its
    /// header checksum is right, and its addresses may be forwarded.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DropReason Read(FrameMemory memory, ref Packet packet, out PacketFields fields)
    {
        var octets = memory.Span(packet);
        if (!PacketFields.TryRead(octets, out fields)) return ReasonOf(fields.Error);
        packet.Length = fields.TotalLength;
        if (fields.Family == 6) return CheckV6(fields.Source(), fields.Destination());
        if (!InternetChecksum.IsHeaderRight(octets[..((octets[0] & 15) * 4)])) return DropReason.BadIpChecksum;
        return CheckV4(fields.SourceV4, fields.DestinationV4);
    }

    /// <summary>The source, as region records spell it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IpAddress Source(this in PacketFields fields) => new(fields.SourceHigh, fields.SourceLow);

    /// <summary>The destination, as region records spell it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static IpAddress Destination(this in PacketFields fields) => new(fields.DestinationHigh, fields.DestinationLow);

    /// <summary>Whether the destination is on the link alone (RFC 5771 §4, RFC 4291 §2.7, §2.5.6, RFC 3927): never forwarded, but a tunnel's interface is such a link.</summary>
    public static bool IsOfTheLink(this in PacketFields fields) => fields.Family == 4
        ? fields.DestinationV4 >> 8 == 0xe0_0000 || fields.DestinationV4 >> 16 == 0xa9fe
        : fields.DestinationHigh >> 48 == 0xff02 || fields.DestinationHigh >> 54 == 0x3fa;

    /// <summary>Whether the source is of the link alone.</summary>
    public static bool IsFromTheLink(this in PacketFields fields) => fields.Family == 4 ? fields.SourceV4 >> 16 == 0xa9fe : fields.SourceHigh >> 54 == 0x3fa;

    /// <summary>Whether it may be forwarded as multicast: to a group of a scope beyond the link (RFC 5771 §4, RFC 7346 §2), from a host that has an address beyond it.</summary>
    public static bool IsRoutableMulticast(this in PacketFields fields)
    {
        if (fields.IsFromTheLink()) return false;
        return fields.Family == 4
            ? fields.DestinationV4 >> 28 == 14 && fields.DestinationV4 >> 8 != 0xe0_0000
            : fields.DestinationHigh >> 56 == 0xff && (fields.DestinationHigh >> 48 & 15) is >= 3 and < 15;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static DropReason ReasonOf(PacketError error) => error switch
    {
        PacketError.Truncated => DropReason.Truncated,
        PacketError.BadExtensionHeader => DropReason.BadExtensionHeader,
        _ => DropReason.BadIpHeader,
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static DropReason CheckV4(uint source, uint destination)
    {
        var from = source >> 24;
        var to = destination >> 24;
        if (from - 1 >= 223 || from == 127 || to == 0 || to == 127) return DropReason.Martian;
        if (to >= 224 || source >> 16 == 0xa9fe || destination >> 16 == 0xa9fe) return DropReason.NotForwardable;
        return DropReason.None;
    }

    /// <summary>A v4-mapped address on the wire would pass for IPv4 in every table, so it is a martian (RFC 6890).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static DropReason CheckV6(IpAddress source, IpAddress destination)
    {
        if (source.High >> 56 == 0xff || IsReserved(source) || IsReserved(destination)) return DropReason.Martian;
        if (destination.High >> 56 == 0xff || source.High >> 54 == 0x3fa || destination.High >> 54 == 0x3fa) return DropReason.NotForwardable;
        return DropReason.None;
    }

    private static bool IsReserved(IpAddress address) => address.High == 0 && (address.Low >> 32 == 0xffff || address.Low <= 1);
}
