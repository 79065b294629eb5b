namespace Appliance.Ike;

/// <summary>What an operator sees of an IKE SA. Read between steps, from the host's thread.</summary>
public sealed record IkeSaStatus
{
    /// <summary>PAD entry; empty while nobody knows.</summary>
    public required string Peer { get; init; }

    /// <summary>connecting, established, rekeying, deleting.</summary>
    public required string State { get; init; }

    /// <summary>Whether we began it.</summary>
    public required bool IsInitiator { get; init; }

    /// <summary>SPI of the initiator.</summary>
    public required ulong InitiatorSpi { get; init; }

    /// <summary>SPI of the responder.</summary>
    public required ulong ResponderSpi { get; init; }

    /// <summary>Our address and port.</summary>
    public required string Local { get; init; }

    /// <summary>The peer's.</summary>
    public required string Remote { get; init; }

    /// <summary>Who we said we are.</summary>
    public string LocalIdentity { get; init; } = "";

    /// <summary>Who the peer proved to be.</summary>
    public string RemoteIdentity { get; init; } = "";

    /// <summary>Algorithms, as <c>aes-256-gcm/prf-sha256/x25519</c>.</summary>
    public string Suite { get; init; } = "";

    /// <summary>none, local, remote, both.</summary>
    public string Nat { get; init; } = "none";

    /// <summary>Seconds since it was established; 0 before.</summary>
    public long AgeSeconds { get; init; }

    /// <summary>Seconds until it is rekeyed; null for never.</summary>
    public long? RekeySeconds { get; init; }

    /// <summary>Extensions in force: fragmentation, mobike, ppk, childless, …</summary>
    public IReadOnlyList<string> Extensions { get; init; } = [];

    /// <summary>Its children.</summary>
    public IReadOnlyList<ChildSaStatus> Children { get; init; } = [];
}

/// <summary>What an operator sees of a child.</summary>
public sealed record ChildSaStatus(ChildSa Child, string State, long AgeSeconds, long? RekeySeconds);

/// <summary>What an operator sees of a node that goes out of service (RFC 5685).</summary>
/// <param name="Draining">Nothing new begins here.</param>
/// <param name="RedirectTo">Where peers are sent; null for nowhere: they are refused.</param>
/// <param name="AskedToMove">IKE SAs whose peers were asked to go there and are still here.</param>
/// <param name="Staying">Peers with IKE SAs that nobody asks to go: they cannot be redirected, or we began the IKE SA.</param>
public sealed record IkeDrainStatus(bool Draining, string? RedirectTo, int AskedToMove, IReadOnlyList<string> Staying);

/// <summary>What an operator sees of a PAD entry that has no IKE SA.</summary>
public sealed record IkePeerStatus(string Peer, string State, string LastProblem, long? NextAttemptSeconds, ulong Attempts);
