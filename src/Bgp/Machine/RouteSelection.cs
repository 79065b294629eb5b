using System.Net;

namespace Appliance.Bgp;

/// <summary>The decision (RFC 4271 §9.1.2), at most so much of it in a step, and what the host is told of it: best routes, and next hops that matter.</summary>
internal sealed class RouteSelection(Rib rib)
{
    private readonly List<BestRoutesChanged> changes = [];
    private readonly List<IPAddress> added = [];
    private readonly List<IPAddress> removed = [];
    private bool areHopsKnown = true, areEndsKnown = true;

    /// <summary>Limits what is said about ranges of neighbours.</summary>
    public NoticeLimit RangeNotices { get; } = new();

    /// <summary>The host looked next hops up, or ends of tunnels.</summary>
    public void Resolved(IReadOnlyList<(IPAddress Hop, bool IsReachable, uint Metric)> hops, bool isEgress)
    {
        (isEgress ? ref areEndsKnown : ref areHopsKnown) = true;
        rib.NextHops(hops, isEgress);
    }

    /// <summary>Decides. True: there is more to decide on.</summary>
    public bool Run(BgpStep step)
    {
        TakeNextHops(step);
        var more = rib.Settle(BgpTuning.DecisionsPerStep, changes);
        foreach (var change in changes) step.Actions.Add(change);
        changes.Clear();
        TakeNextHops(step);
        if (!more) step.Machine.Deferral.Settled(step, areHopsKnown && areEndsKnown);
        return more;
    }

    private void TakeNextHops(BgpStep step)
    {
        rib.TakeNextHops(added, removed);
        if (added.Count + removed.Count > 0)
        {
            areHopsKnown &= added.Count == 0;
            step.Actions.Add(new WatchNextHops([.. added], [.. removed]));
            added.Clear();
            removed.Clear();
        }

        rib.TakeNextHops(added, removed, isEgress: true);
        if (added.Count + removed.Count == 0) return;
        areEndsKnown &= added.Count == 0;
        step.Actions.Add(new WatchEgress([.. added], [.. removed]));
        added.Clear();
        removed.Clear();
    }
}
