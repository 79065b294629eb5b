using System.Runtime.CompilerServices;
using Appliance.Wire;

namespace Appliance.Esp;

/// <summary>ECN when tunnels end (RFC 6040 §4.2). At the entrance the field is copied (§4.1, normal mode).</summary>
public static class EcnRules
{
    /// <summary>ECN codepoint that the inner packet leaves with, or -1: the packet must be dropped (outer CE on an inner packet that is not ECN-capable).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Decapsulated(int inner, int outer)
    {
        // Almost every packet: the two are equal.
        if (inner == outer) return inner;
        if (outer == Ecn.Ce) return inner == Ecn.NotEct ? -1 : Ecn.Ce;
        return outer == Ecn.Ect1 && inner == Ecn.Ect0 ? Ecn.Ect1 : inner;
    }

    /// <summary>Writes the ECN codepoint of an IP packet and keeps an IPv4 checksum right. 20 octets are there (IPv4), 40 (IPv6).</summary>
    internal static void Write(ref byte ip, int codepoint)
    {
        if (ip >> 4 == 4)
        {
            Ipv4Header.Change16(ref ip, 0, (ushort)((BigEndian.U16(ref ip, 0) & ~3) | codepoint));
            return;
        }

        BigEndian.Set16(ref ip, 0, (ushort)((BigEndian.U16(ref ip, 0) & ~0x30) | codepoint << 4));
    }
}
