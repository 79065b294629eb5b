namespace Appliance.Bgp;

/// <summary>
/// Chooses among the routes of a prefix (RFC 4271 §9.1.2.2, RFC 4456 §9). Ours come first of all. The answer depends on the routes alone, not on the order in which they came.
/// </summary>
internal sealed class Decision(Rib rib)
{
    private static readonly string[] Words =
    [
        "not our own", "lower LOCAL_PREF", "longer AS_PATH (a)", "higher ORIGIN (b)", "higher MULTI_EXIT_DISC (c)", "not of EBGP (d)", "higher interior cost (e)",
    ];

    private int[] routes = new int[64];

    private enum Step
    {
        Own,
        LocalPref,
        PathLength,
        Origin,
        Med,
        External,
        InteriorCost,
    }

    /// <summary>The best of the routes that can be used, and behind it those as good as it (multipath).</summary>
    /// <param name="first">First route of the prefix.</param>
    /// <returns>None, one or several; valid until the next call.</returns>
    public ReadOnlySpan<int> Best(int first)
    {
        var candidates = Gather(first);
        return candidates.IsEmpty ? [] : candidates[..Multipath(candidates[..Tied(candidates)])];
    }

    /// <summary>All routes that can be used, those that tie for the best first: for a prefix whose paths all count (<see cref="MulticastPrefixes"/>). The order depends on the routes alone.</summary>
    /// <param name="first">First route of the prefix.</param>
    /// <returns>Valid until the next call.</returns>
    public ReadOnlySpan<int> All(int first)
    {
        var candidates = Gather(first);
        if (candidates.Length > 1) candidates[Tied(candidates)..].Sort(Compare);
        return candidates;
    }

    /// <summary>All routes that can be used, best first: each is the best of itself and those behind it.</summary>
    /// <param name="first">First route of the prefix.</param>
    /// <returns>Valid until the next call.</returns>
    public ReadOnlySpan<int> InOrder(int first)
    {
        var candidates = Gather(first);
        for (var done = 0; done < candidates.Length - 1; done++) Tied(candidates[done..]);
        return candidates;
    }

    /// <summary>Next hops of the routes that were looked at last, of which nothing is known yet.</summary>
    public List<int> Unanswered { get; } = [];

    /// <summary>Accepted by the import policy, and its next hop can be reached (RFC 4271 §9.1.2.1).</summary>
    public bool CanBeUsed(in Route route) =>
        route.Out != 0 && ((route.Flags & RouteFlags.Tracked) == 0 || rib.Hops.IsReachable(rib.Attributes.Facts(route.Out).NextHop));

    /// <summary>By which step a route lost against the best, in few words.</summary>
    /// <param name="best">The best.</param>
    /// <param name="other">The one that lost.</param>
    /// <param name="candidates">All that can be used.</param>
    public string Why(int best, int other, ReadOnlySpan<int> candidates)
    {
        Span<int> left = candidates.ToArray();
        for (var step = Step.Own; step <= Step.InteriorCost; step++)
        {
            left = left[..Keep(left, step)];
            if (!left.Contains(other)) return Words[(int)step];
        }

        ref var a = ref rib.Routes[best];
        ref var b = ref rib.Routes[other];
        if (Identifier(in rib.Attributes.Facts(a.Out), rib.Peers[a.Peer]!) != Identifier(in rib.Attributes.Facts(b.Out), rib.Peers[b.Peer]!)) return "higher BGP Identifier (f)";
        if (rib.Attributes.Facts(a.Out).ClusterLength != rib.Attributes.Facts(b.Out).ClusterLength) return "longer CLUSTER_LIST (RFC 4456 §9)";
        return a.Peer != b.Peer ? "higher peer address (g)" : "higher path identifier";
    }

    private Span<int> Gather(int first)
    {
        Unanswered.Clear();
        var count = 0;
        for (var at = first; at != 0;)
        {
            ref var route = ref rib.Routes[at];
            if (CanBeUsed(in route))
            {
                if (count == routes.Length) Array.Resize(ref routes, count * 2);
                routes[count++] = at;
            }
            else if (route.Out != 0 && rib.Attributes.Facts(route.Out).NextHop is var hop && !rib.Hops.IsAnswered(hop))
            {
                Unanswered.Add(hop);
            }

            at = route.Next;
        }

        return routes.AsSpan(0, count);
    }

    // Moves those to the front that are left after step e, in the order of the steps behind it.
    private int Tied(Span<int> candidates)
    {
        var left = candidates.Length;
        for (var step = Step.Own; step <= Step.InteriorCost && left > 1; step++)
            left = Keep(candidates[..left], step);
        if (left > 1) SortByIdentifier(candidates[..left]);
        return left;
    }

    private int Keep(Span<int> candidates, Step step) =>
        step == Step.Med && !rib.Configuration.AlwaysCompareMed ? KeepLowestMedOfEachAs(candidates) : KeepLowest(candidates, step);

    private int KeepLowest(Span<int> candidates, Step step)
    {
        var kept = 0;
        var lowest = ulong.MaxValue;
        for (var i = 0; i < candidates.Length; i++)
        {
            var value = Value(in rib.Routes[candidates[i]], step);
            if (value > lowest) continue;
            if (value < lowest) kept = 0;
            lowest = value;
            (candidates[kept], candidates[i]) = (candidates[i], candidates[kept]);
            kept++;
        }

        return kept;
    }

    private ulong Value(in Route route, Step step)
    {
        ref readonly var facts = ref rib.Attributes.Facts(route.Out);
        return step switch
        {
            Step.Own => route.Peer == 0 ? 0u : 1u,
            Step.LocalPref => ~facts.LocalPref,
            Step.PathLength => facts.PathLength,
            Step.Origin => facts.Origin,
            Step.Med => facts.Med,
            Step.External => rib.Peers[route.Peer]!.Facts.IsExternal ? 0u : 1u,
            _ => (route.Flags & RouteFlags.Tracked) != 0 ? rib.Hops.Metric(facts.NextHop) : 0u,
        };
    }

    // The pseudo-code of §9.1.2.2 c: a route goes when another of the same neighbouring AS has a lower MED.
    private int KeepLowestMedOfEachAs(Span<int> candidates)
    {
        var kept = 0;
        for (var i = 0; i < candidates.Length; i++)
        {
            if (IsBeatenByMed(candidates, candidates[i])) continue;
            (candidates[kept], candidates[i]) = (candidates[i], candidates[kept]);
            kept++;
        }

        return kept;
    }

    private bool IsBeatenByMed(ReadOnlySpan<int> candidates, int candidate)
    {
        ref readonly var mine = ref rib.Attributes.Facts(rib.Routes[candidate].Out);
        foreach (var other in candidates)
        {
            ref readonly var facts = ref rib.Attributes.Facts(rib.Routes[other].Out);
            if (facts.Med < mine.Med && facts.NeighborAs == mine.NeighborAs) return true;
        }

        return false;
    }

    // f, the length of CLUSTER_LIST (RFC 4456 §9), g, and what makes the order total.
    private void SortByIdentifier(Span<int> tied)
    {
        if (tied.Length > 2)
        {
            tied.Sort(Compare);
            return;
        }

        if (Compare(tied[0], tied[1]) > 0) (tied[0], tied[1]) = (tied[1], tied[0]);
    }

    private int Compare(int left, int right)
    {
        ref var a = ref rib.Routes[left];
        ref var b = ref rib.Routes[right];
        ref readonly var factsA = ref rib.Attributes.Facts(a.Out);
        ref readonly var factsB = ref rib.Attributes.Facts(b.Out);
        var peerA = rib.Peers[a.Peer]!;
        var peerB = rib.Peers[b.Peer]!;
        var order = Identifier(in factsA, peerA).CompareTo(Identifier(in factsB, peerB));
        if (order == 0) order = factsA.ClusterLength.CompareTo(factsB.ClusterLength);
        if (order == 0) order = peerA.AddressOrder.CompareTo(peerB.AddressOrder);
        if (order == 0) order = peerA.Facts.Id.CompareTo(peerB.Facts.Id);
        if (order == 0) order = Distinguisher(in a).CompareTo(Distinguisher(in b));
        if (order == 0) order = a.PathId.CompareTo(b.PathId);
        return order != 0 ? order : left.CompareTo(right);
    }

    // Routes that came into a VRF from several VPN routes of one neighbour: by their route distinguishers.
    private ulong Distinguisher(in Route route) => (route.Flags & RouteFlags.Imported) == 0 ? 0
        : rib.Global((route.Flags & RouteFlags.FromVpnv6) != 0 ? Family.Vpnv6 : Family.Vpnv4).Nlri((int)route.PathId).RouteDistinguisher;

    private static uint Identifier(in AttributeFacts facts, PeerState peer) => facts.OriginatorId != 0 ? facts.OriginatorId : peer.Facts.RouterId;

    // Those as good as the best, through other next hops, moved up behind it.
    private int Multipath(Span<int> tied)
    {
        ref var best = ref rib.Routes[tied[0]];
        var most = best.Peer == 0 ? 1 : rib.Peers[best.Peer]!.Facts.IsExternal ? rib.Configuration.ExternalPaths : rib.Configuration.InternalPaths;
        var count = 1;
        for (var i = 1; i < tied.Length && count < most; i++)
        {
            if (!IsAsGood(tied[..count], tied[i])) continue;
            var route = tied[i];
            tied[count..i].CopyTo(tied[(count + 1)..]);
            tied[count++] = route;
        }

        return count;
    }

    private bool IsAsGood(ReadOnlySpan<int> chosen, int candidate)
    {
        var attributes = rib.Routes[candidate].Out;
        var hop = rib.Attributes.Facts(attributes).NextHop;
        foreach (var other in chosen)
        {
            if (rib.Attributes.Facts(rib.Routes[other].Out).NextHop == hop) return false;
        }

        return rib.Configuration.MultipathRelax || IsSamePath(rib.Attributes[rib.Routes[chosen[0]].Out].AsPath, rib.Attributes[attributes].AsPath);
    }

    private static bool IsSamePath(IReadOnlyList<AsSegment> a, IReadOnlyList<AsSegment> b)
    {
        if (a.Count != b.Count) return false;
        for (var i = 0; i < a.Count; i++)
        {
            if (a[i].Type != b[i].Type || !a[i].Ases.AsSpan().SequenceEqual(b[i].Ases)) return false;
        }

        return true;
    }
}
