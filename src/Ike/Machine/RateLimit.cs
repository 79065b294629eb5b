using Appliance.Machine;

namespace Appliance.Ike.Machine;

/// <summary>So many a second, and as many at once.</summary>
internal sealed class RateLimit(int perSecond)
{
    private long milliTokens = perSecond * 1000L;
    private Instant at;

    /// <summary>Takes one, if there is one.</summary>
    public bool TryTake(Instant now)
    {
        milliTokens = Math.Min(perSecond * 1000L, milliTokens + Math.Clamp(now - at, 0, 1000) * perSecond);
        at = now;
        if (milliTokens < 1000) return false;
        milliTokens -= 1000;
        return true;
    }
}
