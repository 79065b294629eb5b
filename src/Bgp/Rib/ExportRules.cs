using System.Net;

namespace Appliance.Bgp;

/// <summary>What may go to whom, and with which attributes: RFC 4271 §5 and §9.1.3, 1997, 4360, 4364, 4456, 4684, 8212 and draft-guichard-ce-ce-ipsec-00 §5.</summary>
internal static class ExportRules
{
    private const uint NoExport = 0xffff_ff01;
    private const uint NoAdvertise = 0xffff_ff02;
    private const uint NoExportSubconfed = 0xffff_ff03;

    /// <summary>Whether a route may go to a neighbour at all, before its policy is asked.</summary>
    public static bool MayGo(BgpConfiguration ours, PeerFamily to, PeerState from, RouteFlags flags, PathAttributes attributes)
    {
        var peer = to.Peer.Facts;
        if (from.Slot == to.Peer.Slot && !IsMembershipForClient(to)) return false;
        if (peer.IsExternal && to.Facts.Export == null) return false;
        if (attributes.Groups is { } groups && !(peer.Group is { } group && groups.Contains(group.Name))) return false;
        // Where tunnels of one group end, another group's key opens nothing.
        if (attributes.Egress != null && peer.Group is { } other && from.Facts.Group?.Name != other.Name) return false;
        foreach (var community in attributes.Communities)
        {
            if (community == NoAdvertise || (peer.IsExternal && community is NoExport or NoExportSubconfed)) return false;
        }

        if (IsInternalToInternal(to, from, flags) && !from.Facts.ReflectorClient && !peer.ReflectorClient) return false;
        if (peer.IsExternal && !peer.AsOverride && AsLoops.Occurrences(attributes.AsPath, peer.RemoteAs) > 0) return false;
        if (to.Facts.Family.IsVpn && to.Peer.Filter is { } filter && !filter.Wants(attributes.ExtendedCommunities)) return false;
        return peer.TakesSecurityGateways || !RouteTargets.HasSecurityGateway(attributes.ExtendedCommunities, ours.SecurityGatewaySubType);
    }

    /// <summary>
    /// The attributes with which a route goes out; null: it cannot go (there is no next hop that the neighbour would understand). Our own routes tell neighbours of a group where its tunnels end
    /// here (draft-yamaya-ipsecme-mpsa-04 §4, RFC 9012); what others said of their ends stays as it is.
    /// </summary>
    /// <param name="ours">Who we are.</param>
    /// <param name="to">Where it goes.</param>
    /// <param name="from">Where it is from.</param>
    /// <param name="flags">What the route is.</param>
    /// <param name="before">Its attributes before the export policy.</param>
    /// <param name="after">And after: a next hop or MED that the policy set stays.</param>
    public static PathAttributes? Make(BgpConfiguration ours, PeerFamily to, PeerState from, RouteFlags flags, PathAttributes before, PathAttributes after)
    {
        if (after.Egress != null || after.Groups != null) after = new PathAttributes(after) { Egress = null, Groups = null };
        var group = IsUnset(after.NextHop) && from.Slot == 0 && to.Facts.Family is { Afi: 1 or 2, Safi: 1 } ? to.Peer.Facts.Group : null;
        var isSelf = false;
        var hop = (group?.NextHop(to.Facts.Family.Afi) is { } endpoint ? Fit(to, endpoint) : null) ?? NextHop(to, from, flags, before, after, out isSelf);
        if (hop == null || hop.Equals(to.Peer.Facts.Address)) return null;
        if (group != null) after = new PathAttributes(after) { TunnelEncapsulation = group.Encapsulation };
        var linkLocal = isSelf && to.Facts.Family.Afi == 2 ? to.Peer.Facts.LinkLocal : null;
        if (to.Peer.Facts.IsExternal)
        {
            var path = to.Peer.Facts.AsOverride ? AsLoops.Replace(after.AsPath, to.Peer.Facts.RemoteAs, to.Peer.Facts.LocalAs) : after.AsPath;
            return new PathAttributes(after)
            {
                AsPath = AsPaths.Prepend(path, to.Peer.Facts.LocalAs),
                NextHop = hop,
                LinkLocalNextHop = linkLocal,
                Med = from.Slot == 0 || after.Med != before.Med ? after.Med : null,
                LocalPref = null,
                OriginatorId = null,
                ClusterList = [],
                ExtendedCommunities = ForAnotherAs(ours, to, after.ExtendedCommunities),
            };
        }

        var isReflected = IsInternalToInternal(to, from, flags);
        return new PathAttributes(after)
        {
            NextHop = hop,
            LinkLocalNextHop = linkLocal,
            LocalPref = after.LocalPref ?? 100,
            OriginatorId = IsMembershipForClient(to) ? ours.RouterId : isReflected ? after.OriginatorId ?? from.Facts.RouterId : null,
            ClusterList = isReflected ? [ours.ClusterId != 0 ? ours.ClusterId : ours.RouterId, .. after.ClusterList] : [],
        };
    }

    // RFC 4684 §3.2 i: a client gets memberships with ourselves as originator, its own too, so that it sends us what they ask for.
    private static bool IsMembershipForClient(PeerFamily to) => to.Facts.Family == Family.RouteTarget && to.Peer.Facts.ReflectorClient && !to.Peer.Facts.IsExternal;

    // Reflection; what goes from a VRF to the VPN or back is no reflection.
    private static bool IsInternalToInternal(PeerFamily to, PeerState from, RouteFlags flags) =>
        from.Slot != 0 && !from.Facts.IsExternal && !to.Peer.Facts.IsExternal && (flags & (RouteFlags.Imported | RouteFlags.Exported)) == 0;

    private static IPAddress? NextHop(PeerFamily to, PeerState from, RouteFlags flags, PathAttributes before, PathAttributes after, out bool isSelf)
    {
        isSelf = false;
        var hop = after.NextHop;
        var isUnset = IsUnset(hop);
        if (!isUnset && !hop.Equals(before.NextHop)) return Fit(to, hop);
        var isOwn = from.Slot == 0;
        isSelf = isUnset || (flags & RouteFlags.Exported) != 0 || IsMembershipForClient(to)
            || (!isOwn && (to.Peer.Facts.IsExternal || (to.Facts.NextHopSelf && (from.Facts.IsExternal || (flags & RouteFlags.Imported) != 0))));
        return isSelf ? Self(to) : Fit(to, hop);
    }

    private static bool IsUnset(IPAddress hop) => hop.Equals(IPAddress.Any) || hop.Equals(IPAddress.IPv6Any);

    private static IPAddress? Self(PeerFamily to)
    {
        var peer = to.Peer.Facts;
        var local = peer.LocalAddress.IsIPv4MappedToIPv6 ? peer.LocalAddress.MapToIPv4() : peer.LocalAddress;
        var isLocal4 = local.IsV4();
        if (to.Facts.Family.Afi == 2) return peer.NextHopIpv6 ?? (isLocal4 ? local.MapToIPv6() : local);
        return peer.NextHopIpv4 ?? (isLocal4 ? local : Fit(to, peer.NextHopIpv6 ?? local));
    }

    // RFC 4659 §3.2.1.2: an IPv4 next hop of an IPv6 route goes as a mapped address; RFC 8950: an IPv6 one of an IPv4 route goes only to whom takes it.
    private static IPAddress? Fit(PeerFamily to, IPAddress hop)
    {
        var isV4 = hop.IsV4();
        if (to.Facts.Family.Afi == 2) return isV4 ? hop.MapToIPv6() : hop;
        return isV4 || to.Facts.ExtendedNextHop || to.Facts.Family.Safi is not (1 or 128) ? hop : null;
    }

    // RFC 4360 §6: what is not transitive stays in the AS, a Security Gateway Identity for whom it is meant aside. A customer is not shown route targets.
    private static ulong[] ForAnotherAs(BgpConfiguration ours, PeerFamily to, ulong[] communities)
    {
        var isCustomer = to.Peer.Facts.Vrf.Length > 0;
        return Array.TrueForAll(communities, Stays) ? communities : Array.FindAll(communities, Stays);

        bool Stays(ulong community) => (ExtendedCommunity.IsTransitive(community) || RouteTargets.IsSecurityGateway(community, ours.SecurityGatewaySubType)) && !(isCustomer && ExtendedCommunity.IsRouteTarget(community));
    }
}
