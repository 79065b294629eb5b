using Appliance.Ike.Machine;
using Appliance.Ike.Machine.Contexts;
using Appliance.Ike.Messages;
using Appliance.Machine;

namespace Appliance.Ike.Groups;

/// <summary>The groups that this node is member of: MPSA_PUT → <see cref="MpsaChecks"/> → installed by the host → <see cref="MemberGroup"/> says when it is sent by and when it ends.</summary>
internal sealed class MemberGroups
{
    private readonly SortedDictionary<string, MemberGroup> groups = new(StringComparer.Ordinal);

    /// <summary>When there is something to do.</summary>
    public Instant NextDue => Timers.NextDue;

    /// <summary>What we had under keys of before.</summary>
    public EndedSenderIds Ended { get; } = new();

    /// <summary>When a group is looked at again.</summary>
    private TimerQueue<string> Timers { get; } = new();

    /// <summary>A group; null: we are no member of it.</summary>
    public MemberGroup? Find(string name) => groups.GetValueOrDefault(name);

    /// <summary>Whether an SA of any group has an SPI.</summary>
    public (MemberGateway Gateway, MemberSa Sa)? FindSpi(uint spi) => groups.Values.Select(g => g.Find(spi)).FirstOrDefault(f => f is not null);

    /// <summary>A configuration: groups and gateways that are gone take their SAs along; what is new is registered for.</summary>
    public void Configure(Step step)
    {
        var wanted = step.Configuration.Groups.Where(g => g.Gateways.Count > 0).ToDictionary(g => g.Name);
        foreach (var gone in groups.Values.Where(g => !wanted.ContainsKey(g.Name)).ToArray())
        {
            foreach (var gateway in gone.Gateways) gone.End(step, gateway, "the group is no longer in the configuration");
            groups.Remove(gone.Name);
            Timers.Stop(gone.Name);
        }

        foreach (var group in wanted.Values)
        {
            if (Find(group.Name) is not { } member) groups.Add(group.Name, member = new MemberGroup(group.Name));
            var isFirst = member.Group is null;
            member.Take(step, group);
            if (isFirst && member.Sending is { } sending) step.Actions.Add(new ActivateGroupSa(group.Name, sending.Sa.Spi));
            foreach (var gateway in member.Gateways) MemberRegistration.Expect(step, member, gateway);
            Update(step, member);
        }
    }

    /// <summary>Time passed.</summary>
    public void Fire(Step step)
    {
        while (Timers.TryTake(step.Now, out var name))
            if (Find(name) is { } group) Update(step, group);
    }

    /// <summary>An MPSA_PUT of a peer. <paramref name="done"/>: it was dealt with, and why it is refused, if it is.</summary>
    public static void Take(Step step, IkeSa sa, NotifyPayload notify, Action<Step, MpsaError> done)
    {
        if (!MpsaPutCodec.TryRead(notify, out var put, out var error))
        {
            Refuse(step, sa, null, error, done);
            return;
        }

        using (put)
        {
            var group = MpsaChecks.GroupOf(step, sa, put, out error);
            if (group is null || !MpsaChecks.Takes(step, sa, put, group.Group!, out error)) Refuse(step, sa, group, error, done);
            else MpsaInstall.Begin(step, sa, put, group, done);
        }
    }

    /// <summary>It is refused: the log says why, the caller tells the gateway.</summary>
    public static void Refuse(Step step, IkeSa sa, MemberGroup? group, MpsaError error, Action<Step, MpsaError> done)
    {
        if (group is not null) group.Problem = $"{sa.PeerName}: {error.Detail}";
        step.Log(IkeLogLevel.Error, sa, $"group-refused-{(ushort)error.Reason}", $"{(group is null ? "MPSA_PUT" : $"group {group.Name}: MPSA_PUT")} refused ({error.Reason}): {error.Detail}");
        done(step, error);
    }

    /// <summary>The IV space under a Sender-ID of ours is nearly used up, or is.</summary>
    public void Expires(Step step, MemberGroup group, GroupExpires e)
    {
        if (group.Find(e.Spi) is not { } found) return;
        found.Sa.WantsSenderIds = true;
        found.Sa.IsExhausted |= e.Hard;
        if (group.Sending == found.Sa && e.Hard) group.Sending = null;
        step.Log(e.Hard ? IkeLogLevel.Error : IkeLogLevel.Warning, found.Gateway.Name, "group-ivs", $"group {e.Group}: the IVs under our Sender-IDs of {found.Sa} are {(e.Hard ? "" : "nearly ")}used up");
        MemberGroup.Keep(step, found.Gateway);
        Update(step, group);
    }

    /// <summary>What an earlier process kept. False: it cannot be read.</summary>
    public bool Restore(Step step, ContextReader reader, uint id)
    {
        if (MemberContext.Read(step, id, reader, out var isSending) is not { Sas.Count: > 0 } gateway) return false;
        if (Find(gateway.Group) is not { } group) groups.Add(gateway.Group, group = new MemberGroup(gateway.Group));
        if (group.Gateways.Exists(g => g.Name == gateway.Name)) return false;
        group.Gateways.Add(gateway);
        if (isSending is not null) group.Sending = isSending;
        SetTimer(step, group);
        return true;
    }

    /// <summary>This node stops: all SAs end.</summary>
    public void Close(Step step)
    {
        foreach (var group in groups.Values)
            foreach (var gateway in group.Gateways) group.End(step, gateway, "this node stops");
        groups.Clear();
    }

    /// <summary>What is over ends, what is due is sent by, and who has to register anew does.</summary>
    public void Update(Step step, MemberGroup group)
    {
        var before = group.Sending;
        group.Update(step);
        if (group.Group is not null)
        {
            foreach (var gateway in group.Gateways)
            {
                // Which one we send by is in the context.
                if (before != group.Sending && gateway.Sas.Count > 0) step.Keep(gateway);
                MemberRegistration.Look(step, group, gateway);
            }
        }

        SetTimer(step, group);
    }

    /// <summary>What an operator sees.</summary>
    public IEnumerable<GroupStatus> Statuses(Instant now) => groups.Values.Where(g => g.Group is not null).Select(g => MemberStatuses.Of(g, now));

    private void SetTimer(Step step, MemberGroup group)
    {
        var due = group.DueAfter(step.Now);
        foreach (var gateway in group.Gateways)
            if (group.Group is not null && MemberRegistration.DueAfter(gateway, step.Now) is var at && at < due) due = at;
        if (due < Instant.Never) Timers.Set(group.Name, due);
        else Timers.Stop(group.Name);
    }
}
