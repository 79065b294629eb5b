using System.Net;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Children;

/// <summary>Local and remote selectors.</summary>
internal readonly record struct SelectorPair(IReadOnlyList<TrafficSelector> Local, IReadOnlyList<TrafficSelector> Remote)
{
    /// <summary>One side has none: TS_UNACCEPTABLE.</summary>
    public bool IsEmpty => Local.Count == 0 || Remote.Count == 0;

    public SelectorPair Narrow(SelectorPair policy) => new(SelectorNarrowing.Narrow(Local, policy.Local), SelectorNarrowing.Narrow(Remote, policy.Remote));

    public override string ToString() => $"{Text(Local)} === {Text(Remote)}";

    private static string Text(IReadOnlyList<TrafficSelector> selectors) =>
        selectors.Count == 0 ? "nothing" : string.Join(' ', selectors.Take(8)) + (selectors.Count > 8 ? $" and {selectors.Count - 8} more" : "");
}

/// <summary>What the selectors of a template mean on an IKE SA: its outer and inner addresses are known only there.</summary>
internal static class ChildPolicy
{
    /// <summary>Of tunnel mode. Remote selectors lie in what the PAD allows the peer (RFC 4301 §4.4.3.3).</summary>
    public static SelectorPair Tunnel(IkeSa sa, IkePeer peer, ChildTemplate template)
    {
        var remote = template.Remote.Count > 0 ? template.Remote : sa.Inner.Peers.Count > 0 ? Hosts(sa.Inner.Peers) : peer.AllowedRemote;
        if (template.Remote.Count > 0 && peer.AllowedRemote.Count > 0) remote = SelectorNarrowing.Narrow(remote, peer.AllowedRemote);
        var local = template.Local.Count > 0 ? template.Local : sa.Inner.Ours.Count > 0 ? Hosts(sa.Inner.Ours) : Any(remote);
        return new(local, remote);
    }

    /// <summary>Of transport mode and IIPtran: the outer addresses.</summary>
    public static SelectorPair Outer(IkeSa sa, ChildTemplate template)
    {
        var (local, remote) = (sa.Local.Address, sa.Remote.Address);
        return template.Mode == ChildMode.IipTran
            ? new(TransportSelectors.IipTran(local), TransportSelectors.IipTran(remote))
            : new(TransportSelectors.OnAddress(template.Local, local), TransportSelectors.OnAddress(template.Remote, remote));
    }

    /// <summary>
    /// What we propose. IIPtran proposes both: the outer addresses for a peer that takes transport mode, the inner ones for a peer that does tunnel mode.
    /// </summary>
    public static SelectorPair Proposed(IkeSa sa, IkePeer peer, ChildTemplate template)
    {
        if (template.Mode == ChildMode.Tunnel) return Tunnel(sa, peer, template);
        var outer = Outer(sa, template);
        if (template.Mode == ChildMode.Transport) return outer;
        var inner = Tunnel(sa, peer, template);
        return new([.. outer.Local, .. inner.Local], [.. outer.Remote, .. inner.Remote]);
    }

    private static TrafficSelector[] Hosts(IReadOnlyList<IPAddress> addresses) => [.. addresses.Select(a => TransportSelectors.OfAddress(a, 0))];

    private static TrafficSelector[] Any(IReadOnlyList<TrafficSelector> others)
    {
        var families = others.Select(s => s.IsV4 ? TrafficSelector.AnyV4 : TrafficSelector.AnyV6).Distinct().ToArray();
        return families.Length > 0 ? families : [TrafficSelector.AnyV4, TrafficSelector.AnyV6];
    }
}
