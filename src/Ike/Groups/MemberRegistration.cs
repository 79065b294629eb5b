using Appliance.Ike.Machine;
using Appliance.Machine;

namespace Appliance.Ike.Groups;

/// <summary>
/// A gateway gives SAs and fresh Sender-IDs to every new IKE SA. Where we need some, a new IKE SA is made beside the present one and takes its place (make before break); the group's SAs stay in
/// use meanwhile. Without an IKE SA there is nothing to do: the next one registers.
/// </summary>
internal static class MemberRegistration
{
    /// <summary>After a configuration: where an IKE SA is older than the group, the gateway does not know that we are in it.</summary>
    public static void Expect(Step step, MemberGroup group, MemberGateway gateway)
    {
        if (gateway.IsExpected) return;
        gateway.IsExpected = true;
        if (gateway.RegisterAt == Instant.Never && gateway.Sas.Count == 0 && Of(step, gateway) is not null) gateway.RegisterAt = step.Now.Plus(Tuning.GroupExpected);
    }

    /// <summary>What it handed out could not be installed, and the gateway does not hand it out again by itself: where nothing else of it is in use, a new registration asks for it later.</summary>
    public static void Lacks(Step step, MemberGateway gateway)
    {
        if (gateway.Newest is null && gateway.RegisterAt == Instant.Never) gateway.RegisterAt = step.Now.Plus(Tuning.GroupRegisterFirst << Math.Min(gateway.Registrations, 4));
    }

    /// <summary>It brought what was needed.</summary>
    public static void Brought(MemberGateway gateway) => (gateway.IsExpected, gateway.RegisterAt, gateway.Registrations) = (true, Instant.Never, 0);

    /// <summary>When <see cref="Look"/> has something to do.</summary>
    public static Instant DueAfter(MemberGateway gateway, Instant now)
    {
        var due = gateway.RegisterAt > now ? gateway.RegisterAt : Instant.Never;
        if (gateway.Newest is { } newest && newest.ExpiresAt.Plus(-Overdue(newest)) is var overdue && overdue > now && overdue < due) due = overdue;
        return due;
    }

    /// <summary>Registers anew where that is due and needed.</summary>
    public static void Look(Step step, MemberGroup group, MemberGateway gateway)
    {
        if (Need(group, gateway, step.Now) is not { } why)
        {
            gateway.RegisterAt = Instant.Never;
            return;
        }

        if (gateway.RegisterAt == Instant.Never) gateway.RegisterAt = step.Now;
        if (gateway.RegisterAt > step.Now) return;
        gateway.RegisterAt = Instant.Never;
        if (Of(step, gateway) is not { } sa) return;
        gateway.RegisterAt = step.Now.Plus(Register(step, group, gateway, sa, why));
    }

    /// <summary>Registers anew, and says in how many milliseconds to look again.</summary>
    private static long Register(Step step, MemberGroup group, MemberGateway gateway, IkeSa sa, string why)
    {
        var comesToUs = sa.Peer is not { Remote.Count: > 0 };
        if (!comesToUs && !step.Machine.Manager.Replace(step, sa, $"group {group.Name}: {why}")) return Tuning.GroupRegisterBusy;
        if (comesToUs) step.Log(IkeLogLevel.Warning, sa, "group-register", $"group {group.Name}: {why}; {gateway.Name} has no address in the configuration, so it has to begin a new IKE SA");
        return Math.Min(Tuning.GroupRegisterFirst << Math.Min(gateway.Registrations++, 8), Tuning.GroupRegisterLongest);
    }

    private static string? Need(MemberGroup group, MemberGateway gateway, Instant now)
    {
        if (gateway.Newest is not { } newest) return gateway.IsExpected && gateway.RegisterAt < Instant.Never ? $"{gateway.Name} has handed out no SA" : null;
        if (newest.WantsSenderIds) return $"the IVs under our Sender-IDs of {newest} are used up or nearly so";
        if (newest.Sa.SenderIdBits > 0 && newest.Sa.SenderIds.Count < group.Group!.Senders) return $"{group.Group.Senders} Sender-IDs are needed, {newest} has {newest.Sa.SenderIds.Count}";
        return newest.ExpiresAt - now <= Overdue(newest) ? $"the lifetime of {newest} ends in {Math.Max(0, newest.ExpiresAt - now) / 1000} s, and {gateway.Name} has handed out no other" : null;
    }

    /// <summary>Short lifetimes are for those who try things out.</summary>
    private static long Overdue(MemberSa sa) => Math.Min(Tuning.GroupOverdue, sa.Sa.LifetimeMilliseconds / 8);

    private static IkeSa? Of(Step step, MemberGateway gateway) =>
        step.Machine.Of(gateway.Name).FirstOrDefault(s => s is { State: IkeSaState.Established or IkeSaState.Rekeying, Successor: null, MovesTo: null });
}
