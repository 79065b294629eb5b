using Appliance.Ike.Machine;
using Appliance.Machine;

namespace Appliance.Ike.Groups;

/// <summary>What an operator sees of a group that this node is gateway of.</summary>
internal static class ServedGroupStatuses
{
    public static GroupStatus Of(ServedGroup group, Instant now) => new()
    {
        Name = group.Name, Role = "gateway", Sas = [.. group.Sas.Reverse().OrderBy(s => s == group.Sending ? 0 : 1).Select(s => Of(group, s, now))],
        Members = group.Members.Count, Pending = group.Members.Count(m => State(m) == "pending"), SenderIdsLeft = group.Newest?.SenderIdsLeft ?? 0, RekeySeconds = group.RekeySeconds(now),
        DistributionMilliseconds = group.DistributionMilliseconds, Rekeys = group.Rekeys, LastRekey = group.LastRekey, Problem = group.Problem,
    };

    public static GroupMemberStatus Of(ServedMember member, Instant now) => new(member.Group.Name, member.Sa.PeerName, member.Sa.RemoteIdentity?.ToString() ?? "", member.Sa.Remote.ToString(),
        member.Group.Newest is { } newest ? member.Of(newest.Number)?.SenderIds ?? [] : [], State(member), member.Problem, (now - member.RegisteredAt) / 1000);

    private static GroupSaStatus Of(ServedGroup group, MultiPointSa sa, Instant now)
    {
        var isSending = sa == group.Sending;
        var isOld = group.Sending is { } sending && sa.Number < sending.Number;
        return new GroupSaStatus(sa.Describe(group.Group!, now), isSending ? "current" : isOld ? "old" : "next", (now - sa.CreatedAt) / 1000, Math.Max(0, sa.ExpiresAt - now) / 1000,
            isSending || isOld ? null : Math.Max(0, sa.ActivatesAt - now) / 1000,
            group.Sas.Where(s => s.Number > sa.Number && !s.HasEndedOthers).Select(s => (long?)Math.Max(0, s.EndsOthersAt - now) / 1000).Min());
    }

    private static string State(ServedMember member) => member.State switch
    {
        MemberState.Pairwise => "pairwise",
        MemberState.Refused => "refused",
        _ => member.Group.Newest is { } newest && member.Has(newest.Number) ? "current" : "pending",
    };
}
