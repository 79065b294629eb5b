namespace Appliance.Bgp;

/// <summary>The decision for the prefixes that wait (RFC 4271 §9.1.2).</summary>
public sealed partial class Rib
{
    // Paths of a prefix that are chosen at once without an array: as many as multipath may name.
    private const int MostOnStack = 64;

    /// <summary>Takes the decision for prefixes that wait, in the order in which they began to.</summary>
    /// <param name="budget">Prefixes at most.</param>
    /// <param name="changes">Gets what changed, a batch for each table: best routes of unicast families, globally and in VRFs; lists of their own.</param>
    /// <returns>Prefixes still wait.</returns>
    public bool Settle(int budget, List<BestRoutesChanged> changes)
    {
        FollowHops();
        var more = true;
        while (more && budget > 0)
        {
            more = false;
            // What one table decides can touch another one, VRFs and VPN each other: until all is quiet.
            for (var i = 0; i < tables.Count && budget > 0; i++)
            {
                var table = tables[i];
                if (!table.HasWork) continue;
                more = true;
                budget -= SettleTable(table, budget, changes);
            }
        }

        if (HasWork) return true;
        ForgetGone();
        return false;
    }

    private int SettleTable(RibTable table, int budget, List<BestRoutesChanged> changes)
    {
        List<RouteChange>? told = null;
        var done = 0;
        for (; done < budget && table.HasWork; done++) Decide(table, table.TakeDirty(), ref told);
        if (told != null) changes.Add(new BestRoutesChanged(table.Vrf?.Facts.Name ?? "", table.Family, told));
        return done;
    }

    private void Decide(RibTable table, int slot, ref List<RouteChange>? told)
    {
        ref var state = ref table[slot];
        var isRetold = (state.Flags & PrefixFlags.Retell) != 0;
        var isLookedAt = (state.Flags & PrefixFlags.Look) != 0;
        state.Flags = PrefixFlags.Used;
        var best = table.IsTold && MulticastPrefixes.IsMulticast(table.Family, table.Nlri(slot).Prefix) ? decision.All(state.Routes) : decision.Best(state.Routes);
        foreach (var hop in decision.Unanswered) Hops.Wait(hop, table, slot);
        var chosen = best.Length <= MostOnStack ? stackalloc ChosenPath[best.Length] : new ChosenPath[best.Length];
        for (var i = 0; i < best.Length; i++)
        {
            ref var route = ref Routes[best[i]];
            chosen[i] = new ChosenPath(route.Out, route.Peer, route.Label);
        }

        var before = state.Paths;
        var paths = best.IsEmpty ? 0 : BestPaths.Intern(chosen);
        state.Best = best.IsEmpty ? 0 : best[0];
        state.Paths = paths;
        if (paths != before || isRetold)
        {
            var isRelabelled = before != 0 && paths != 0 && BestPaths.Path(before, 0).Label != chosen[0].Label;
            foreach (var to in table.Outs) Mark(to, slot, isRelabelled);
            if (table.IsTold && paths != before) (told ??= []).Add(new RouteChange(table.Nlri(slot).Prefix, paths == 0 ? null : BestPaths.Object(paths, Peers)));
            if (table.Vrf != null) vpn.Export(table, slot);
            else if (table.Family.IsVpn) vpn.Import(table, slot, before, best);
        }
        else
        {
            foreach (var to in table.Outs)
            {
                if (isLookedAt || to.Facts.AddPathSend > 0 || table.Family == Family.RouteTarget) Mark(to, slot, false);
            }
        }

        BestPaths.Release(before);
        table.Collect(slot);
    }

    // Next hops that changed since the last time, all in one walk.
    private void FollowHops()
    {
        if (changedHops.Count == 0) return;
        foreach (var table in tables)
            TouchWhere(table, at => (Routes[at].Flags & RouteFlags.Tracked) != 0 && Routes[at].Out != 0 && changedHops.Contains(Attributes.Facts(Routes[at].Out).NextHop));
        changedHops.Clear();
    }

    private void Mark(PeerFamily to, int slot, bool isRelabelled)
    {
        if (!to.Out.IsStarted) return;
        to.Out.Pending.Add(slot);
        if (!isRelabelled || to.Out[slot] <= 0) return;
        Attributes.Release(to.Out[slot]);
        to.Out.Set(slot, AdjRibOut.Resend);
    }
}
