using Appliance.Machine;

namespace Appliance.Ike.Machine;

/// <summary>
/// How many IKE SAs are begun at once: ten thousand peers that shall be there from the start must run neither into their gateway's cookies and half-open limit nor into
/// retransmissions. An attempt counts until it is established, has failed, or is <see cref="Tuning.AttemptCounts"/> old: peers that do not answer hold nobody up for long.
/// Peers that somebody waits for go first.
/// </summary>
internal sealed class AttemptPacing
{
    private readonly HashSet<IkeSa> underWay = [];
    private readonly Queue<(IkeSa Sa, Instant Until)> begun = new();
    private readonly Queue<string> urgent = new(), others = new();
    private readonly HashSet<string> waitingUrgent = [], waitingOthers = [];

    /// <summary>Whether one more may begin.</summary>
    public bool HasRoom => underWay.Count < Tuning.AttemptsAtOnce;

    /// <summary>When the oldest attempt stops counting, while peers wait; else <see cref="Instant.Never"/>.</summary>
    public Instant NextDue => urgent.Count + others.Count > 0 && begun.TryPeek(out var first) ? first.Until : Instant.Never;

    /// <summary>An attempt begins.</summary>
    public void Begin(IkeSa sa, Instant now)
    {
        underWay.Add(sa);
        begun.Enqueue((sa, now.Plus(Tuning.AttemptCounts)));
    }

    /// <summary>An attempt came to its end. Any IKE SA may be named.</summary>
    public void End(IkeSa sa) => underWay.Remove(sa);

    /// <summary>A peer waits for its turn.</summary>
    public void Wait(string peer, bool isUrgent)
    {
        if (isUrgent ? waitingUrgent.Add(peer) : waitingOthers.Add(peer)) (isUrgent ? urgent : others).Enqueue(peer);
    }

    /// <summary>Whose turn it is, if there is room; its peer waits no more.</summary>
    public bool TryNext(Instant now, out string peer)
    {
        while (begun.TryPeek(out var first) && (first.Until <= now || !underWay.Contains(first.Sa))) underWay.Remove(begun.Dequeue().Sa);
        peer = "";
        if (!HasRoom) return false;
        if (urgent.TryDequeue(out peer!)) return waitingUrgent.Remove(peer);
        return others.TryDequeue(out peer!) && waitingOthers.Remove(peer);
    }
}
