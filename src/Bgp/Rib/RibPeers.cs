namespace Appliance.Bgp;

/// <summary>Neighbours come, change and go.</summary>
public sealed partial class Rib
{
    private readonly List<PeerState> gone = [];

    /// <summary>
    /// A neighbour whose session is established, or what is known of it changed. Routes that are kept of it stay; changed import policies are asked again about its routes, changed export
    /// policies about what it is to be told. Nothing is sent before <see cref="StartExport"/>.
    /// </summary>
    /// <param name="peer">What is known.</param>
    /// <exception cref="ArgumentException">Its VRF is not in the configuration, or its number is not above 0.</exception>
    public void SetPeer(RibPeer peer)
    {
        ArgumentNullException.ThrowIfNull(peer);
        if (peer.Id <= 0) throw new ArgumentException($"neighbour {peer.Name}: number {peer.Id} is not above 0", nameof(peer));
        if (peer.Vrf.Length > 0 && !vrfs.ContainsKey(peer.Vrf)) throw new ArgumentException($"neighbour {peer.Name}: there is no VRF {peer.Vrf}", nameof(peer));
        if (byId.TryGetValue(peer.Id, out var state) && state.Facts.Vrf != peer.Vrf)
        {
            RemovePeer(peer.Id);
            state = null;
        }

        if (state == null)
        {
            state = NewPeer(peer);
            SetFamilies(state, peer, false, false);
            return;
        }

        var before = state.Facts;
        state.Change(peer);
        var isOther = before.RemoteAs != peer.RemoteAs || before.LocalAs != peer.LocalAs || before.RouterId != peer.RouterId || before.ReflectorClient != peer.ReflectorClient
            || !before.Address.Equals(peer.Address) || before.Name != peer.Name;
        var isImportedOtherwise = isOther || before.AllowOwnAs != peer.AllowOwnAs || before.Group != peer.Group || !before.LocalAddress.Equals(peer.LocalAddress);
        SetFamilies(state, peer, isImportedOtherwise, before with { Families = peer.Families } != peer);
        if (isOther) Reconsider(state);
    }

    /// <summary>A neighbour is gone with all its routes.</summary>
    /// <param name="peer">Its number.</param>
    public void RemovePeer(int peer)
    {
        if (!byId.Remove(peer, out var state)) return;
        last = null;
        foreach (var family in state.Families) Leave(family);
        state.Families.Clear();
        gone.Add(state);
    }

    /// <summary>The session of a neighbour is over: it knows nothing any more; its routes go, or stay as stale ones, of which those that were stale already go (RFC 4724 §4.2).</summary>
    /// <param name="peer">Its number.</param>
    /// <param name="family">The family.</param>
    /// <param name="keepStale">Its routes stay until <see cref="SweepStale"/>.</param>
    public void PeerDown(int peer, Family family, bool keepStale)
    {
        if (Find(peer, family) is { } from) Down(from, keepStale);
    }

    /// <summary>The neighbour begins to send all its routes anew (RFC 7313 §4: BoRR): those that it does not say again go with <see cref="SweepStale"/>.</summary>
    /// <param name="peer">Its number.</param>
    /// <param name="family">The family.</param>
    public void MarkStale(int peer, Family family)
    {
        if (Find(peer, family) is not { } from) return;
        ForRoutes(from, at =>
        {
            Age(from, at);
            return false;
        });
    }

    /// <summary>Routes that are still stale go: at the End-of-RIB, at EoRR, or when the time is over.</summary>
    /// <param name="peer">Its number.</param>
    /// <param name="family">The family.</param>
    /// <returns>How many went.</returns>
    public int SweepStale(int peer, Family family)
    {
        if (Find(peer, family) is not { } from) return 0;
        var before = from.Routes;
        ForRoutes(from, at => (Routes[at].Flags & RouteFlags.Stale) != 0);
        return before - from.Routes;
    }

    /// <summary>Routes of a family may be sent from now on: all there are, then <see cref="ExportKind.EndOfRib"/>, then changes.</summary>
    /// <param name="peer">Its number.</param>
    /// <param name="family">The family.</param>
    public void StartExport(int peer, Family family)
    {
        if (Find(peer, family) is not { } to) return;
        to.Out.IsStarted = to.Out.EndOfRibDue = true;
        exporter.LookAtAll(to);
    }

    /// <summary>The neighbour asks for all routes again (RFC 2918), whether it has them or not; <see cref="ExportKind.EndOfRefresh"/> comes behind them.</summary>
    /// <param name="peer">Its number.</param>
    /// <param name="family">The family.</param>
    public void Refresh(int peer, Family family)
    {
        if (Find(peer, family) is not { Out.IsStarted: true } to) return;
        to.Out.ResendAll(Attributes);
        to.Out.DefaultSent = false;
        to.Out.EndOfRefreshDue = true;
        exporter.LookAtAll(to);
    }

    /// <summary>Whether <see cref="TryNextExport"/> is worth a try.</summary>
    /// <param name="peer">Its number.</param>
    public bool HasExport(int peer) => byId.TryGetValue(peer, out var state) && state.Families.Exists(Exporter.HasNext);

    /// <summary>What is to be said to a neighbour next. What it gives counts as said.</summary>
    /// <param name="peer">Its number.</param>
    /// <param name="batch">What to say.</param>
    /// <returns>False: nothing for now.</returns>
    public bool TryNextExport(int peer, out ExportBatch batch)
    {
        batch = default;
        if (!byId.TryGetValue(peer, out var state)) return false;
        foreach (var family in state.Families)
        {
            if (exporter.TryNext(family, out batch)) return true;
        }

        return false;
    }

    private PeerState NewPeer(RibPeer peer)
    {
        var slot = Peers.FindIndex(1, p => p == null);
        if (slot < 0)
        {
            if (Peers.Count > ushort.MaxValue) throw new ArgumentException($"neighbour {peer.Name}: there are {Peers.Count} already", nameof(peer));
            slot = Peers.Count;
            Peers.Add(null);
        }

        var state = new PeerState((ushort)slot, peer);
        Peers[slot] = state;
        byId.Add(peer.Id, state);
        return state;
    }

    private void SetFamilies(PeerState state, RibPeer peer, bool isImportedOtherwise, bool isExportedOtherwise)
    {
        foreach (var family in state.Families.FindAll(f => !peer.Families.Any(n => n.Family == f.Facts.Family)))
        {
            Leave(family);
            state.Families.Remove(family);
        }

        if (state.Of(Family.RouteTarget) == null) state.Filter = peer.Families.Any(f => f.Family == Family.RouteTarget) ? new RouteTargetFilter() : null;
        foreach (var facts in peer.Families)
        {
            if (state.Of(facts.Family) is { } known)
            {
                var before = known.Facts;
                known.Facts = facts;
                if (isImportedOtherwise || !ReferenceEquals(before.Import, facts.Import)) Reimport(known);
                if (isExportedOtherwise || before with { Import = facts.Import } != facts) exporter.LookAtAll(known);
            }
            else if (Table(peer.Vrf, facts.Family) is { } table)
            {
                var family = new PeerFamily(state, facts, table);
                state.Families.Add(family);
                table.Outs.Add(family);
            }
        }
    }

    // What others make of its routes may come out otherwise now.
    private void Reconsider(PeerState state)
    {
        foreach (var table in tables)
        {
            foreach (var to in table.Outs) to.Out.ForgetMade(Attributes);
            TouchWhere(table, at => Routes[at].Peer == state.Slot, PrefixFlags.Retell);
        }
    }

    private void Leave(PeerFamily family)
    {
        Down(family, false);
        family.Table.Outs.Remove(family);
    }

    private void Down(PeerFamily from, bool keepStale)
    {
        ForgetLast(from);
        foreach (var slot in from.Out.Clear(Attributes)) from.Table.Collect(slot);
        ForRoutes(from, at =>
        {
            if (!keepStale || (Routes[at].Flags & RouteFlags.Stale) != 0) return true;
            Age(from, at);
            return false;
        });
    }

    private void Age(PeerFamily from, int at)
    {
        if ((Routes[at].Flags & RouteFlags.Stale) != 0) return;
        Routes[at].Flags |= RouteFlags.Stale;
        from.Stale++;
    }

    // Walks over the routes of a neighbour; the answer says which of them go.
    private void ForRoutes(PeerFamily from, Func<int, bool> goes)
    {
        if (from.Routes == 0) return;
        for (var slot = 1; slot < from.Table.Top; slot++)
        {
            if (!from.Table.IsUsed(slot)) continue;
            var previous = 0;
            for (var at = from.Table[slot].Routes; at != 0;)
            {
                var next = Routes[at].Next;
                if (IsFrom(in Routes[at], from) && goes(at)) Drop(from, slot, at, previous);
                else previous = at;
                at = next;
            }
        }
    }

    // Neighbours whose last route was let go give their number back, once nothing that was decided names them.
    private void ForgetGone()
    {
        if (HasWork || tables.Exists(t => !t.IsQuiet)) return;
        for (var i = tables.Count - 1; i >= 0; i--)
        {
            if (tables[i].IsDying && tables[i].Count == 0) tables.RemoveAt(i);
        }

        if (gone.Count == 0) return;
        foreach (var state in gone) Peers[state.Slot] = null;
        gone.Clear();
        foreach (var to in tables.SelectMany(t => t.Outs)) to.Out.ForgetMade(Attributes);
    }
}
