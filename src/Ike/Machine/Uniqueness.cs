namespace Appliance.Ike.Machine;

/// <summary>One IKE SA for each identity, where the configuration wants it so (RFC 7296 §2.4).</summary>
internal static class Uniqueness
{
    /// <summary>
    /// An IKE SA is established. An initial contact means that the peer knows of no other: they are forgotten. Else the earlier ones are deleted; when both sides began one at
    /// the same time, both keep the one of the greater SPI of its initiator, so that not each deletes the other's.
    /// A peer that says "initial contact" in an IKE SA begun after the other one was there did not cross it: it has started anew.
    /// </summary>
    public static void Apply(Step step, IkeSa sa, bool initialContact)
    {
        if (!initialContact && sa.Peer is not { Unique: true }) return;
        foreach (var other in step.Machine.Identities.Others(sa).Where(o => o.MovesTo is null))
        {
            var crossed = other.IsInitiator != sa.IsInitiator && step.Now - other.EstablishedAt < Tuning.Crossing && (!initialContact || sa.BegunAt < other.EstablishedAt);
            if (initialContact && !crossed) other.Destroy(step, "the peer says that this is its initial contact");
            else if (sa.Peer is { Unique: true } && !crossed) other.Close(step, "a newer IKE SA of the same identity took its place");
            else if (sa.Peer is { Unique: true }) (other.InitiatorSpi > sa.InitiatorSpi ? sa : other).CloseLater(step);
        }
    }
}
