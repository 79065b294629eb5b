using System.Net;

namespace Appliance.Bgp.Tests;

/// <summary>What a neighbour has to be told, computed from the reference's tables.</summary>
internal sealed class ReferenceExport(ReferenceRib rib, Dictionary<(string Vrf, Family Family), ReferenceRib.Table> tables)
{
    /// <summary>For each prefix the attributes, several with ADD-PATH, as texts in order.</summary>
    public Dictionary<Nlri, List<PathAttributes>> To(int peer, RibFamily family)
    {
        var told = new Dictionary<Nlri, List<PathAttributes>>();
        var facts = rib.Peers[peer];
        if (!tables.TryGetValue((facts.Vrf, family.Family), out var table)) return told;
        foreach (var (nlri, routes) in table.Routes)
        {
            var ranked = rib.Rank(routes);
            if (family.Family == Family.RouteTarget && !facts.IsExternal && !facts.ReflectorClient && ranked.Exists(r => !IsOfNonClient(r))) ranked.RemoveAll(IsOfNonClient);
            var sent = (family.AddPathSend > 0 ? ranked : ranked.Take(1)).Select(r => Sent(facts, family, nlri, r)).OfType<PathAttributes>().Take(Math.Max(1, family.AddPathSend)).ToList();
            if (sent.Count > 0) told[nlri] = sent;
        }

        return told;
    }

    private PathAttributes? Sent(RibPeer to, RibFamily family, Nlri nlri, ReferenceRib.Candidate route)
    {
        var from = route.Peer == 0 ? null : rib.Peers[route.Peer];
        var toMembershipClient = family.Family == Family.RouteTarget && to.ReflectorClient && !to.IsExternal;
        if (route.Peer == to.Id && !toMembershipClient) return null;
        if (to.IsExternal && family.Export == null) return null;
        var attributes = route.Attributes;
        if (attributes.Communities.Contains(0xffffff02)) return null;
        if (to.IsExternal && attributes.Communities.Any(c => c is 0xffffff01 or 0xffffff03)) return null;
        var crosses = route.ImportedFrom.Length > 0 || route.ExportedBy.Length > 0;
        var isReflected = from is { IsExternal: false } && !to.IsExternal && !crosses;
        if (isReflected && !from!.ReflectorClient && !to.ReflectorClient) return null;
        if (to.IsExternal && !to.AsOverride && attributes.AsPath.Any(s => s.Ases.Contains(to.RemoteAs))) return null;
        if (family.Family.IsVpn && to.Families.Any(f => f.Family == Family.RouteTarget) && !Wanted(to, attributes)) return null;
        if (!to.TakesSecurityGateways && attributes.ExtendedCommunities.Any(IsGateway)) return null;
        var session = new PolicySession(to.Name, to.Address, to.RemoteAs, to.LocalAs, to.LocalAddress, to.IsExternal);
        var after = family.Export == null ? attributes : family.Export.Apply(session, family.Family, nlri with { Label = route.Label }, attributes);
        if (after == null) return null;
        var hop = after.NextHop;
        if (hop.Equals(attributes.NextHop) && (hop.Equals(IPAddress.Any) || route.ExportedBy.Length > 0 || toMembershipClient
            || (from != null && (to.IsExternal || (family.NextHopSelf && (from.IsExternal || route.ImportedFrom.Length > 0)))))) hop = to.LocalAddress;
        if (hop.Equals(to.Address)) return null;
        if (!to.IsExternal)
        {
            return new PathAttributes(after)
            {
                NextHop = hop,
                LocalPref = after.LocalPref ?? 100,
                OriginatorId = toMembershipClient ? rib.Configuration.RouterId : isReflected ? after.OriginatorId ?? from!.RouterId : null,
                ClusterList = isReflected ? [rib.Configuration.RouterId, .. after.ClusterList] : [],
            };
        }

        var path = after.AsPath.Select(s => new AsSegment(s.Type, [.. s.Ases.Select(a => to.AsOverride && a == to.RemoteAs ? to.LocalAs : a)])).ToList();
        return new PathAttributes(after)
        {
            AsPath = AsPaths.Prepend(path, to.LocalAs),
            NextHop = hop,
            Med = from == null || after.Med != attributes.Med ? after.Med : null,
            LocalPref = null,
            OriginatorId = null,
            ClusterList = [],
            ExtendedCommunities = [.. after.ExtendedCommunities.Where(c => (ExtendedCommunity.IsTransitive(c) || IsGateway(c)) && !(to.Vrf.Length > 0 && ExtendedCommunity.IsRouteTarget(c)))],
        };
    }

    private bool IsOfNonClient(ReferenceRib.Candidate route) => route.Peer != 0 && rib.Peers[route.Peer] is { IsExternal: false, ReflectorClient: false };

    private bool Wanted(RibPeer to, PathAttributes attributes) => rib.Received.Where(r => r.Key.Peer == to.Id && r.Key.Family == Family.RouteTarget
        && rib.Imported(to, to.Families.Single(f => f.Family == Family.RouteTarget), r.Key.Key, r.Value.Attributes) != null).Any(r =>
        r.Key.Key.Prefix.Length == 0 || attributes.ExtendedCommunities.Any(c => ExtendedCommunity.IsRouteTarget(c) && (r.Key.Key.Prefix with { High = 0 } == RouteTargets.Membership(0, c) with { High = 0 })
            && (uint)r.Key.Key.Prefix.High == (uint)(c >> 32)));

    private bool IsGateway(ulong community) => (community >> 56 & ~0x40ul) == 3 && (byte)(community >> 48) == rib.Configuration.SecurityGatewaySubType;
}
