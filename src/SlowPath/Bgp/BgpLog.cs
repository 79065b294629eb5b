using System.Globalization;
using Appliance.Bgp;
using Appliance.SlowPath.Serving;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Bgp;

/// <summary>
/// BGP's lines. That a session is established or is so no longer is always said; the states of one that does not come about are said once in a while, with how many were left out. All lines together
/// are bounded: neighbours by prefix can be many.
/// </summary>
internal sealed class BgpLog(ILogger log)
{
    private const long IntervalMilliseconds = 30_000, SecondMilliseconds = 1000;
    private const int MostPerSecond = 200;
    private readonly RateLimit<(string Neighbor, SessionState State)> limit = new(IntervalMilliseconds);
    private long second;
    private int inSecond;

    /// <summary>A session's state changed.</summary>
    public void Write(SessionChanged change, long tick)
    {
        var matters = change.Before == SessionState.Established || change.After == SessionState.Established;
        ulong more = 0;
        if (!matters && !limit.TryPass((change.Neighbor, change.After), tick, out more)) return;
        if (!Passes(tick)) return;
        var left = more == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" ({more} more)");
        log.Log(change.Before == SessionState.Established ? LogLevel.Warning : LogLevel.Information, "bgp {Neighbor}: {Before} → {After}: {Reason}{More}", change.Neighbor, change.Before, change.After, change.Reason, left);
    }

    /// <summary>Something else to know; the machine limits these for each neighbour.</summary>
    public void Write(BgpNotice notice, long tick)
    {
        if (Passes(tick)) log.Log(notice.IsWarning ? LogLevel.Warning : LogLevel.Information, "bgp {Neighbor}: {Message}", notice.Neighbor, notice.Message);
    }

    private bool Passes(long tick)
    {
        if (tick / SecondMilliseconds != second) (second, inSecond) = (tick / SecondMilliseconds, 0);
        return ++inSecond <= MostPerSecond;
    }
}
