using Appliance.Shared;

namespace Appliance.Esp;

/// <summary>Traffic-flow confidentiality padding (RFC 4303 §2.7), tunnel mode: octets behind the inner packet, whose own length tells the receiver where it ends.</summary>
internal static class TfcPadding
{
    /// <summary>
    /// Octets to which an inner packet of <paramref name="length"/> octets is padded: the SA's multiple, but no more than what fits the path MTU, and never less than the packet.
    /// </summary>
    internal static int PaddedLength(in OutboundSa sa, int length)
    {
        int multiple = sa.TfcMultiple;
        var padded = (length + multiple - 1) / multiple * multiple;
        return Math.Max(length, Math.Min(padded, EspSize.InnerMtu(sa, sa.PathMtu)));
    }
}
