using Appliance.Ike.Exchanges;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;
using Appliance.Machine;

namespace Appliance.Ike.Groups;

/// <summary>
/// How members come to know: everybody who lacks an SA stands in a queue, gets one MPSA_PUT after the other, and stands in the queue again until it has all that live. A step begins a few, and not
/// more than <see cref="Tuning.GroupPutsUnderWay"/> are under way; one that is not answered holds up the others for a moment only.
/// </summary>
internal sealed partial class ServedGroup
{
    private readonly Queue<ServedMember> queue = new();
    private readonly HashSet<ServedMember> underWay = [], awaited = [];
    private readonly Queue<(ServedMember Member, Instant Until)> begun = new();
    private string distributionProblem = "";
    private bool isDistributing, isLate;

    /// <summary>Milliseconds that the last rekey took to reach every member; null while one is under way, or before the first.</summary>
    public long? DistributionMilliseconds { get; private set; }

    private Instant DistributionDue
    {
        get
        {
            var due = isDistributing && !isLate && Newest is { } newest ? newest.ActivatesAt : Instant.Never;
            if (queue.Count == 0) return due;
            return Earlier(due, underWay.Count < Tuning.GroupPutsUnderWay || begun.Count == 0 ? new Instant(0) : begun.Peek().Until);
        }
    }

    /// <summary>The next SA that a member lacks, with its Sender-IDs, as it is to be told; null: there is nothing to tell. <see cref="MpsaPut.SkD"/> stays the SA's.</summary>
    public (MultiPointSa Sa, MpsaPut Put)? Next(Step step, ServedMember member)
    {
        if (member.State != MemberState.Served) return null;
        foreach (var sa in sas)
        {
            if (sa.Number < member.Since || member.Has(sa.Number) || sa.ExpiresAt - step.Now < 1000) continue;
            if (SenderIds(step, member, sa) is not { } senderIds) continue;
            if (member.State != MemberState.Served) return null;
            member.Set(new ToldSa(sa.Number, sa.Spi, senderIds, false));
            sa.WasTold = true;
            return (sa, new MpsaPut
            {
                Spi = sa.Spi, Encryption = sa.Encryption, Integrity = sa.Integrity, Prf = sa.Prf, Nonce = sa.Nonce, SkD = sa.SkD, LifetimeSeconds = (uint)((sa.ExpiresAt - step.Now) / 1000),
                Rollover1Seconds = Seconds(sa.ActivatesAt - step.Now), Rollover2Seconds = Seconds(sa.EndsOthersAt - step.Now), SenderIdBits = sa.SenderIdBits, SenderIds = senderIds,
                Group = member.Sa.Extensions.HasFlag(Extensions.SenderIds) ? Name : null,
            });
        }

        return null;
    }

    /// <summary>A member has an SA.</summary>
    public void Acknowledged(Step step, ServedMember member, ulong number)
    {
        if (member.Of(number) is { } told) member.Set(told with { Acknowledged = true });
        if (Newest?.Number == number) Arrived(step, member);
    }

    /// <summary>An MPSA_PUT came to its end, well or not: if the member still lacks something, it gets that next.</summary>
    public void Told(ServedMember member)
    {
        member.IsTold = false;
        underWay.Remove(member);
        if (members.Contains(member) && member.State == MemberState.Served && sas.Exists(s => s.Number >= member.Since && !member.Has(s.Number))) Enqueue(member);
    }

    /// <summary>A member does not take an SA, and says why. The next SA is tried again.</summary>
    public void Refused(Step step, ServedMember member, uint spi, string why)
    {
        if (sas.Find(s => s.Spi == spi) is { } sa && sa != Newest && member.Of(sa.Number) is { } told)
        {
            member.Set(told with { Acknowledged = true });
            return;
        }

        (member.State, member.Problem) = (MemberState.Refused, why);
        Arrived(step, member);
    }

    private void BeginDistribution(Step step)
    {
        awaited.Clear();
        foreach (var member in members)
        {
            member.Keep(IsLive);
            Classify(member);
            if (member.State != MemberState.Served) continue;
            awaited.Add(member);
            Enqueue(member);
        }

        (isDistributing, isLate) = (awaited.Count > 0, false);
        if (isDistributing) DistributionMilliseconds = null;
    }

    private bool IsLive(ulong number) => sas.Exists(s => s.Number == number);

    private void Enqueue(ServedMember member)
    {
        if (member.IsQueued || member.IsTold) return;
        member.IsQueued = true;
        queue.Enqueue(member);
    }

    private void Distribute(Step step)
    {
        while (begun.TryPeek(out var first) && (first.Until <= step.Now || !underWay.Contains(first.Member))) underWay.Remove(begun.Dequeue().Member);
        for (var count = 0; count < Tuning.GroupPutsPerStep && underWay.Count < Tuning.GroupPutsUnderWay && queue.TryDequeue(out var member); count++)
        {
            member.IsQueued = false;
            if (!members.Contains(member)) continue;
            member.IsTold = true;
            underWay.Add(member);
            begun.Enqueue((member, step.Now.Plus(Tuning.GroupPutCounts)));
            member.Sa.Start(step, new PutGroupSa(member.Sa, member));
        }

        if (!isDistributing || isLate || Newest is not { } newest || newest.ActivatesAt > step.Now) return;
        isLate = true;
        distributionProblem = $"{awaited.Count} of {members.Count} members had not acknowledged {newest} when ROLL1 ({(newest.ActivatesAt - newest.CreatedAt) / 1000} s) was over, and may lose packets: raise rollover";
        Log(step, IkeLogLevel.Error, "group-late", distributionProblem);
    }

    /// <summary>A member has the newest SA, or will not have it: when all have, the rekey is through.</summary>
    private void Arrived(Step step, ServedMember member)
    {
        if (!awaited.Remove(member) || awaited.Count > 0 || !isDistributing || Newest is not { } newest) return;
        isDistributing = false;
        DistributionMilliseconds = step.Now - newest.CreatedAt;
        var allowed = newest.ActivatesAt - newest.CreatedAt;
        distributionProblem = !isLate ? "" : $"the last rekey took {DistributionMilliseconds} ms to reach every member, ROLL1 is {allowed} ms: raise rollover";
        Log(step, isLate ? IkeLogLevel.Error : IkeLogLevel.Information, "group-distributed", $"every member has {newest}, after {DistributionMilliseconds} ms{(isLate ? $", longer than ROLL1 ({allowed} ms): raise rollover" : "")}");
    }

    /// <summary>
    /// The Sender-IDs that a member has under an SA, or fresh ones; null: there are not enough. Under the newest SA that means a new one for everybody, unless the range is too small for the group.
    /// </summary>
    private uint[]? SenderIds(Step step, ServedMember member, MultiPointSa sa)
    {
        if (!sa.NeedsSenderIds) return [];
        if (member.Of(sa.Number) is { } told) return told.SenderIds;
        var identity = member.Sa.RemoteIdentity?.ToString() ?? "";
        if (!sa.IsInShare(identity, (uint)member.Sa.GroupSenders))
        {
            if (sa == Newest) Crowds(step, member, sa);
            return null;
        }

        if (sa.TakeSenderIds((uint)member.Sa.GroupSenders, out var senderIds))
        {
            sa.Gave(identity, senderIds.Length);
            Save(step);
            return senderIds;
        }

        // Of ten thousand that find none, one looks how many there are.
        if (sa != Newest || wanted is not null) return null;
        var needed = Group!.Senders + members.Where(m => m.State == MemberState.Served).Sum(m => (long)m.Sa.GroupSenders);
        var size = (long)sa.LastSenderId - sa.FirstSenderId + 1;
        if (needed <= size)
        {
            Want(step, "sender-ids", RekeyKind.Ordinary);
            return null;
        }

        Refused(step, member, sa.Spi, $"the group needs {needed} Sender-IDs and has {size} ({sa.FirstSenderId}-{sa.LastSenderId}): widen sender_ids");
        step.Log(IkeLogLevel.Error, member.Sa, "group-senders", $"group {Name}: {member.Problem}");
        return null;
    }

    /// <summary>A member has had its share of an SA's Sender-IDs: it gets the next SA, which is made for it, but not at once.</summary>
    private void Crowds(Step step, ServedMember member, MultiPointSa sa)
    {
        Crowd("sender-ids");
        Refused(step, member, sa.Spi, $"it registered too often under {sa}: its share of the Sender-IDs is used up; it gets the next SA, in {RekeySeconds(step.Now)} s");
        step.Log(IkeLogLevel.Warning, member.Sa, "group-crowd", $"group {Name}: {member.Problem}");
    }

    private static uint Seconds(long milliseconds) => (uint)(Math.Max(0, milliseconds + 999) / 1000);
}
