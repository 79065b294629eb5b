using System.Net;

namespace Appliance.Bgp;

/// <summary>How many routes there are of a family with a neighbour.</summary>
/// <param name="Received">Routes that came.</param>
/// <param name="Accepted">Of these, routes that the import policy took.</param>
/// <param name="Stale">Of these, routes that are kept until the neighbour says them again.</param>
/// <param name="Sent">Routes that it was told.</param>
public readonly record struct RibCounts(int Received, int Accepted, int Stale, int Sent);

/// <summary>What can be looked at.</summary>
public sealed partial class Rib
{
    /// <summary>How many routes there are of a family with a neighbour.</summary>
    /// <param name="peer">Its number.</param>
    /// <param name="family">The family.</param>
    public RibCounts Counts(int peer, Family family) =>
        byId.TryGetValue(peer, out var state) && state.Of(family) is { } found ? new RibCounts(found.Routes, found.Accepted, found.Stale, found.Out.Sent) : default;

    /// <summary>Tables that hold something or that a neighbour belongs to, and how much: the global ones by family, then those of VRFs by name.</summary>
    public IEnumerable<TableStatus> Tables() =>
        from table in tables
        where !table.IsDying && (table.Count > 0 || table.Outs.Count > 0)
        orderby table.Vrf?.Facts.Name ?? "", table.Family.Afi, table.Family.Safi
        select new TableStatus(table.Vrf?.Facts.Name ?? "", table.Family, table.Count, table.Paths, true);

    /// <summary>How many prefixes a table has.</summary>
    /// <param name="vrf">Name of the VRF; empty for the global table.</param>
    /// <param name="family">The family.</param>
    public int PrefixCount(string vrf, Family family) => FindTable(vrf, family)?.Count ?? 0;

    /// <summary>Prefixes of a table with all their paths, in the order in which the prefixes came. To be read before anything else is called.</summary>
    /// <param name="vrf">Name of the VRF; empty for the global table.</param>
    /// <param name="family">The family.</param>
    /// <param name="within">Prefixes inside of this one alone; null for all.</param>
    public IEnumerable<RouteStatus> RoutesOf(string vrf, Family family, Prefix? within = null)
    {
        if (FindTable(vrf, family) is not { } table) yield break;
        for (var slot = 1; slot < table.Top; slot++)
        {
            if (!table.IsUsed(slot) || table[slot].Routes == 0 || (within is { } range && !range.Contains(table.Nlri(slot).Prefix))) continue;
            yield return Show(table, slot);
        }
    }

    /// <summary>One prefix with all its paths; null: it is not there.</summary>
    /// <param name="vrf">Name of the VRF; empty for the global table.</param>
    /// <param name="family">The family.</param>
    /// <param name="nlri">The prefix, with route distinguisher in VPN families.</param>
    public RouteStatus? RouteOf(string vrf, Family family, in Nlri nlri)
    {
        if (FindTable(vrf, family) is not { } table) return null;
        var slot = table.Find(in nlri);
        return slot == 0 || table[slot].Routes == 0 ? null : Show(table, slot);
    }

    /// <summary>The best paths of a prefix as they were last decided; null for none.</summary>
    /// <param name="vrf">Name of the VRF; empty for the global table.</param>
    /// <param name="family">The family.</param>
    /// <param name="nlri">The prefix, with route distinguisher in VPN families.</param>
    public BestPaths? Best(string vrf, Family family, in Nlri nlri)
    {
        if (FindTable(vrf, family) is not { } table) return null;
        var slot = table.Find(in nlri);
        return slot == 0 || table[slot].Paths == 0 ? null : BestPaths.Object(table[slot].Paths, Peers);
    }

    /// <summary>What a neighbour was told, in the order in which the prefixes came; routes that are about to be said included.</summary>
    /// <param name="peer">Its number.</param>
    /// <param name="family">The family.</param>
    public IEnumerable<(Nlri Nlri, PathAttributes Attributes)> Told(int peer, Family family)
    {
        if (!byId.TryGetValue(peer, out var state) || state.Of(family) is not { } to) yield break;
        for (var slot = 1; slot < to.Table.Top; slot++)
        {
            if (to.Out[slot] > 0) yield return (to.Table.Nlri(slot), Attributes[to.Out[slot]]);
            if (!to.Out.Paths.TryGetValue(slot, out var paths)) continue;
            foreach (var path in paths)
            {
                if (path.Attributes > 0) yield return (to.Table.Nlri(slot) with { PathId = path.PathId }, Attributes[path.Attributes]);
            }
        }
    }

    private RouteStatus Show(RibTable table, int slot)
    {
        var best = decision.Best(table[slot].Routes).ToArray();
        var ranked = decision.InOrder(table[slot].Routes).ToArray();
        var paths = new List<PathStatus>();
        for (var i = 0; i < ranked.Length; i++)
        {
            var isMultipath = i > 0 && best.Contains(ranked[i]);
            paths.Add(Show(ranked[i], i == 0, isMultipath, i == 0 ? "" : isMultipath ? "as good as the best" : decision.Why(ranked[0], ranked[i], ranked)));
        }

        for (var at = table[slot].Routes; at != 0; at = Routes[at].Next)
        {
            if (Array.IndexOf(ranked, at) < 0) paths.Add(Show(at, false, false, Routes[at].Out == 0 ? "not taken: import policy, a loop, or our own address as next hop" : Unreachable(Attributes[Routes[at].Out])));
        }

        return new RouteStatus(table.Vrf?.Facts.Name ?? "", table.Family, table.Nlri(slot), paths);
    }

    private static string Unreachable(PathAttributes attributes) => attributes.Egress is not { } egress ? "next hop unreachable"
        : egress.Equals(IPAddress.Any) ? "no tunnel of it ends where we can send to: none is of a family of our ESP addresses, or it is ourselves" : $"end of its tunnel unreachable: the underlay has no way to {egress}";

    private PathStatus Show(int at, bool isBest, bool isMultipath, string why)
    {
        ref var route = ref Routes[at];
        var peer = Peers[route.Peer]!.Facts;
        return new PathStatus
        {
            Attributes = Attributes[route.Out != 0 ? route.Out : route.In],
            Neighbor = peer.Name,
            PathId = (route.Flags & (RouteFlags.Imported | RouteFlags.Exported)) != 0 ? 0 : route.PathId,
            IsBest = isBest,
            IsMultipath = isMultipath,
            IsStale = (route.Flags & RouteFlags.Stale) != 0,
            IsAccepted = route.Out != 0,
            IsReachable = route.Out != 0 && decision.CanBeUsed(in route),
            IsExternal = peer.IsExternal,
            IsLocal = route.Peer == 0,
            Group = route.Out != 0 && Attributes[route.Out].Egress != null ? peer.Group?.Name : null,
            Why = why,
        };
    }
}
