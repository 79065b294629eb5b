namespace Appliance.DataPlane;

/// <summary>So many per second, and so many at once (RFC 1812 §4.3.2.8, RFC 4443 §2.4 (f)).</summary>
internal struct TokenBucket(int perSecond, int burst)
{
    private const int Milli = 1000;
    private long filledAt;
    private long tokens = (long)burst * Milli;

    /// <summary>Takes one, or says that there is none now.</summary>
    public bool TryTake(long tick)
    {
        var passed = Math.Clamp(tick - filledAt, 0, Milli);
        filledAt = tick;
        tokens = Math.Min(tokens + passed * perSecond, (long)burst * Milli);
        if (tokens < Milli) return false;
        tokens -= Milli;
        return true;
    }
}
