namespace Appliance.Ike.Machine;

/// <summary>What the peer has begun with CREATE_CHILD_SA and goes on with in IKE_FOLLOWUP_KE (RFC 9370 §2.2.4): few, and not for long.</summary>
internal sealed partial class IkeSa
{
    private readonly List<PendingFollowup> followups = [];

    /// <summary>Keeps one until the peer goes on with it.</summary>
    public void Keep(Step step, PendingFollowup followup)
    {
        if (followups.Count >= Tuning.MostFollowups)
        {
            followups[0].Dispose();
            followups.RemoveAt(0);
        }

        followups.Add(followup);
        step.SetTimer(this, TimerKind.Followup, Tuning.FollowupForgotten);
    }

    /// <summary>The one with that link, which is the caller's from now on; null: there is none, or no longer.</summary>
    public PendingFollowup? TakeFollowup(ReadOnlySpan<byte> link)
    {
        for (var at = 0; at < followups.Count; at++)
        {
            var followup = followups[at];
            if (!link.SequenceEqual(followup.Link)) continue;
            followups.RemoveAt(at);
            return followup;
        }

        return null;
    }

    /// <summary>The peer did not go on.</summary>
    public void ForgetFollowups()
    {
        foreach (var followup in followups) followup.Dispose();
        followups.Clear();
    }
}
