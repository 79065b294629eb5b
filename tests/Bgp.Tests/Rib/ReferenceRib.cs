using System.Net;

namespace Appliance.Bgp.Tests;

/// <summary>A RIB as one would write it on a page: dictionaries, everything computed anew from what came, whenever something is asked. Slow, and to be compared with.</summary>
internal sealed class ReferenceRib
{
    public BgpConfiguration Configuration { get; set; } = new();

    public Dictionary<int, RibPeer> Peers { get; } = [];

    public HashSet<int> Up { get; } = [];

    public Dictionary<(int Peer, Family Family, Nlri Key), (PathAttributes Attributes, uint Label, bool Stale)> Received { get; } = [];

    public Dictionary<(string Vrf, Family Family, Prefix Prefix), PathAttributes> Own { get; } = [];

    public Dictionary<IPAddress, (bool IsReachable, uint Metric)> Hops { get; } = [];

    /// <summary>A route that takes part in a decision.</summary>
    public sealed record Candidate(int Peer, PathAttributes Attributes, uint PathId, bool IsTracked, string ImportedFrom = "", string ExportedBy = "", uint Label = 0, ulong Distinguisher = 0);

    public sealed record Table(string Vrf, Family Family, Dictionary<Nlri, List<Candidate>> Routes);

    /// <summary>All tables with what can be used in them, VRFs and VPN included, until nothing changes.</summary>
    public Dictionary<(string Vrf, Family Family), Table> Compute()
    {
        var exported = new HashSet<(string Vrf, Family Family, Nlri Nlri, Candidate Route)>();
        for (var round = 0; ; round++)
        {
            if (round > 20) throw new InvalidOperationException("VRFs and VPN do not settle");
            var tables = Tables(exported);
            var next = new HashSet<(string, Family, Nlri, Candidate)>();
            foreach (var table in tables.Values.Where(t => t.Vrf.Length > 0))
            {
                var vrf = Configuration.Vrfs.Single(v => v.Name == table.Vrf);
                if (vrf.RouteDistinguisher == 0 || vrf.Export.Count == 0) continue;
                foreach (var (nlri, routes) in table.Routes)
                {
                    if (Rank(routes).FirstOrDefault() is not { ImportedFrom: "" } best) continue;
                    ulong[] communities = [.. best.Attributes.ExtendedCommunities.Where(c => !ExtendedCommunity.IsRouteTarget(c)), .. vrf.Export];
                    var route = new Candidate(best.Peer, new PathAttributes(best.Attributes) { ExtendedCommunities = communities }, 0, false, "", vrf.Name, vrf.Label);
                    next.Add((vrf.Name, table.Family == Family.Ipv4Unicast ? Family.Vpnv4 : Family.Vpnv6, nlri with { RouteDistinguisher = vrf.RouteDistinguisher }, route));
                }
            }

            if (next.SetEquals(exported)) return tables;
            exported = next;
        }
    }

    /// <summary>The usable routes, best first.</summary>
    public List<Candidate> Rank(IEnumerable<Candidate> routes)
    {
        var left = routes.Where(IsUsable).ToList();
        var ranked = new List<Candidate>();
        while (left.Count > 0)
        {
            var best = Tied(left).OrderBy(Identifier).ThenBy(c => c.Attributes.ClusterList.Length).ThenBy(c => AddressOf(c).Length).ThenBy(c => Convert.ToHexString(AddressOf(c)), StringComparer.Ordinal)
                .ThenBy(c => c.Peer).ThenBy(c => c.Distinguisher).ThenBy(c => c.PathId).First();
            ranked.Add(best);
            left.Remove(best);
        }

        return ranked;
    }

    /// <summary>The best paths, with multipath.</summary>
    public List<Candidate> Best(IReadOnlyList<Candidate> routes)
    {
        var ranked = Rank(routes);
        if (ranked.Count == 0) return [];
        var tied = Tied(routes.Where(IsUsable).ToList());
        var best = ranked[0];
        var most = best.Peer == 0 ? 1 : Peers[best.Peer].IsExternal ? Configuration.ExternalPaths : Configuration.InternalPaths;
        var chosen = new List<Candidate>();
        foreach (var candidate in Rank(tied))
        {
            if (chosen.Count == most) break;
            if (chosen.Exists(c => c.Attributes.NextHop.Equals(candidate.Attributes.NextHop))) continue;
            if (Configuration.MultipathRelax || AsPaths.ToText(candidate.Attributes.AsPath) == AsPaths.ToText(best.Attributes.AsPath)) chosen.Add(candidate);
        }

        return chosen;
    }

    private Dictionary<(string, Family), Table> Tables(HashSet<(string Vrf, Family Family, Nlri Nlri, Candidate Route)> exported)
    {
        var tables = new Dictionary<(string, Family), Table>();
        foreach (var ((peer, family, key), route) in Received)
        {
            var facts = Peers[peer];
            if (Imported(facts, facts.Families.Single(f => f.Family == family), key with { Label = route.Label }, route.Attributes) is { } attributes)
                Add(facts.Vrf, family, key with { PathId = 0 }, new Candidate(peer, attributes, key.PathId, facts.Vrf.Length == 0, Label: route.Label));
        }

        foreach (var ((vrf, family, prefix), attributes) in Own) Add(vrf, family, new Nlri(prefix), new Candidate(0, attributes, 0, false));
        foreach (var vrf in Configuration.Vrfs)
        {
            foreach (var target in vrf.Import)
                Add("", Family.RouteTarget, new Nlri(RouteTargets.Membership(Configuration.LocalAs, target)), new Candidate(0, new PathAttributes(), 0, false));
        }

        tables[("", Family.RouteTarget)] = new Table("", Family.RouteTarget, tables.GetValueOrDefault(("", Family.RouteTarget))?.Routes.ToDictionary(r => r.Key, r => r.Value.DistinctBy(c => c.Peer).ToList()) ?? []);
        foreach (var (_, family, nlri, route) in exported) Add("", family, nlri, route);
        foreach (var vpn in tables.Values.Where(t => t.Family.IsVpn).ToArray())
        {
            foreach (var (nlri, routes) in vpn.Routes)
            {
                var best = Best(routes);
                // A route that one path of the best brings in brings all of them in.
                var targets = best.SelectMany(c => c.Attributes.ExtendedCommunities).ToHashSet();
                foreach (var vrf in Configuration.Vrfs.Where(v => v.Import.Any(targets.Contains)))
                {
                    foreach (var path in best.Where(p => p.ExportedBy != vrf.Name))
                    {
                        Add(vrf.Name, vpn.Family == Family.Vpnv4 ? Family.Ipv4Unicast : Family.Ipv6Unicast, nlri with { RouteDistinguisher = 0 },
                            path with { ImportedFrom = nlri.ToText(vpn.Family), ExportedBy = "", Label = 0, Distinguisher = nlri.RouteDistinguisher, PathId = 0 });
                    }
                }
            }
        }

        return tables;

        void Add(string vrf, Family family, Nlri nlri, Candidate candidate)
        {
            if (!tables.TryGetValue((vrf, family), out var table)) tables.Add((vrf, family), table = new Table(vrf, family, []));
            if (!table.Routes.TryGetValue(nlri, out var list)) table.Routes.Add(nlri, list = []);
            list.Add(candidate);
        }
    }

    /// <summary>The attributes after loops and policy; null: not taken.</summary>
    public PathAttributes? Imported(RibPeer peer, RibFamily family, Nlri nlri, PathAttributes attributes)
    {
        if (attributes.NextHop.Equals(peer.LocalAddress)) return null;
        if (attributes.AsPath.SelectMany(s => s.Ases).Count(a => a == peer.LocalAs) > peer.AllowOwnAs) return null;
        if (!peer.IsExternal && (attributes.OriginatorId == Configuration.RouterId || attributes.ClusterList.Contains(Configuration.RouterId))) return null;
        if (peer.IsExternal) attributes = new PathAttributes(attributes) { LocalPref = null, OriginatorId = null, ClusterList = [] };
        if (family.Import == null) return peer.IsExternal ? null : attributes;
        return family.Import.Apply(new PolicySession(peer.Name, peer.Address, peer.RemoteAs, peer.LocalAs, peer.LocalAddress, peer.IsExternal), family.Family, nlri, attributes);
    }

    private bool IsUsable(Candidate candidate) => !candidate.IsTracked || (Hops.TryGetValue(candidate.Attributes.NextHop, out var hop) && hop.IsReachable);

    private List<Candidate> Tied(List<Candidate> left)
    {
        left = Lowest(left, c => c.Peer == 0 ? 0 : 1);
        left = Lowest(left, c => -(c.Attributes.LocalPref ?? 100L));
        left = Lowest(left, c => AsPaths.LengthOf(c.Attributes.AsPath));
        left = Lowest(left, c => (long)c.Attributes.Origin);
        var all = left;
        left = Configuration.AlwaysCompareMed ? Lowest(left, c => c.Attributes.Med ?? 0)
            : [.. all.Where(m => !all.Exists(n => NeighborAs(n) == NeighborAs(m) && (n.Attributes.Med ?? 0) < (m.Attributes.Med ?? 0)))];
        left = Lowest(left, c => c.Peer != 0 && Peers[c.Peer].IsExternal ? 0 : 1);
        return Lowest(left, c => c.IsTracked ? Hops[c.Attributes.NextHop].Metric : 0);
    }

    private static List<Candidate> Lowest(List<Candidate> left, Func<Candidate, long> value)
    {
        var lowest = left.Min(value);
        return [.. left.Where(c => value(c) == lowest)];
    }

    private static uint NeighborAs(Candidate candidate) => candidate.Attributes.AsPath is [{ Type: 2 } first, ..] ? first.Ases[0] : 0;

    private uint Identifier(Candidate candidate) => candidate.Attributes.OriginatorId ?? (candidate.Peer == 0 ? Configuration.RouterId : Peers[candidate.Peer].RouterId);

    private byte[] AddressOf(Candidate candidate) => candidate.Peer == 0 ? [0, 0, 0, 0] : Peers[candidate.Peer].Address.GetAddressBytes();
}
