using Appliance.Machine;

namespace Appliance.Ike.Groups;

/// <summary>What an operator sees of a group that this node is member of.</summary>
internal static class MemberStatuses
{
    /// <summary>A group with the SAs that are installed, the one that we send by first.</summary>
    public static GroupStatus Of(MemberGroup group, Instant now) => new()
    {
        Name = group.Name, Role = "member", Problem = Problem(group),
        Sas = [.. group.All.Where(s => s.IsInstalled).OrderByDescending(s => s == group.Sending).Select(s => Of(group, s, now))],
    };

    private static GroupSaStatus Of(MemberGroup group, MemberSa sa, Instant now)
    {
        var isSending = sa == group.Sending;
        var state = isSending ? "current" : sa.EndsAt < Instant.Never ? "old" : sa.ActivatesAt > now ? "next" : "spare";
        return new GroupSaStatus(sa.Sa, state, (now - sa.InstalledAt) / 1000, Math.Max(0, sa.ExpiresAt - now) / 1000, !isSending && sa.ActivatesAt > now ? (sa.ActivatesAt - now + 999) / 1000 : null,
            sa.EndsAt < Instant.Never ? (Math.Max(0, sa.EndsAt - now) + 999) / 1000 : null);
    }

    private static string Problem(MemberGroup group) => group.Problem.Length > 0 ? group.Problem : group.Sending is not null ? ""
        : group.All.Any(s => s.IsInstalled) ? "the IVs under our Sender-IDs are used up: nothing can be sent until the gateway has given fresh ones"
        : $"no multi-point SA: {string.Join(" and ", group.Gateways.Select(g => g.Name))} has handed none out yet";
}
