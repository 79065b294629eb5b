namespace Appliance.Bgp;

/// <summary>What a timer of a session or of one of its connections is for.</summary>
internal enum SessionTimer : byte
{
    /// <summary>ConnectRetryTimer (RFC 4271 §8.1.3): an attempt took too long, or the next one is due.</summary>
    ConnectRetry,

    /// <summary>IdleHoldTimer: a session that ended is started again (RFC 4271 §8.1.1, DampPeerOscillations).</summary>
    IdleHold,

    /// <summary>HoldTimer of a connection.</summary>
    Hold,

    /// <summary>KeepaliveTimer of a connection.</summary>
    Keepalive,

    /// <summary>SendHoldTimer of a connection (RFC 9687).</summary>
    SendHold,

    /// <summary>A neighbour that restarts did not come back in its Restart Time (RFC 4724 §4.2).</summary>
    Restart,

    /// <summary>A neighbour that came back did not say End-of-RIB.</summary>
    Stale,

    /// <summary>A neighbour did not say which VPN routes it wants (RFC 4684 §6).</summary>
    RouteTargets,

    /// <summary>A neighbour that began a refresh did not end it (RFC 7313 §4).</summary>
    RefreshEnd,

    /// <summary>Selection_Deferral_Timer of the whole machine (RFC 4724 §4.1).</summary>
    Deferral,

    /// <summary>A session that stays up proves that earlier failures are over.</summary>
    Steady,
}

/// <summary>A timer: of which session (0 for the machine), what for, of which connection (0 for none).</summary>
internal readonly record struct TimerKey(int Session, SessionTimer Kind, ulong Connection = 0);
