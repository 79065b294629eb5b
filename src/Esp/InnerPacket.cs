using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.Esp;

/// <summary>The IP packet inside a tunnel-mode or IIPtran payload (RFC 4303 §3.4.4, RFC 3884).</summary>
internal static class InnerPacket
{
    /// <summary>
    /// Makes <paramref name="packet"/> the inner packet: its own length counts, what follows is TFC padding (RFC 4303 §2.7); ECN comes in from outside (RFC 6040), DSCP does not
    /// (RFC 2983 §4.2, uniform across the SA's own policy).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static DropReason TryDeliver(ref Packet packet, ref byte inner, uint address, int length, byte nextHeader, int outerEcn)
    {
        int total, innerEcn;
        if (nextHeader == IpProtocol.Ipv4)
        {
            if (length < Ipv4View.MinimumHeaderLength) return DropReason.Truncated;
            var first = Unsafe.ReadUnaligned<uint>(ref inner);
            total = BinaryPrimitives.ReverseEndianness((ushort)(first >> 16));
            innerEcn = (int)(first >> 8) & 3;
            if ((first & 0xf0) != 0x40 || total < Ipv4View.MinimumHeaderLength) return DropReason.BadIpHeader;
        }
        else if (nextHeader == IpProtocol.Ipv6)
        {
            if (length < Ipv6View.HeaderLength) return DropReason.Truncated;
            var first = Unsafe.ReadUnaligned<ulong>(ref inner);
            total = Ipv6View.HeaderLength + BinaryPrimitives.ReverseEndianness((ushort)(first >> 32));
            innerEcn = (int)(first >> 12) & 3;
            if ((first & 0xf0) != 0x60) return DropReason.BadIpHeader;
        }
        else
        {
            return DropReason.BadNextHeader;
        }

        if (total > length) return DropReason.Truncated;
        if (innerEcn != outerEcn)
        {
            var ecn = EcnRules.Decapsulated(innerEcn, outerEcn);
            if (ecn < 0) return DropReason.EcnNotCapable;
            if (ecn != innerEcn) EcnRules.Write(ref inner, ecn);
        }

        packet.Address = address;
        packet.Length = total;
        return DropReason.None;
    }
}
