namespace Appliance.Bgp;

/// <summary>Routes as an operator sees them.</summary>
internal static class RouteStatuses
{
    private const uint UsualLocalPref = 100;

    /// <summary>A table, prefix by prefix.</summary>
    public static IEnumerable<RouteStatus> Of(BgpMachine machine, string vrf, Family family, Prefix? within)
    {
        var paths = new List<RibRoute>();
        foreach (var route in machine.Rib.RoutesOf(vrf, family, within))
        {
            if (paths.Count > 0 && !IsSamePrefix(paths[0], route))
            {
                yield return Of(machine, vrf, family, paths);
                paths.Clear();
            }

            paths.Add(route);
        }

        if (paths.Count > 0) yield return Of(machine, vrf, family, paths);
    }

    private static bool IsSamePrefix(RibRoute a, RibRoute b) => a.Nlri.Prefix == b.Nlri.Prefix && a.Nlri.RouteDistinguisher == b.Nlri.RouteDistinguisher;

    private static RouteStatus Of(BgpMachine machine, string vrf, Family family, List<RibRoute> routes)
    {
        routes.Sort((a, b) => Rank(a).CompareTo(Rank(b)));
        var best = routes[0].IsBest ? routes[0] : null;
        // What nearly won says why the best did.
        var next = routes.Find(r => !r.IsBest && !r.IsRejected && !r.IsUnreachable);
        return new RouteStatus(vrf, family, routes[0].Nlri with { PathId = 0, Label = 0 },
            [.. routes.Select(r => Of(machine, r, r.IsBest ? (next is null ? "the only usable path" : Step(machine, r, next)) : Lost(machine, best, r)))]);
    }

    private static int Rank(RibRoute route) => route.IsBest ? 0 : route.IsUsed ? 1 : route.IsRejected ? 4 : route.IsUnreachable ? 3 : 2;

    private static PathStatus Of(BgpMachine machine, RibRoute route, string why) => new()
    {
        Attributes = route.Attributes,
        Neighbor = route.Neighbor,
        PathId = route.Nlri.PathId,
        IsBest = route.IsBest,
        IsMultipath = route.IsUsed && !route.IsBest,
        IsStale = route.IsStale,
        IsReachable = !route.IsUnreachable,
        IsExternal = IsExternal(machine, route),
        IsLocal = route.Neighbor.Length == 0,
        Why = why,
    };

    private static string Lost(BgpMachine machine, RibRoute? best, RibRoute route)
    {
        if (route.IsRejected) return "rejected: import policy or a loop";
        if (route.IsUnreachable) return "next hop unreachable";
        if (route.IsUsed) return "as good as the best";
        return best is null ? "" : $"best has {Step(machine, best, route)}";
    }

    /// <summary>The step of the decision (RFC 4271 §9.1.2.2) that tells two paths apart.</summary>
    private static string Step(BgpMachine machine, RibRoute winner, RibRoute loser)
    {
        var (a, b) = (winner.Attributes, loser.Attributes);
        if (winner.Neighbor.Length == 0) return "originated here";
        if ((a.LocalPref ?? UsualLocalPref) != (b.LocalPref ?? UsualLocalPref)) return "higher local preference";
        if (Length(a) != Length(b)) return "shorter AS path";
        if (a.Origin != b.Origin) return "lower origin";
        if ((a.Med ?? 0) < (b.Med ?? 0)) return "lower MED";
        if (IsExternal(machine, winner) != IsExternal(machine, loser)) return "external";
        return "nearer next hop, or lower router id or address";
    }

    private static int Length(PathAttributes attributes) => attributes.AsPath.Sum(s => s.Type switch
    {
        1 => 1,
        2 => s.Ases.Length,
        _ => 0,
    });

    private static bool IsExternal(BgpMachine machine, RibRoute route) => route.Neighbor.Length > 0 && machine.Sessions.Find(route.Neighbor)?.IsExternal(machine.Configuration) == true;
}
