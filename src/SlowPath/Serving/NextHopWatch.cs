using System.Net;
using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Tables;

namespace Appliance.SlowPath.Serving;

/// <summary>Remembers what was said of each watched next hop, and says what is different.</summary>
internal sealed class NextHopWatch(TableWriter tables) : INextHops
{
    private readonly Dictionary<IpAddress, HopState> watched = [];

    /// <inheritdoc/>
    public event Action<IReadOnlyList<HopChange>>? Changed;

    /// <inheritdoc/>
    public HopState Watch(IPAddress hop)
    {
        var address = IpAddress.From(hop);
        if (watched.TryGetValue(address, out var known)) return known;
        tables.Watch(address);
        return watched[address] = StateOf(address, tables.Resolver());
    }

    /// <inheritdoc/>
    public void Unwatch(IPAddress hop)
    {
        var address = IpAddress.From(hop);
        if (watched.Remove(address)) tables.Unwatch(address);
    }

    /// <summary>Says what is different since the last time, if anything can be.</summary>
    public void Settle()
    {
        if (!tables.HopsChanged) return;
        tables.HopsChanged = false;
        if (watched.Count == 0) return;
        var resolver = tables.Resolver();
        var changes = new List<HopChange>();
        foreach (var (address, before) in watched)
            if (StateOf(address, resolver) is var now && now != before)
                changes.Add(new HopChange(address.ToIPAddress(), now));
        foreach (var change in changes) watched[IpAddress.From(change.Hop)] = change.State;
        if (changes.Count > 0) Changed?.Invoke(changes);
    }

    private static HopState StateOf(IpAddress address, NextHopResolver resolver)
    {
        var found = resolver.Resolve(address);
        return new HopState(found.IsReachable, found.Metric);
    }
}
