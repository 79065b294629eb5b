using System.Net;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Children;

/// <summary>Selectors of transport mode and IIPtran: the outer addresses themselves, which a NAT on the way changes (RFC 7296 §2.23.1, RFC 3884).</summary>
internal static class TransportSelectors
{
    private const byte Ipv4InIp = 4;
    private const byte Ipv6InIp = 41;

    /// <summary>
    /// Replaces the address of every selector that is one address alone. What holds more is left as it is: a range is no transport mode.
    /// </summary>
    public static IReadOnlyList<TrafficSelector> Substitute(IReadOnlyList<TrafficSelector> selectors, IPAddress address) =>
        [.. selectors.Select(s => s.Low.Equals(s.High) ? s with { Low = address, High = address } : s)];

    /// <summary>
    /// Puts the addresses that we see in the place of those that the peer sees, where a NAT made them differ: by the responder on what is proposed, by the initiator on the
    /// answer (RFC 7296 §2.23.1). The pair is ours: local first.
    /// </summary>
    public static SelectorPair AsSeenHere(IkeSa sa, SelectorPair pair) => new(
        sa.Nat.HasFlag(NatState.Local) ? Substitute(pair.Local, sa.Local.Address) : pair.Local,
        sa.Nat.HasFlag(NatState.Remote) ? Substitute(pair.Remote, sa.Remote.Address) : pair.Remote);

    /// <summary>What a template's list means on these outer addresses: empty is the address itself, ranges that hold it shrink to it.</summary>
    public static IReadOnlyList<TrafficSelector> OnAddress(IReadOnlyList<TrafficSelector> policy, IPAddress address)
    {
        var whole = OfAddress(address, 0);
        return policy.Count == 0 ? [whole] : SelectorNarrowing.Narrow([whole], policy);
    }

    /// <summary>RFC 3884: what IIPtran protects between two outer addresses are packets of protocol IPv4 and IPv6.</summary>
    public static IReadOnlyList<TrafficSelector> IipTran(IPAddress address) => [OfAddress(address, Ipv4InIp), OfAddress(address, Ipv6InIp)];

    /// <summary>One address, any port.</summary>
    public static TrafficSelector OfAddress(IPAddress address, byte protocol) => new(protocol, 0, ushort.MaxValue, address, address);
}
