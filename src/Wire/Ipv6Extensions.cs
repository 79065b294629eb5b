using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Appliance.Wire;

/// <summary>
/// Where the extension headers of an IPv6 packet end (RFC 8200 §4). The walk goes over hop-by-hop options, routing, destination options and the fragment
/// header; anything else is the upper-layer header, AH and ESP too. Offsets count from the start of the IPv6 header.
/// </summary>
public struct Ipv6Extensions
{
    /// <summary>More headers than this are refused: no honest packet has them, and a walk is bounded work.</summary>
    public const int Maximum = 8;

    /// <summary>Number of the upper-layer header, or of whatever follows the fragment header of a fragment that is not the first.</summary>
    public byte UpperProtocol;

    /// <summary>Offset of the upper-layer header.</summary>
    public int UpperOffset;

    /// <summary>Offset of the octet that names the upper-layer header.</summary>
    public int UpperNamedAt;

    /// <summary>Offset of the fragment header; 0 when there is none.</summary>
    public int FragmentHeaderOffset;

    /// <summary>End of the headers that each fragment repeats (RFC 8200 §4.5), where a fragment or ESP header goes in (RFC 4303 §3.1.1).</summary>
    public int PerFragmentLength;

    /// <summary>Offset of the octet that names what follows the per-fragment headers.</summary>
    public int PerFragmentNamedAt;

    /// <summary>
    /// Walks the headers of <paramref name="packet"/>, whose IPv6 header the caller has checked to be there. False when a header is cut short, the
    /// hop-by-hop options are not first, or there are more than <see cref="Maximum"/>.
    /// </summary>
    public static bool TryWalk(ReadOnlySpan<byte> packet, out Ipv6Extensions found)
    {
        found = default;
        if (packet.Length < Ipv6View.HeaderLength) return false;
        ref var start = ref MemoryMarshal.GetReference(packet);
        found.PerFragmentLength = Ipv6View.HeaderLength;
        found.PerFragmentNamedAt = 6;
        var namedAt = 6;
        var at = Ipv6View.HeaderLength;
        for (var headers = 0; headers <= Maximum; headers++)
        {
            var next = Unsafe.Add(ref start, namedAt);
            if (next is not (IpProtocol.HopByHop or IpProtocol.Routing or IpProtocol.DestinationOptions or IpProtocol.Fragment))
            {
                found.UpperProtocol = next;
                found.UpperOffset = at;
                found.UpperNamedAt = namedAt;
                return true;
            }

            if (at > packet.Length - 8 || (next == IpProtocol.HopByHop && at != Ipv6View.HeaderLength)) return false;
            var length = next == IpProtocol.Fragment ? 8 : (Unsafe.Add(ref start, at + 1) + 1) * 8;
            if (at > packet.Length - length) return false;
            if (next == IpProtocol.Fragment)
            {
                if (found.FragmentHeaderOffset != 0) return false;
                found.FragmentHeaderOffset = at;
                found.PerFragmentLength = at;
                found.PerFragmentNamedAt = namedAt;
            }

            namedAt = at;
            at += length;
            if (found.FragmentHeaderOffset == 0 && next is IpProtocol.HopByHop or IpProtocol.Routing)
            {
                found.PerFragmentLength = at;
                found.PerFragmentNamedAt = namedAt;
            }

            if (next == IpProtocol.Fragment && (BigEndian.U16(ref start, namedAt + 2) & 0xfff8) != 0)
            {
                found.UpperProtocol = Unsafe.Add(ref start, namedAt);
                found.UpperOffset = at;
                found.UpperNamedAt = namedAt;
                return true;
            }
        }

        return false;
    }
}
