namespace Appliance.Bgp;

/// <summary>Numbers that no RFC gives, or that one leaves open. Times in milliseconds.</summary>
internal static class BgpTuning
{
    /// <summary>HoldTimer while an OPEN is waited for: "a large value", 4 minutes are suggested (RFC 4271 §8.2.2).</summary>
    public const long OpenHold = 240_000;

    /// <summary>SendHoldTimer at least (RFC 9687 §5): 8 minutes, or twice the hold time where that is more.</summary>
    public const long SendHold = 480_000;

    /// <summary>An attempt to connect is given so long, or the configured time where that is longer.</summary>
    public const long ConnectAttempt = 15_000;

    /// <summary>First wait after a session that failed; doubles with each that fails in a row.</summary>
    public const long IdleHoldFirst = 1_000;

    /// <summary>The longest wait.</summary>
    public const long IdleHoldMost = 60_000;

    /// <summary>Attempts to connect that fail in a row make the wait longer up to so many times the configured one, and …</summary>
    public const int ConnectRetryGrowth = 4;

    /// <summary>… not beyond this, unless so much is configured.</summary>
    public const long ConnectRetryMost = 60_000;

    /// <summary>A session that was up for so long counts no earlier failures.</summary>
    public const long Steady = 60_000;

    /// <summary>A connection that comes in so long after the session was established says that the neighbour knows nothing of it any more (RFC 4724 §5); earlier it is a collision.</summary>
    public const long CrossingConnections = 3_000;

    /// <summary>Stale routes of a neighbour that came back go after this without End-of-RIB.</summary>
    public const long StaleMost = 300_000;

    /// <summary>VPN routes are sent after this to a neighbour that does not say which it wants.</summary>
    public const long RouteTargetsMost = 60_000;

    /// <summary>A refresh that a neighbour began ends after this.</summary>
    public const long RefreshMost = 300_000;

    /// <summary>After the deferral of a restart, decisions and next hops are waited for so long until the host hears that routes are complete.</summary>
    public const long CompletionMost = 30_000;

    /// <summary>Octets that may wait for a connection's socket; no routes are written beyond.</summary>
    public const int UnsentMost = 256 * 1024;

    /// <summary>Octets of routes that one step writes to all neighbours together; the rest is for the next step.</summary>
    public const int ExportPerStep = 256 * 1024;

    /// <summary>Prefixes that one step decides on; the rest is for the next step.</summary>
    public const int DecisionsPerStep = 8_000;

    /// <summary>Sets of attributes that are remembered by the octets that they were read from, for each session.</summary>
    public const int AttributesRemembered = 1024;

    /// <summary>Notices about a neighbour in one <see cref="NoticePeriod"/>; further ones are counted.</summary>
    public const int NoticesMost = 10;

    /// <summary>Period of <see cref="NoticesMost"/>.</summary>
    public const long NoticePeriod = 60_000;

    /// <summary>Part of the maximum of prefixes, in percent, at which the operator hears of it.</summary>
    public const int MaximumWarnPercent = 90;
}
