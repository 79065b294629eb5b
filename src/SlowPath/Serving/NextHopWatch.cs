using System.Net;
using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Serving;

/// <summary>Remembers what was said of each watched address, and says what is different.</summary>
/// <param name="look">Says how addresses are reached, for the routes of now.</param>
/// <param name="begin">An address begins to matter.</param>
/// <param name="end">It does not matter any more.</param>
internal sealed class NextHopWatch(Func<Func<IpAddress, HopState>> look, Action<IpAddress> begin, Action<IpAddress> end) : INextHops
{
    private readonly Dictionary<IpAddress, HopState> watched = [];

    /// <inheritdoc/>
    public event Action<IReadOnlyList<HopChange>>? Changed;

    /// <inheritdoc/>
    public HopState Watch(IPAddress hop)
    {
        var address = IpAddress.From(hop);
        if (watched.TryGetValue(address, out var known)) return known;
        begin(address);
        return watched[address] = look()(address);
    }

    /// <inheritdoc/>
    public void Unwatch(IPAddress hop)
    {
        var address = IpAddress.From(hop);
        if (watched.Remove(address)) end(address);
    }

    /// <summary>Something changed: says what is different since the last time.</summary>
    public void Settle()
    {
        if (watched.Count == 0) return;
        var state = look();
        var changes = new List<HopChange>();
        foreach (var (address, before) in watched)
            if (state(address) is var now && now != before)
                changes.Add(new HopChange(address.ToIPAddress(), now));
        foreach (var change in changes) watched[IpAddress.From(change.Hop)] = change.State;
        if (changes.Count > 0) Changed?.Invoke(changes);
    }
}
