using System.Net;

namespace Appliance.Bgp;

/// <summary>Makes what is said to a neighbour out of the slots that wait there (RFC 4271 §9.1.3).</summary>
internal sealed class Exporter(Rib rib, Decision decision)
{
    // What attributes become is remembered for so many at a time.
    private const int MostMade = 1 << 16;
    private readonly List<SentPath> sent = [];
    private readonly Dictionary<uint, int> told = [];
    private readonly HashSet<uint> still = [];

    /// <summary>What is to be said next about one family, if anything.</summary>
    public bool TryNext(PeerFamily to, out ExportBatch batch)
    {
        var state = to.Out;
        batch = default;
        if (!state.IsStarted) return false;
        if (state.FilterChanged) LookAtAll(to);
        while (!state.Window.TryTake(to.Facts.Family, out batch))
        {
            if (TryDefault(to, out batch)) return true;
            if (state.Pending.Count == 0) return TryEnd(to, out batch);
            while (!state.Window.IsFull && state.Pending.TryTake(out var slot)) Look(to, slot);
        }

        return true;
    }

    /// <summary>Something can be said.</summary>
    public static bool HasNext(PeerFamily to) => to.Out.IsStarted
        && (!to.Out.Window.IsEmpty || to.Out.Pending.Count > 0 || to.Out.FilterChanged || (!to.Table.HasWork && (to.Out.EndOfRibDue || to.Out.EndOfRefreshDue)) || to.Out.DefaultSent != to.Facts.DefaultOriginate);

    /// <summary>Lets every prefix that there is something to say of wait.</summary>
    public void LookAtAll(PeerFamily to)
    {
        if (!to.Out.IsStarted) return;
        to.Out.FilterChanged = false;
        to.Out.ForgetMade(rib.Attributes);
        for (var slot = 1; slot < to.Table.Top; slot++)
        {
            if (to.Table.IsUsed(slot) && (to.Table[slot].Best != 0 || to.Out.Knows(slot))) to.Out.Pending.Add(slot);
        }
    }

    private bool TryEnd(PeerFamily to, out ExportBatch batch)
    {
        to.Out.ForgetMade(rib.Attributes);
        to.Out.Window.Clear();
        if (to.Out.EndOfRibDue && !to.Table.HasWork)
        {
            to.Out.EndOfRibDue = false;
            batch = new ExportBatch(ExportKind.EndOfRib, to.Facts.Family, null, default);
            return true;
        }

        var isDue = to.Out.EndOfRefreshDue && !to.Table.HasWork;
        if (isDue) to.Out.EndOfRefreshDue = false;
        batch = isDue ? new ExportBatch(ExportKind.EndOfRefresh, to.Facts.Family, null, default) : default;
        return isDue;
    }

    // The default route of the configuration stands in place of one that was learned.
    private bool TryDefault(PeerFamily to, out ExportBatch batch)
    {
        batch = default;
        if (to.Out.DefaultSent == to.Facts.DefaultOriginate) return false;
        to.Out.DefaultSent = to.Facts.DefaultOriginate;
        var nlri = new Nlri(default);
        if (to.Table.Find(in nlri) is var slot and not 0) to.Out.Pending.Add(slot);
        if (!to.Facts.DefaultOriginate)
        {
            batch = new ExportBatch(ExportKind.Withdraw, to.Facts.Family, null, new[] { nlri });
            return true;
        }

        var attributes = new PathAttributes { Origin = Origin.Igp, NextHop = to.Facts.Family.Afi == 1 ? IPAddress.Any : IPAddress.IPv6Any };
        var made = ExportRules.Make(rib.Configuration, to, rib.Peers[0]!, RouteFlags.None, attributes, attributes);
        batch = new ExportBatch(ExportKind.Announce, to.Facts.Family, made, new[] { nlri });
        return made != null;
    }

    private void Look(PeerFamily to, int slot)
    {
        if (!to.Table.IsUsed(slot)) return;
        if ((to.Table[slot].Flags & PrefixFlags.Dirty) != 0)
        {
            to.Table[slot].Flags |= PrefixFlags.Look;
            return;
        }

        var nlri = to.Table.Nlri(slot);
        if (to.Facts.AddPathSend > 0) LookAtPaths(to, slot, in nlri);
        else LookAtBest(to, slot, in nlri);
        if (to.Table[slot].Routes == 0) to.Table.Collect(slot);
    }

    private void LookAtBest(PeerFamily to, int slot, in Nlri nlri)
    {
        var best = BestFor(to, slot);
        var before = to.Out[slot];
        var said = best == 0 || IsDefaultOfOurs(to, in nlri) ? 0 : Made(to, best, in nlri);
        if (said == before)
        {
            rib.Attributes.Release(said);
            return;
        }

        rib.Attributes.Release(before);
        to.Out.Set(slot, said);
        if (said == 0 && IsDefaultOfOurs(to, in nlri)) return;
        to.Out.Window.Add(said, said == 0 ? null : rib.Attributes[said], best == 0 ? nlri : nlri with { Label = rib.Routes[best].Label });
    }

    // RFC 4684 §3.2 ii: where the best membership came from a non-client, another non-client is told of one that a client wants, if there is any.
    private int BestFor(PeerFamily to, int slot)
    {
        var best = to.Table[slot].Best;
        if (best == 0 || to.Facts.Family != Family.RouteTarget || to.Peer.Facts.IsExternal || to.Peer.Facts.ReflectorClient || !IsOfNonClient(best)) return best;
        foreach (var route in decision.InOrder(to.Table[slot].Routes))
        {
            if (!IsOfNonClient(route)) return route;
        }

        return best;
    }

    private bool IsOfNonClient(int route) => rib.Routes[route].Peer != 0 && rib.Peers[rib.Routes[route].Peer]!.Facts is { IsExternal: false, ReflectorClient: false };

    private void LookAtPaths(PeerFamily to, int slot, in Nlri nlri)
    {
        to.Out.Paths.TryGetValue(slot, out var before);
        before ??= [];
        sent.Clear();
        told.Clear();
        still.Clear();
        foreach (var path in before) told.Add(path.PathId, path.Attributes);
        if (!IsDefaultOfOurs(to, in nlri))
        {
            // Who wants multicast must be known, not some of them.
            var isOfAll = MulticastPrefixes.IsMulticast(to.Facts.Family, nlri.Prefix);
            foreach (var route in isOfAll ? decision.All(to.Table[slot].Routes) : decision.InOrder(to.Table[slot].Routes))
            {
                if (sent.Count == to.Facts.AddPathSend && !isOfAll) break;
                if (Made(to, route, in nlri) is not (var said and not 0)) continue;
                sent.Add(new SentPath((uint)route, said));
                still.Add((uint)route);
                if (told.GetValueOrDefault((uint)route) != said) to.Out.Window.Add(said, rib.Attributes[said], nlri with { PathId = (uint)route, Label = rib.Routes[route].Label });
            }
        }

        foreach (var path in before)
        {
            if (!still.Contains(path.PathId)) to.Out.Window.Add(0, null, nlri with { PathId = path.PathId });
            rib.Attributes.Release(path.Attributes);
        }

        to.Out.SetPaths(slot, [.. sent]);
    }

    private static bool IsDefaultOfOurs(PeerFamily to, in Nlri nlri) => to.Facts.DefaultOriginate && nlri.Prefix.Length == 0;

    // The attributes with which a route goes out, with a reference; 0: it does not.
    private int Made(PeerFamily to, int at, in Nlri nlri)
    {
        ref var route = ref rib.Routes[at];
        var policy = to.Facts.Export;
        if (policy is { DependsOnPrefix: true }) return Make(to, in route, nlri with { Label = route.Label });
        var key = (ulong)(uint)route.Out << 32 | (ulong)route.Peer << 8 | (byte)(route.Flags & (RouteFlags.Imported | RouteFlags.Exported));
        if (!to.Out.Made.TryGetValue(key, out var made))
        {
            if (to.Out.Made.Count >= MostMade) to.Out.ForgetMade(rib.Attributes);
            made = Make(to, in route, in nlri);
            rib.Attributes.Hold(route.Out);
            to.Out.Made.Add(key, made);
        }

        return rib.Attributes.Hold(made);
    }

    private int Make(PeerFamily to, in Route route, in Nlri nlri)
    {
        var before = rib.Attributes[route.Out];
        var from = rib.Peers[route.Peer]!;
        if (!ExportRules.MayGo(rib.Configuration, to, from, route.Flags, before)) return 0;
        var after = to.Facts.Export == null ? before : to.Facts.Export.Apply(to.Peer.Session, to.Facts.Family, in nlri, before);
        if (after == null) return 0;
        var made = ExportRules.Make(rib.Configuration, to, from, route.Flags, before, after);
        return made == null ? 0 : rib.Attributes.Intern(made);
    }
}
