using Appliance.Ike;
using Appliance.Ike.Keys;
using Appliance.Shared;
using Appliance.SlowPath.Ike;
using Appliance.SlowPath.Sas;
using Appliance.SlowPath.Serving;

namespace Appliance.SlowPath.Api;

internal sealed record GroupSaView(
    string Spi, string Gateway, string State, bool InUse, string Encryption, string Integrity, IReadOnlyList<uint> SenderIds, int SenderIdBits, int ReplayWindow, long AgeSeconds, long LifetimeSeconds,
    long? ActivatesSeconds, long? EndsSeconds, ulong SentPackets, ulong SentBytes, ulong SendDrops, ulong ReceivedPackets, ulong ReceivedBytes, ulong IntegrityFailed, ulong Replayed, ulong TooOld,
    ulong OtherDrops, int SendersHeard, int IvsUsedPercent);

internal sealed record GroupView(
    string Name, string Role, IReadOnlyList<string> Local, IReadOnlyList<GroupSaView> Sas, int Members, int Pending, long SenderIdsLeft, long? RekeySeconds, long? DistributionMilliseconds,
    ulong Rekeys, string LastRekey, string Problem);

internal sealed record GroupMemberView(
    string Peer, string Identity, string Remote, IReadOnlyList<uint> SenderIds, string State, string Problem, long AgeSeconds, ulong Packets, ulong Bytes, ulong Replayed, ulong TooOld,
    long? IdleMilliseconds, string? LastSource);

internal sealed record GroupSenderView(string Spi, uint SenderId, string? Member, string LastSource, int Worker, ulong Packets, ulong Bytes, ulong Replayed, ulong TooOld, long? IdleMilliseconds);

internal sealed record GroupMembersView(string Group, string Role, IReadOnlyList<GroupMemberView> Members, IReadOnlyList<GroupSenderView> Senders);

/// <summary>Groups with their multi-point SAs, and who sends in them: IKE's word joined with the region's counters. On the loop.</summary>
internal static class GroupViews
{
    /// <summary>All groups.</summary>
    public static IReadOnlyList<GroupView> All(Gateway gateway, IkeService ike) => [.. ike.Groups.OrderBy(g => g.Name, StringComparer.Ordinal).Select(g => Of(gateway, g))];

    /// <summary>One group's members (at its gateway) and the senders that were heard.</summary>
    /// <exception cref="RefusedException">There is no such group.</exception>
    public static GroupMembersView Members(Gateway gateway, IkeService ike, string group)
    {
        var status = ike.Groups.FirstOrDefault(g => g.Name == group) ?? throw new RefusedException($"there is no group '{group}'", "GET /groups lists them", 404);
        return MembersOf(gateway, status, ike.GroupMembers(group));
    }

    /// <summary>A group as IKE sees it, with what its SAs counted.</summary>
    internal static GroupView Of(Gateway gateway, GroupStatus status)
    {
        var live = gateway.GroupSas.Where(s => s.Group == status.Name).ToDictionary(s => s.Spi);
        return new GroupView(
            status.Name, status.Role, [.. gateway.Configuration.Groups.Where(g => g.Name == status.Name).SelectMany(g => g.Local).Select(a => a.ToString())],
            [.. status.Sas.Select(s => Sa(gateway.Region, s, live.TryGetValue(s.Sa.Spi, out var there) ? there : null))], status.Members, status.Pending, status.SenderIdsLeft, status.RekeySeconds,
            status.DistributionMilliseconds, status.Rekeys, status.LastRekey, status.Problem);
    }

    /// <summary>A group's members with the counters of their Sender-IDs under the newest SA, and all senders heard.</summary>
    internal static GroupMembersView MembersOf(Gateway gateway, GroupStatus status, IEnumerable<GroupMemberStatus> members)
    {
        var newest = (status.Sas.FirstOrDefault(s => s.State == "next") ?? (status.Sas.Count > 0 ? status.Sas[0] : null))?.Sa.Spi;
        var heard = Heard(gateway, status.Name);
        var ofMember = new Dictionary<uint, List<SenderRecord>>();
        var known = members.ToList();
        var nameOf = new Dictionary<uint, string>();
        foreach (var member in known)
            foreach (var id in member.SenderIds) nameOf[id] = member.Identity;
        foreach (var (spi, sender) in heard)
            if (spi == newest) (ofMember.TryGetValue(sender.SenderId, out var list) ? list : ofMember[sender.SenderId] = []).Add(sender);
        return new GroupMembersView(
            status.Name, status.Role, [.. known.Select(m => Member(m, [.. m.SenderIds.SelectMany(id => ofMember.GetValueOrDefault(id) ?? [])]))],
            [.. heard.Select(h => Sender(h.Spi, h.Sender, h.Spi == newest ? nameOf.GetValueOrDefault(h.Sender.SenderId) : null))]);
    }

    private static GroupSaView Sa(Region region, GroupSaStatus status, LiveGroup? live)
    {
        var (packets, bytes, drops, used) = (0UL, 0UL, 0UL, 0UL);
        foreach (var entry in live?.Outbound ?? [])
        {
            ref var state = ref region.OutboundState(entry.Slot);
            (packets, bytes, drops) = (packets + state.Packets, bytes + state.Bytes, drops + state.Drops);
            used = Math.Max(used, (ulong)(100.0 * state.Sequence / Math.Max(1, region.OutboundSa(entry.Slot).SequenceHardLimit)));
        }

        var totals = live is null ? default : region.InboundTotals(live.Inbound.Slot);
        return new GroupSaView(
            $"0x{status.Sa.Spi:x8}", status.Sa.Gateway, status.State, live?.IsActive ?? false, AlgorithmNames.Of(status.Sa.Encryption), AlgorithmNames.Of(status.Sa.Integrity), status.Sa.SenderIds,
            status.Sa.SenderIdBits, status.Sa.ReplayWindow, status.AgeSeconds, status.LifetimeSeconds, status.ActivatesSeconds, status.EndsSeconds, packets, bytes, drops, totals.Packets, totals.Bytes,
            totals.IntegrityFailed, totals.Replayed, totals.TooOld, totals.OtherDrops, totals.Senders, (int)used);
    }

    /// <summary>Senders of the group's live SAs, SA by SA.</summary>
    private static List<(uint Spi, SenderRecord Sender)> Heard(Gateway gateway, string group)
    {
        var spis = gateway.GroupSas.Where(s => s.Group == group).ToDictionary(s => s.Inbound.Slot, s => s.Spi);
        var heard = new List<(uint Spi, SenderRecord Sender)>();
        foreach (var record in gateway.Region.LiveSenders())
        {
            var sender = gateway.Region.Sender(record);
            if (spis.TryGetValue(sender.Sa, out var spi) && sender.Generation == gateway.Region.InboundSa(sender.Sa).Generation) heard.Add((spi, sender));
        }

        return [.. heard.OrderBy(h => h.Spi).ThenBy(h => h.Sender.SenderId)];
    }

    private static GroupMemberView Member(GroupMemberStatus member, List<SenderRecord> heard)
    {
        var (packets, bytes, replayed, tooOld, last) = (0UL, 0UL, 0UL, 0UL, default(SenderRecord));
        foreach (var sender in heard)
        {
            (packets, bytes, replayed, tooOld) = (packets + sender.Packets, bytes + sender.Bytes, replayed + sender.Replayed, tooOld + sender.TooOld);
            if (sender.LastUsed >= last.LastUsed) last = sender;
        }

        return new GroupMemberView(member.Peer, member.Identity, member.Remote, member.SenderIds, member.State, member.Problem, member.AgeSeconds, packets, bytes, replayed, tooOld, Idle(last),
            heard.Count == 0 ? null : last.LastSource.ToString());
    }

    private static GroupSenderView Sender(uint spi, in SenderRecord sender, string? member) => new(
        $"0x{spi:x8}", sender.SenderId, member, sender.LastSource.ToString(), (int)sender.Worker, sender.Packets, sender.Bytes, sender.Replayed, sender.TooOld, Idle(sender));

    private static long? Idle(in SenderRecord sender) => sender.LastUsed == 0 ? null : Math.Max(0, Environment.TickCount64 - sender.LastUsed);
}
