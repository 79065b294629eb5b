using System.Buffers.Binary;
using System.Net;

namespace Appliance.Bgp;

/// <summary>Writes NLRI of every family (RFC 4271 §4.3, RFC 4364 §4.3.4, RFC 4684 §4, RFC 5512 §3, RFC 7911 §3).</summary>
internal static class NlriWriter
{
    // RFC 8277 §2.4: a label that is being withdrawn.
    private const uint WithdrawnLabel = 0x800000;

    public static void Write(ref OctetWriter to, Family family, in Nlri nlri, bool addPath, bool isWithdrawal)
    {
        if (addPath) to.Write32(nlri.PathId);
        var bits = Math.Min((int)nlri.Prefix.Length, family.AddressBits);
        if (family.IsVpn)
        {
            to.Write((byte)(88 + bits));
            // The bottom of the stack: one label is all there is.
            to.Write24(isWithdrawal ? WithdrawnLabel : nlri.Label << 4 | 1);
            to.Write64(nlri.RouteDistinguisher);
        }
        else
        {
            to.Write((byte)bits);
        }

        Span<byte> address = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(address, nlri.Prefix.High);
        BinaryPrimitives.WriteUInt64BigEndian(address[8..], nlri.Prefix.Low);
        to.Write(address[..((bits + 7) >> 3)]);
    }
}

/// <summary>Writes the next hop of MP_REACH_NLRI with its length.</summary>
internal static class NextHopWriter
{
    /// <summary>RFC 4760 §3, RFC 2545 §3, RFC 4364 §4.3.2, RFC 4659 §3.2.1, RFC 8950 §3.</summary>
    public static void Write(ref OctetWriter to, Family family, PathAttributes attributes)
    {
        var ahead = family.IsVpn ? 8 : 0;
        var hop = attributes.NextHop;
        // Unicast and VPN routes of IPv6 have next hops of 16 octets whatever the address is (RFC 4659 §3.2.1.2, RFC 4798).
        if (family.Afi == 2 && family.Safi != 7 && hop.IsV4()) hop = hop.MapToIPv6();
        var linkLocal = hop.IsV4() || family.Safi is 7 or 132 ? null : attributes.LinkLocalNextHop;
        var size = ahead + (hop.IsV4() ? 4 : 16);
        to.Write((byte)(linkLocal is null ? size : 2 * size));
        WriteOne(ref to, ahead, hop);
        if (linkLocal is not null) WriteOne(ref to, ahead, linkLocal);
    }

    private static void WriteOne(ref OctetWriter to, int ahead, IPAddress address)
    {
        if (ahead > 0) to.Write64(0);
        to.Write(address);
    }
}
