using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane;

/// <summary>
/// What a packet must satisfy after decapsulation (RFC 4301 §5.2 step 4, RFC 3884 §4): the selectors of its SA, an SPD entry that asks for protection by
/// the tunnel that it came through, and a source that lies behind that tunnel.
/// </summary>
internal sealed class InboundPolicy(Region region, Spd spd, Router router)
{
    /// <summary>Asks the processor for what <see cref="Check"/> reads of the way back.</summary>
    public void Prefetch(in PacketFields inner)
    {
        if (inner.Family == 4) region.PrefetchNextHop(region.Ipv4Routes.Find(inner.SourceV4));
    }

    /// <summary>Checks the inner packet that came through an inbound SA.</summary>
    public DropReason Check(uint slot, in PacketFields inner)
    {
        ref var sa = ref region.InboundSa(slot);
        if (sa.SelectorCount != 0 && !SpdMatch.MatchesAny(region, sa.SelectorStart, sa.SelectorCount, inner, inbound: true)) return DropReason.SelectorMismatch;
        var index = spd.Find(inner, inbound: true);
        if (index != Spd.None && spd.Rule(index).OnlyPlain != 0) index = spd.FindAfter(index, inner, inbound: true);
        if (index == Spd.None) return DropReason.NoPolicy;
        ref readonly var rule = ref spd.Rule(index);
        if (rule.Action == SpdAction.Discard) return DropReason.PolicyDiscard;
        if (rule.Action != SpdAction.Protect || (rule.Tunnel != SpdRule.ByRoute && rule.Tunnel != sa.Tunnel)) return DropReason.SelectorMismatch;
        return CheckSource(sa, inner);
    }

    /// <summary>Port of the interface of the tunnel that the packet came through, when it is for it: its address, or an address of the link alone; -1 when it is to be routed.</summary>
    public int InterfaceOf(uint slot, in PacketFields inner)
    {
        ref var sa = ref region.InboundSa(slot);
        if (sa.Tunnel >= (uint)region.Counts.Tunnels) return -1;
        var port = Volatile.Read(ref region.Tunnel(sa.Tunnel).Interface) - 1;
        if (port < 0 || inner.IsOfTheLink()) return port;
        ref readonly var route = ref router.NextHop(router.Find(inner.Destination()));
        return route.Kind == NextHopKind.Punt && route.Port == port ? port : -1;
    }

    /// <summary>Checks a packet for the interface of its tunnel (RFC 3884 §3: the interface says what goes through it): the SPD may still discard it.</summary>
    public DropReason CheckForInterface(uint slot, in PacketFields inner)
    {
        ref var sa = ref region.InboundSa(slot);
        if (sa.SelectorCount != 0 && !SpdMatch.MatchesAny(region, sa.SelectorStart, sa.SelectorCount, inner, inbound: true)) return DropReason.SelectorMismatch;
        var index = spd.Find(inner, inbound: true);
        if (index != Spd.None && spd.Rule(index).Action == SpdAction.Discard) return DropReason.PolicyDiscard;
        return inner.IsFromTheLink() ? DropReason.None : CheckSource(sa, inner);
    }

    /// <summary>In transport mode the source is the peer itself; otherwise its route must lead back into the tunnel, be it as one of several ways.</summary>
    private DropReason CheckSource(in InboundSa sa, in PacketFields inner)
    {
        if (sa.Tunnel >= (uint)region.Counts.Tunnels) return DropReason.SourceNotBehindTunnel;
        ref var tunnel = ref region.Tunnel(sa.Tunnel);
        if (Volatile.Read(ref tunnel.State) != SlotState.Live) return DropReason.SourceNotBehindTunnel;
        if (tunnel.CheckSourceRoute == 0 && (sa.Flags & SaFlags.CheckSourceRoute) == 0) return DropReason.None;
        if (tunnel.Kind == TunnelKind.Transport) return inner.Source() == tunnel.Remote ? DropReason.None : DropReason.SourceNotBehindTunnel;
        // Which of several interfaces a source lies behind is for routing to say, and the two sides may see it differently (RFC 3884 §3.3).
        if (tunnel.CheckSourceRoute == TunnelRecord.SourceByInterfaces) return router.LeadsIntoInterface(router.Find(inner.Source())) ? DropReason.None : DropReason.SourceNotBehindTunnel;
        if (tunnel.Group != 0) return router.LeadsIntoGroup(router.Find(inner.Source()), tunnel.Group) ? DropReason.None : DropReason.SourceNotBehindTunnel;
        return router.LeadsInto(router.Find(inner.Source()), sa.Tunnel) ? DropReason.None : DropReason.SourceNotBehindTunnel;
    }
}
