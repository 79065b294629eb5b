namespace Appliance.Ike;

/// <summary>What an operator sees of a group. Read between steps, from the host's thread.</summary>
public sealed record GroupStatus
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>gateway or member.</summary>
    public required string Role { get; init; }

    /// <summary>Its SAs, the one that we send by first.</summary>
    public IReadOnlyList<GroupSaStatus> Sas { get; init; } = [];

    /// <summary>Of a gateway: members with an IKE SA.</summary>
    public int Members { get; init; }

    /// <summary>Of a gateway: members that have not acknowledged the newest SA.</summary>
    public int Pending { get; init; }

    /// <summary>Of a gateway: Sender-IDs that can still be given out under the newest SA.</summary>
    public long SenderIdsLeft { get; init; }

    /// <summary>Of a gateway: seconds until it rekeys.</summary>
    public long? RekeySeconds { get; init; }

    /// <summary>Of a gateway: milliseconds from the last rekey's beginning until every member had acknowledged it; null while that is under way, or before the first.</summary>
    public long? DistributionMilliseconds { get; init; }

    /// <summary>Rekeys since the process began.</summary>
    public ulong Rekeys { get; init; }

    /// <summary>Why the last rekey was made: lifetime, removal of NAME, join of NAME, sender-ids, operator, restart.</summary>
    public string LastRekey { get; init; } = "";

    /// <summary>What is wrong, one sentence; empty when nothing is.</summary>
    public string Problem { get; init; } = "";
}

/// <summary>What an operator sees of a multi-point SA.</summary>
/// <param name="Sa">The SA.</param>
/// <param name="State">next: taken in, sent by after ROLL1; current: sent by; old: taken in until ROLL2; spare: of a gateway that is not preferred.</param>
/// <param name="AgeSeconds">Since it was installed here.</param>
/// <param name="LifetimeSeconds">What is left.</param>
/// <param name="ActivatesSeconds">Of next: until we send by it.</param>
/// <param name="EndsSeconds">Of old: until it is not taken in any more.</param>
public sealed record GroupSaStatus(GroupSa Sa, string State, long AgeSeconds, long LifetimeSeconds, long? ActivatesSeconds, long? EndsSeconds);

/// <summary>What an operator sees of a member, at its gateway.</summary>
/// <param name="Group">The group.</param>
/// <param name="Peer">PAD entry.</param>
/// <param name="Identity">Who it proved to be.</param>
/// <param name="Remote">Its address and port.</param>
/// <param name="SenderIds">Its Sender-IDs under the newest SA.</param>
/// <param name="State">current: it has the newest SA; pending: it was sent and not acknowledged; refused; pairwise: it does not know multi-point SAs.</param>
/// <param name="Problem">Why it is refused; else empty.</param>
/// <param name="AgeSeconds">Since it registered.</param>
public sealed record GroupMemberStatus(string Group, string Peer, string Identity, string Remote, IReadOnlyList<uint> SenderIds, string State, string Problem, long AgeSeconds);
