namespace Appliance.Bgp;

/// <summary>A route as it is shown.</summary>
/// <param name="Nlri">Prefix, with route distinguisher, label and path identifier as they came.</param>
/// <param name="Neighbor">Name of the neighbour; empty for our own.</param>
/// <param name="Attributes">After the import policy; as they came where that rejected it.</param>
/// <param name="IsBest">The best of its prefix.</param>
/// <param name="IsUsed">The best, or as good as it (multipath).</param>
/// <param name="IsStale">Its neighbour restarts and has not said it again.</param>
/// <param name="IsRejected">By the import policy, or since its path has a loop.</param>
/// <param name="IsUnreachable">Its next hop cannot be reached.</param>
/// <param name="FromVpn">In a VRF: brought in from a VPN family.</param>
public sealed record RibRoute(
    Nlri Nlri, string Neighbor, PathAttributes Attributes, bool IsBest, bool IsUsed, bool IsStale, bool IsRejected, bool IsUnreachable, bool FromVpn);

/// <summary>How many routes there are of a family with a neighbour.</summary>
/// <param name="Received">Routes that came.</param>
/// <param name="Accepted">Of these, routes that the import policy took.</param>
/// <param name="Sent">Routes that it was told.</param>
public readonly record struct RibCounts(int Received, int Accepted, int Sent);

/// <summary>What can be looked at.</summary>
public sealed partial class Rib
{
    /// <summary>How many routes there are of a family with a neighbour.</summary>
    /// <param name="peer">Its number.</param>
    /// <param name="family">The family.</param>
    public RibCounts Counts(int peer, Family family) => byId.TryGetValue(peer, out var state) && state.Of(family) is { } found ? new RibCounts(found.Routes, found.Accepted, found.Out.Sent) : default;

    /// <summary>How many prefixes a table has.</summary>
    /// <param name="vrf">Name of the VRF; empty for the global table.</param>
    /// <param name="family">The family.</param>
    public int PrefixCount(string vrf, Family family) => FindTable(vrf, family)?.Count ?? 0;

    /// <summary>Routes of a table, prefix by prefix in the order in which these came. To be read before anything else is called.</summary>
    /// <param name="vrf">Name of the VRF; empty for the global table.</param>
    /// <param name="family">The family.</param>
    /// <param name="within">Prefixes inside of this one alone; null for all.</param>
    public IEnumerable<RibRoute> RoutesOf(string vrf, Family family, Prefix? within = null)
    {
        if (FindTable(vrf, family) is not { } table) yield break;
        for (var slot = 1; slot < table.Top; slot++)
        {
            if (!table.IsUsed(slot) || (within is { } range && !range.Contains(table.Nlri(slot).Prefix))) continue;
            for (var at = table[slot].Routes; at != 0; at = Routes[at].Next) yield return Show(table, slot, at);
        }
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

    /// <summary>What a neighbour was told, in the order of its prefixes' coming; routes that are about to be said included.</summary>
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

    private RibRoute Show(RibTable table, int slot, int at)
    {
        ref var route = ref Routes[at];
        ref var state = ref table[slot];
        var fromVpn = (route.Flags & RouteFlags.Imported) != 0;
        var isOurs = fromVpn || (route.Flags & RouteFlags.Exported) != 0;
        var chosen = new ChosenPath(route.Out, route.Peer, route.Label);
        var isUsed = at == state.Best;
        for (var i = 0; !isUsed && state.Paths != 0 && i < BestPaths.PathCount(state.Paths); i++) isUsed = BestPaths.Path(state.Paths, i) == chosen;
        return new RibRoute(table.Nlri(slot) with { Label = route.Label, PathId = isOurs ? 0 : route.PathId }, Peers[route.Peer]!.Facts.Name, Attributes[route.Out != 0 ? route.Out : route.In],
            at == state.Best, isUsed, (route.Flags & RouteFlags.Stale) != 0, route.Out == 0, route.Out != 0 && !decision.CanBeUsed(in route), fromVpn);
    }
}
