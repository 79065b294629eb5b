namespace Appliance.Bfd;

/// <summary>A session as an operator sees it.</summary>
public sealed record BfdSessionStatus
{
    /// <summary>Who wants it; nobody, when it is about to end.</summary>
    public required IReadOnlyList<string> Keys { get; init; }

    /// <summary>Between which addresses.</summary>
    public required BfdPath Path { get; init; }

    /// <summary>Our state.</summary>
    public BfdState State { get; init; }

    /// <summary>Why we are in it.</summary>
    public BfdDiagnostic Diagnostic { get; init; }

    /// <summary>The other side's state, as last heard.</summary>
    public BfdState RemoteState { get; init; }

    /// <summary>Why the other side is in it.</summary>
    public BfdDiagnostic RemoteDiagnostic { get; init; }

    /// <summary>Our discriminator.</summary>
    public uint Discriminator { get; init; }

    /// <summary>Theirs; zero when it is not known.</summary>
    public uint RemoteDiscriminator { get; init; }

    /// <summary>Whether their BFD goes on while their control plane does not (RFC 5882 §4.3).</summary>
    public bool IsRemoteControlPlaneIndependent { get; init; }

    /// <summary>Milliseconds between two of our packets, before jitter; 0 for none.</summary>
    public long TransmitMilliseconds { get; init; }

    /// <summary>Milliseconds of silence after which the other side is dead; 0 before it was heard.</summary>
    public long DetectionMilliseconds { get; init; }

    /// <summary>Our multiplier.</summary>
    public int DetectMult { get; init; }

    /// <summary>Their multiplier; 0 before it was heard.</summary>
    public int RemoteDetectMult { get; init; }

    /// <summary>Whether a Poll Sequence is under way.</summary>
    public bool IsPolling { get; init; }

    /// <summary>Packets sent.</summary>
    public long Sent { get; init; }

    /// <summary>Packets received, without those that were dropped.</summary>
    public long Received { get; init; }

    /// <summary>How often it came up.</summary>
    public long Ups { get; init; }

    /// <summary>How often it was up and is so no longer.</summary>
    public long Downs { get; init; }

    /// <summary>Milliseconds since the state last changed.</summary>
    public long MillisecondsInState { get; init; }
}
