using System.Net;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Children;

/// <summary>Traffic selector negotiation (RFC 7296 §2.9): what both sides want. Pure.</summary>
internal static class SelectorNarrowing
{
    /// <summary>More are not kept: what one side wants times what the other wants could grow.</summary>
    public const int Most = 64;

    /// <summary>
    /// What of the peer's proposal our policy takes: every intersection, in the order proposed, so that the initiator's first choice stays in when policy takes it; what
    /// another one covers is left out. Empty: TS_UNACCEPTABLE.
    /// </summary>
    public static IReadOnlyList<TrafficSelector> Narrow(IReadOnlyList<TrafficSelector> proposed, IReadOnlyList<TrafficSelector> policy)
    {
        var both = new List<TrafficSelector>();
        foreach (var selector in proposed)
        {
            foreach (var accepted in policy)
            {
                if (Intersect(selector, accepted) is not { } part || both.Any(b => Covers(b, part))) continue;
                both.RemoveAll(b => Covers(part, b));
                if (both.Count < Most) both.Add(part);
            }
        }

        return both;
    }

    /// <summary>Whether each of <paramref name="inner"/> lies in one of <paramref name="outer"/>: the answer to a proposal must (RFC 7296 §2.9).</summary>
    public static bool CoversAll(IReadOnlyList<TrafficSelector> outer, IReadOnlyList<TrafficSelector> inner) => inner.All(i => outer.Any(o => Covers(o, i)));

    /// <summary>Puts the packet's own selector before those of the policy (RFC 7296 §2.9), when policy covers it.</summary>
    public static IReadOnlyList<TrafficSelector> WithPacket(TrafficSelector? packet, IReadOnlyList<TrafficSelector> policy) =>
        packet is not null && policy.Any(p => Covers(p, packet)) && !policy.Contains(packet) ? [packet, .. policy] : policy;

    /// <summary>Whether the first selector of a proposal is wholly ours to accept.</summary>
    public static bool AcceptsFirst(IReadOnlyList<TrafficSelector> proposed, IReadOnlyList<TrafficSelector> policy) => proposed.Count > 0 && policy.Any(p => Covers(p, proposed[0]));

    /// <summary>What two selectors have in common, or null.</summary>
    public static TrafficSelector? Intersect(TrafficSelector a, TrafficSelector b)
    {
        if (!IsValid(a) || !IsValid(b) || a.IsV4 != b.IsV4) return null;
        if (a.Protocol != 0 && b.Protocol != 0 && a.Protocol != b.Protocol) return null;
        if (IntersectPorts(a, b) is not { } ports) return null;
        var low = Compare(a.Low, b.Low) >= 0 ? a.Low : b.Low;
        var high = Compare(a.High, b.High) <= 0 ? a.High : b.High;
        return Compare(low, high) > 0 ? null : new TrafficSelector(a.Protocol != 0 ? a.Protocol : b.Protocol, ports.Low, ports.High, low, high);
    }

    /// <summary>Whether everything in <paramref name="inner"/> is in <paramref name="outer"/>.</summary>
    public static bool Covers(TrafficSelector outer, TrafficSelector inner) => Intersect(outer, inner) == inner;

    /// <summary>An order of addresses of one family.</summary>
    public static int Compare(IPAddress a, IPAddress b)
    {
        Span<byte> x = stackalloc byte[16];
        Span<byte> y = stackalloc byte[16];
        a.TryWriteBytes(x, out var lengthOfX);
        b.TryWriteBytes(y, out var lengthOfY);
        return lengthOfX != lengthOfY ? lengthOfX - lengthOfY : x[..lengthOfX].SequenceCompareTo(y[..lengthOfY]);
    }

    /// <summary>Ends in order and of one family; ports in order, or OPAQUE. What is not is ignored like an unknown type.</summary>
    private static bool IsValid(TrafficSelector selector) =>
        selector.Low.IsV4() == selector.High.IsV4() && Compare(selector.Low, selector.High) <= 0 && (selector.PortLow <= selector.PortHigh || IsOpaque(selector));

    private static bool IsOpaque(TrafficSelector selector) => selector is { PortLow: ushort.MaxValue, PortHigh: 0 };

    private static bool IsAnyPort(TrafficSelector selector) => selector is { PortLow: 0, PortHigh: ushort.MaxValue };

    // ANY takes OPAQUE in (RFC 4301 §4.4.1.1); a range does not.
    private static (ushort Low, ushort High)? IntersectPorts(TrafficSelector a, TrafficSelector b)
    {
        if (IsOpaque(a) || IsOpaque(b)) return (IsOpaque(a) || IsAnyPort(a)) && (IsOpaque(b) || IsAnyPort(b)) ? (ushort.MaxValue, (ushort)0) : null;
        var (low, high) = (Math.Max(a.PortLow, b.PortLow), Math.Min(a.PortHigh, b.PortHigh));
        return low <= high ? (low, high) : null;
    }
}
