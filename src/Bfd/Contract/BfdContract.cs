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

/// <summary>A session is wanted. <paramref name="Key"/> is the caller's name of it; a second one with the same key replaces the settings.</summary>
public sealed record BfdSessionWanted(string Key, IPAddress Local, IPAddress Remote, bool IsMultihop, BfdIntervals Intervals) : BfdEvent;

/// <summary>A session is wanted no longer: the other side is told AdminDown.</summary>
public sealed record BfdSessionUnwanted(string Key) : BfdEvent;

/// <summary>A control packet came, with the TTL or hop limit that it had (RFC 5881 §5: 255 on a single hop).</summary>
public sealed record BfdPacketReceived(IPAddress Local, IPAddress Remote, bool IsMultihop, int Ttl, ReadOnlyMemory<byte> Octets) : BfdEvent;

/// <summary>Something shall be done.</summary>
public abstract record BfdAction;

/// <summary>Send a control packet from the session's own source port (RFC 5881 §4), TTL 255.</summary>
public sealed record BfdSend(string Key, IPAddress Local, IPAddress Remote, bool IsMultihop, byte[] Octets) : BfdAction;

/// <summary>A session came up or went down.</summary>
public sealed record BfdSessionChanged(string Key, bool IsUp, BfdDiagnostic Diagnostic) : BfdAction;

/// <summary>Intervals of a session (RFC 5880 §6.8.1).</summary>
/// <param name="TransmitMilliseconds">DesiredMinTxInterval once the session is up.</param>
/// <param name="ReceiveMilliseconds">RequiredMinRxInterval.</param>
/// <param name="Multiplier">Detection multiplier.</param>
public readonly record struct BfdIntervals(int TransmitMilliseconds, int ReceiveMilliseconds, int Multiplier);

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
