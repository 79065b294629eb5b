using System.Net;
using Appliance.Bgp;
using Appliance.SlowPath.Serving;

namespace Appliance.SlowPath.Bgp;

/// <summary>Next hops that the RIB asks about: what holds for them now is said in the next turn, what changes when it does.</summary>
internal sealed class BgpNextHops : IDisposable
{
    private readonly INextHops hops;
    private readonly Action<BgpEvent> raise;

    /// <summary>Nothing is watched yet.</summary>
    public BgpNextHops(INextHops hops, Action<BgpEvent> raise)
    {
        this.hops = hops;
        this.raise = raise;
        hops.Changed += Changed;
    }

    /// <summary>How many are watched.</summary>
    public int Count { get; private set; }

    /// <summary>Watches some more and some no longer.</summary>
    public void Watch(WatchNextHops watch)
    {
        foreach (var hop in watch.Removed) hops.Unwatch(hop);
        Count += watch.Added.Count - watch.Removed.Count;
        if (watch.Added.Count == 0) return;
        var states = new List<(IPAddress, bool, uint)>(watch.Added.Count);
        foreach (var hop in watch.Added)
        {
            var state = hops.Watch(hop);
            states.Add((hop, state.IsReachable, state.Metric));
        }

        raise(new NextHopsResolved(states));
    }

    /// <inheritdoc/>
    public void Dispose() => hops.Changed -= Changed;

    private void Changed(IReadOnlyList<HopChange> changes) => raise(new NextHopsResolved([.. changes.Select(c => (c.Hop, c.State.IsReachable, c.State.Metric))]));
}
