namespace Appliance.Bgp;

/// <summary>What is taken of what comes (RFC 4271 §9.1.1, §9.1.2; RFC 4456 §8; RFC 8212).</summary>
public sealed partial class Rib
{
    // Keeps the number of the attributes of the message at hand, and what a policy that does not look at prefixes makes of them.
    private void Remember(PeerFamily from, PathAttributes attributes)
    {
        var received = Attributes.Intern(attributes);
        ForgetLast(from);
        from.LastAttributes = attributes;
        from.LastIn = received;
        if (from.Facts.Import is not { DependsOnPrefix: true }) from.LastOut = Import(from, default, received);
    }

    private void ForgetLast(PeerFamily from)
    {
        Attributes.Release(from.LastIn);
        Attributes.Release(from.LastOut);
        from.LastAttributes = null;
        from.LastIn = from.LastOut = 0;
    }

    private int Taken(PeerFamily from, in Nlri nlri)
    {
        if (IsBareMulticast(from, in nlri, from.LastIn)) return 0;
        return from.Facts.Import is { DependsOnPrefix: true } ? Import(from, in nlri, from.LastIn) : Attributes.Hold(from.LastOut);
    }

    // Multicast goes to members of a group alone, and they say where they are: without that nobody can be meant.
    private bool IsBareMulticast(PeerFamily from, in Nlri nlri, int received) =>
        MulticastPrefixes.IsMulticast(from.Facts.Family, nlri.Prefix) && Attributes[received].TunnelEncapsulation is null;

    // The attributes after loops are looked for and the policy is asked, with a reference; 0: rejected.
    private int Import(PeerFamily from, in Nlri nlri, int received)
    {
        var attributes = Attributes[received];
        var peer = from.Peer.Facts;
        if (from.Peer.IsOurs(attributes.NextHop) || HasLoop(peer, attributes)) return 0;
        if (peer.IsExternal) attributes = WithoutInternal(attributes);
        attributes = WithEgress(peer, attributes);
        var policy = from.Facts.Import;
        if (policy == null) return peer.IsExternal ? 0 : Attributes.Intern(attributes);
        var taken = policy.Apply(from.Peer.Session, from.Facts.Family, in nlri, attributes);
        return taken == null ? 0 : Attributes.Intern(taken);
    }

    private bool HasLoop(RibPeer peer, PathAttributes attributes)
    {
        if (AsLoops.Occurrences(attributes.AsPath, peer.LocalAs) > peer.AllowOwnAs) return true;
        if (Configuration.LocalAs != peer.LocalAs && AsLoops.Occurrences(attributes.AsPath, Configuration.LocalAs) > peer.AllowOwnAs) return true;
        if (peer.IsExternal) return false;
        if (attributes.OriginatorId is { } originator && originator == Configuration.RouterId) return true;
        return attributes.ClusterList.AsSpan().Contains(Configuration.ClusterId != 0 ? Configuration.ClusterId : Configuration.RouterId);
    }

    // RFC 4271 §5.1.5, RFC 7606 §7.9-7.10: what only has a meaning within an AS, from another one, is ignored.
    private static PathAttributes WithoutInternal(PathAttributes attributes)
    {
        if (attributes.LocalPref == null && attributes.OriginatorId == null && attributes.ClusterList.Length == 0) return attributes;
        return new PathAttributes(attributes) { LocalPref = null, OriginatorId = null, ClusterList = [] };
    }

    // RFC 9012 §7.1: a path into IPsec tunnels can be used while the end of one can be reached; its next hop may be of a family that we do not have.
    private static PathAttributes WithEgress(RibPeer peer, PathAttributes attributes)
    {
        if (peer.Group is not { } group || TunnelEncapsulation.IpsecEndpoints(attributes) is not { } endpoints) return attributes;
        return new PathAttributes(attributes) { Egress = group.Choose(endpoints) };
    }

    // Counts routes that are taken; of route target memberships the filter follows.
    private static void Accept(PeerFamily from, in Nlri nlri, int count)
    {
        from.Accepted += count;
        if (from.Peer.Filter is not { } filter || from.Facts.Family != Family.RouteTarget) return;
        if (count > 0) filter.Add(nlri.Prefix);
        else filter.Remove(nlri.Prefix);
        foreach (var family in from.Peer.Families)
        {
            if (family.Facts.Family.IsVpn) family.Out.FilterChanged = true;
        }
    }

    // A changed import policy is asked about every route of the neighbour again; a route keeps its attributes as they came for this.
    private void Reimport(PeerFamily from)
    {
        ForgetLast(from);
        var table = from.Table;
        for (var slot = 1; slot < table.Top; slot++)
        {
            if (!table.IsUsed(slot)) continue;
            for (var at = table[slot].Routes; at != 0; at = Routes[at].Next)
            {
                if (!IsFrom(in Routes[at], from)) continue;
                var nlri = table.Nlri(slot) with { PathId = Routes[at].PathId, Label = Routes[at].Label };
                var taken = IsBareMulticast(from, in nlri, Routes[at].In) ? 0 : Import(from, in nlri, Routes[at].In);
                ref var route = ref Routes[at];
                if ((route.Out == 0) != (taken == 0)) Accept(from, in nlri, taken != 0 ? 1 : -1);
                if (route.Out != taken) table.Touch(slot);
                SetAttributes(ref route, Attributes.Hold(route.In), taken);
            }
        }
    }

    private static bool IsFrom(in Route route, PeerFamily from) => route.Peer == from.Peer.Slot && (route.Flags & (RouteFlags.Imported | RouteFlags.Exported)) == 0;
}
