using System.Net;

namespace Appliance.Bfd;

/// <summary>Something happened.</summary>
public abstract record BfdEvent;

/// <summary>Time passed; timers that are due fire.</summary>
public sealed record BfdTimePassed : BfdEvent
{
    /// <summary>There is only one.</summary>
    public static BfdTimePassed Event { get; } = new();
}

/// <summary>
/// A session is wanted. <paramref name="Key"/> is the caller's name of it; a second one with the same key replaces path and settings. Who wants the same path shares one
/// session (RFC 5882 §4.4), which has the shortest of what they want.
/// </summary>
public sealed record BfdSessionWanted(string Key, BfdPath Path, BfdIntervals Intervals) : BfdEvent
{
    /// <summary>Packets with a lower TTL or hop limit are dropped. On a single hop it is 255 whatever stands here (RFC 5881 §5).</summary>
    public int MinimumTtl { get; init; }
}

/// <summary>A session is wanted no longer: when nobody else wants it, the other side is told AdminDown.</summary>
public sealed record BfdSessionUnwanted(string Key) : BfdEvent;

/// <summary>The process ends: every other side is told AdminDown, once, so that nobody takes it for a failure (RFC 5882 §4.2).</summary>
public sealed record BfdStopped : BfdEvent;

/// <summary>A control packet came, with the TTL or hop limit that it had.</summary>
public sealed record BfdPacketReceived(BfdPath Path, int Ttl, ReadOnlyMemory<byte> Octets) : BfdEvent;

/// <summary>Something shall be done.</summary>
public abstract record BfdAction;

/// <summary>Send a control packet with TTL 255 from the session's own source port (RFC 5881 §4). <paramref name="Session"/> names it: its discriminator.</summary>
public sealed record BfdSend(uint Session, BfdPath Path, byte[] Octets) : BfdAction;

/// <summary>A session is no more; its source port is free.</summary>
public sealed record BfdSessionEnded(uint Session) : BfdAction;

/// <summary>
/// A session came up or went down, for one of those who want it. <paramref name="IsAdministrative"/>: it is down because the other side was told to; no protocol shall take that for a
/// failure (RFC 5882 §4.2).
/// </summary>
public sealed record BfdSessionChanged(string Key, bool IsUp, BfdDiagnostic Diagnostic, bool IsAdministrative) : BfdAction;

/// <summary>There can be no session; <paramref name="Why"/> for the log.</summary>
public sealed record BfdSessionRefused(string Key, string Why) : BfdAction;

/// <summary>Between which addresses, and how. Ours is <paramref name="Local"/>; a link-local address has its scope.</summary>
/// <param name="Local">Our address.</param>
/// <param name="Remote">Theirs.</param>
/// <param name="IsMultihop">RFC 5883; else a single hop (RFC 5881).</param>
public sealed record BfdPath(IPAddress Local, IPAddress Remote, bool IsMultihop);

/// <summary>Intervals of a session (RFC 5880 §6.8.1).</summary>
/// <param name="TransmitMilliseconds">DesiredMinTxInterval once the session is up; from <see cref="Shortest"/> to <see cref="Longest"/>.</param>
/// <param name="ReceiveMilliseconds">RequiredMinRxInterval, in the same limits.</param>
/// <param name="Multiplier">Detection multiplier, 1 to 255.</param>
public readonly record struct BfdIntervals(int TransmitMilliseconds, int ReceiveMilliseconds, int Multiplier)
{
    /// <summary>Shortest interval, in milliseconds.</summary>
    public const int Shortest = 10;

    /// <summary>Longest interval, in milliseconds.</summary>
    public const int Longest = 60_000;

    /// <summary>Whether all are in their limits.</summary>
    public bool AreValid => TransmitMilliseconds is >= Shortest and <= Longest && ReceiveMilliseconds is >= Shortest and <= Longest && Multiplier is >= 1 and <= 255;

    /// <summary>The shortest of both.</summary>
    public BfdIntervals With(BfdIntervals other) => new(
        Math.Min(TransmitMilliseconds, other.TransmitMilliseconds), Math.Min(ReceiveMilliseconds, other.ReceiveMilliseconds), Math.Min(Multiplier, other.Multiplier));
}

/// <summary>State of a session (RFC 5880 §4.1, Sta).</summary>
public enum BfdState : byte
{
    /// <summary>Held down on purpose.</summary>
    AdminDown = 0,

    /// <summary>Nothing is heard, or nothing yet.</summary>
    Down = 1,

    /// <summary>The other side is heard and wants to come up.</summary>
    Init = 2,

    /// <summary>Both sides hear each other.</summary>
    Up = 3,
}

/// <summary>Why a session is in its state (RFC 5880 §4.1).</summary>
public enum BfdDiagnostic : byte
{
    /// <summary>No diagnostic.</summary>
    None = 0,

    /// <summary>Control Detection Time Expired.</summary>
    DetectionTimeExpired = 1,

    /// <summary>Echo Function Failed.</summary>
    EchoFailed = 2,

    /// <summary>Neighbor Signaled Session Down.</summary>
    NeighborSignaledDown = 3,

    /// <summary>Forwarding Plane Reset.</summary>
    ForwardingPlaneReset = 4,

    /// <summary>Path Down.</summary>
    PathDown = 5,

    /// <summary>Concatenated Path Down.</summary>
    ConcatenatedPathDown = 6,

    /// <summary>Administratively Down.</summary>
    AdministrativelyDown = 7,

    /// <summary>Reverse Concatenated Path Down.</summary>
    ReverseConcatenatedPathDown = 8,
}
