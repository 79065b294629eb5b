using Appliance.Bgp;

namespace Appliance.SlowPath.Bgp;

/// <summary>Since when sessions are not established, whatever states they go through meanwhile: what is wrong for long is worth a warning. Times in milliseconds. Loop.</summary>
internal sealed class SessionTimes
{
    private readonly Dictionary<string, long> without = new(StringComparer.Ordinal);

    /// <summary>Neighbours that shall be established from now on; of others nothing is kept.</summary>
    public void Use(IEnumerable<string> neighbors, long tick)
    {
        var kept = neighbors.ToHashSet(StringComparer.Ordinal);
        foreach (var gone in without.Keys.Where(n => !kept.Contains(n)).ToList()) without.Remove(gone);
        foreach (var neighbor in kept) without.TryAdd(neighbor, tick);
    }

    /// <summary>A neighbour, or all that are waited for (null), is waited for from now on.</summary>
    public void Begin(string? neighbor, long tick)
    {
        foreach (var name in neighbor is null ? without.Keys.ToList() : [neighbor]) without[name] = tick;
    }

    /// <summary>A session was established, or lost.</summary>
    public void Note(SessionChanged change, long tick)
    {
        if (change.Before == SessionState.Established && without.ContainsKey(change.Neighbor)) without[change.Neighbor] = tick;
    }

    /// <summary>Seconds that a neighbour which is not established was not.</summary>
    public long SecondsWithout(string neighbor, long tick) => without.TryGetValue(neighbor, out var since) ? (tick - since) / 1000 : 0;
}
