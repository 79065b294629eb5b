namespace Appliance.SlowPath.Serving;

/// <summary>Lets one thing through for each key and interval and counts the others. Bounded: old keys go first.</summary>
internal sealed class RateLimit<TKey>(long intervalMilliseconds, int capacity = 4096) where TKey : notnull
{
    private readonly Dictionary<TKey, (long At, ulong Suppressed)> last = [];

    /// <summary>True when it may go through now; <paramref name="suppressed"/> says how many did not since the last one.</summary>
    public bool TryPass(TKey key, long tick, out ulong suppressed)
    {
        suppressed = 0;
        if (last.TryGetValue(key, out var entry) && tick - entry.At < intervalMilliseconds)
        {
            last[key] = (entry.At, entry.Suppressed + 1);
            return false;
        }

        if (last.Count >= capacity) last.Clear();
        suppressed = entry.Suppressed;
        last[key] = (tick, 0);
        return true;
    }
}
