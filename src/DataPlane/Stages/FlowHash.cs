using System.Runtime.CompilerServices;
using Appliance.Wire;

namespace Appliance.DataPlane;

/// <summary>
/// A number for each flow: addresses, protocol and ports, so that packets of one flow keep their way and order. Fragments have no ports to go by (only the first carries them), so all of a
/// datagram's go by the rest.
/// </summary>
internal static class FlowHash
{
    /// <summary>32 bits, all as good as each other.</summary>
    public static uint Of(in PacketFields fields)
    {
        ulong rest = fields.Protocol;
        if (!fields.IsFragment) rest |= (ulong)fields.SourcePort << 32 | (ulong)fields.DestinationPort << 16;
        var hash = Mix(fields.SourceHigh ^ fields.SourceLow * 0x9e37_79b9_7f4a_7c15UL);
        hash = Mix(hash + (fields.DestinationHigh ^ fields.DestinationLow * 0xc2b2_ae3d_27d4_eb4fUL));
        return (uint)(Mix(hash + rest) >> 32);
    }

    /// <summary>One of so many ways, each as likely (RFC 2992 §2: when their number changes, few flows move).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Choose(uint hash, uint count) => (int)((ulong)hash * count >> 32);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong value)
    {
        value = (value ^ value >> 32) * 0xff51_afd7_ed55_8ccdUL;
        return value ^ value >> 29;
    }
}
