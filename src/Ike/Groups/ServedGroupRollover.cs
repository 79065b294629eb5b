using Appliance.Ike.Machine;
using Appliance.Machine;

namespace Appliance.Ike.Groups;

/// <summary>
/// Our own part in the group: a gateway takes in and sends by each SA like every member, at the times that it tells them (draft-yamaya-ipsecme-mpsa-04 §3.3.3). A new SA is taken in at once, sent by
/// after ROLL1 (at once when there is no other), and ends those before it after ROLL2.
/// </summary>
internal sealed partial class ServedGroup
{
    private string installProblem = "";

    /// <summary>The IV space under a Sender-ID of ours is nearly used up, or the data plane does not have an SA that it should have: it is installed under fresh Sender-IDs.</summary>
    public void Expires(Step step, uint spi)
    {
        if (Group is not null && sas.Find(s => s.Spi == spi) is { Token: 0 } sa && sa.ExpiresAt > step.Now) Install(step, sa);
    }

    private Instant RolloverDue(MultiPointSa sa)
    {
        var due = sa.ExpiresAt;
        if (sa.Token == 0) due = Earlier(due, sa.InstallAgainAt);
        if (sa is { IsInstalled: true, IsActivated: false }) due = Earlier(due, Sending is null ? new Instant(0) : sa.ActivatesAt);
        if (!sa.HasEndedOthers) due = Earlier(due, sa.EndsOthersAt);
        return due;
    }

    private void RollOver(Step step)
    {
        foreach (var sa in sas.Where(s => s.ExpiresAt <= step.Now).ToArray()) End(step, sa, "its lifetime is over");
        foreach (var sa in sas.Where(s => s.Token == 0 && s.InstallAgainAt <= step.Now).ToArray()) Install(step, sa);
        if (sas.FindLast(s => s is { IsInstalled: true, IsActivated: false } && s.ActivatesAt <= step.Now) is { } due) Activate(step, due);
        else if (Sending is null && sas.FindLast(s => s.IsInstalled) is { } only) Activate(step, only);
        if (sas.FindLast(s => !s.HasEndedOthers && s.EndsOthersAt <= step.Now) is not { } ends) return;
        foreach (var other in sas.Where(s => s.Number < ends.Number).ToArray()) End(step, other, $"{ends} has taken its place");
        ends.HasEndedOthers = true;
        Save(step);
    }

    /// <summary>We send by it from now on, unless by a newer one already.</summary>
    private void Activate(Step step, MultiPointSa sa)
    {
        foreach (var other in sas.Where(s => s.Number <= sa.Number)) other.IsActivated = true;
        if (Sending == sa) step.Actions.Add(new ActivateGroupSa(Name, sa.Spi));
        Save(step);
    }

    /// <summary>Has the host install it, under Sender-IDs that were never used.</summary>
    private void Install(Step step, MultiPointSa sa)
    {
        sa.InstallAgainAt = Instant.Never;
        if (!sa.TakeSenderIds((uint)Group!.Senders, out var senderIds))
        {
            if ((long)sa.LastSenderId - sa.FirstSenderId + 1 >= Group.Senders)
            {
                if (sa == Newest) Want(step, "sender-ids", RekeyKind.Ordinary);
                return;
            }

            installProblem = $"this node needs {Group.Senders} Sender-IDs, {sa.SenderIdsLeft} are left of {sa.FirstSenderId}-{sa.LastSenderId}: widen sender_ids";
            Log(step, IkeLogLevel.Error, "group-install", installProblem);
            return;
        }

        sa.OwnSenderIds = senderIds;
        sa.Token = step.NewGroupToken((later, result) => Installed(later, sa, result.Problem));
        step.Actions.Add(new InstallGroupSa(sa.Token, sa.Describe(Group, step.Now), sa.KeyMaterial()));
        Save(step);
    }

    private void Installed(Step step, MultiPointSa sa, string? problem)
    {
        sa.Token = 0;
        if (!sas.Contains(sa))
        {
            if (problem is null) step.Actions.Add(new RemoveGroupSa(Name, sa.Spi, "it ended while it was installed"));
            return;
        }

        installProblem = problem is null ? "" : $"{sa} is not installed here: {problem}";
        if (problem is null)
        {
            (sa.IsInstalled, sa.Failures) = (true, 0);
            if (Sending == sa) step.Actions.Add(new ActivateGroupSa(Name, sa.Spi));
            Save(step);
            return;
        }

        var pause = Tuning.GroupInstallPause << Math.Min(sa.Failures++, 6);
        Log(step, IkeLogLevel.Error, "group-install", $"{installProblem}; {(sa.IsInstalled ? "what there is of it goes on" : "this node neither sends nor takes in by it")}, tried again in {pause / 1000} s");
        sa.InstallAgainAt = step.Now.Plus(pause);
    }

    /// <summary>It is taken in and sent by no more, and its key is wiped.</summary>
    private void End(Step step, MultiPointSa sa, string why)
    {
        sas.Remove(sa);
        sa.Dispose();
        ended.Enqueue(sa.Spi);
        if (ended.Count > Tuning.MostGroupSas) ended.Dequeue();
        step.Actions.Add(new RemoveGroupSa(Name, sa.Spi, why));
        Save(step);
    }

    /// <summary>
    /// After a restart: what was installed stays, the one that we send by is named again, and what may not have been taken out of use is. What may not have been installed is installed anew next.
    /// </summary>
    private void Resume(Step step)
    {
        foreach (var spi in ended) step.Actions.Add(new RemoveGroupSa(Name, spi, "it ended before this process began"));
        if (Sending is { } sending) step.Actions.Add(new ActivateGroupSa(Name, sending.Spi));
    }
}
