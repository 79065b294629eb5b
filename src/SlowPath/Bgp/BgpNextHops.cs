using System.Net;
using Appliance.Bgp;
using Appliance.SlowPath.Serving;

namespace Appliance.SlowPath.Bgp;

/// <summary>Next hops, or ends of tunnels, that the RIB asks about: what holds for them now is said in the next turn, what changes when it does.</summary>
internal sealed class BgpNextHops : IDisposable
{
    private readonly INextHops hops;
    private readonly Action<IReadOnlyList<(IPAddress, bool, uint)>> say;

    /// <summary>Nothing is watched yet.</summary>
    public BgpNextHops(INextHops hops, Action<IReadOnlyList<(IPAddress, bool, uint)>> say)
    {
        this.hops = hops;
        this.say = say;
        hops.Changed += Changed;
    }

    /// <summary>How many are watched.</summary>
    public int Count { get; private set; }

    /// <summary>Watches some more and some no longer.</summary>
    public void Watch(IReadOnlyList<IPAddress> added, IReadOnlyList<IPAddress> removed)
    {
        foreach (var hop in removed) hops.Unwatch(hop);
        Count += added.Count - removed.Count;
        if (added.Count == 0) return;
        var states = new List<(IPAddress, bool, uint)>(added.Count);
        foreach (var hop in added)
        {
            var state = hops.Watch(hop);
            states.Add((hop, state.IsReachable, state.Metric));
        }

        say(states);
    }

    /// <inheritdoc/>
    public void Dispose() => hops.Changed -= Changed;

    private void Changed(IReadOnlyList<HopChange> changes) => say([.. changes.Select(c => (c.Hop, c.State.IsReachable, c.State.Metric))]);
}
