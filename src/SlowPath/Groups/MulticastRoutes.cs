using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Serving;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Groups;

/// <summary>
/// Multicast inside groups: joins what BGP says of multicast addresses (<see cref="GroupRoutes.Multicast"/>) with what the configuration wants, and makes routes of them that lead to every member that
/// wants it. By an ordinary next hop no multicast leads anywhere. On the loop.
/// </summary>
internal sealed class MulticastRoutes
{
    private readonly MulticastTable table = new();
    private readonly GroupRoutes members;
    private readonly Gateway gateway;
    private readonly ILogger log;

    /// <summary>What is wanted here alone, where an earlier process knew of members that may say again what they want.</summary>
    private readonly Dictionary<IpPrefix, LearnedTarget> later = [];
    private readonly HashSet<IpPrefix> told = [];
    private int refused;

    public MulticastRoutes(GroupRoutes members, Gateway gateway, ILogger log)
    {
        this.members = members;
        this.gateway = gateway;
        this.log = log;
        gateway.Completing += TellLater;
    }

    /// <summary>Other groups are in force; <see cref="GroupRoutes"/> says anew what was learned.</summary>
    public void Use(IReadOnlyList<GroupConfiguration> groups) => Tell(table.Use(groups.SelectMany(g => g.Multicast),
        groups.SelectMany(g => g.Members.Where(m => m.IsMulticast).Select(m => (m.Prefix, new MulticastMember(m.Address, g.TunnelName(m.Address.IsV4)))))));

    /// <summary>Multicast prefixes with all their paths.</summary>
    public void Learn(IReadOnlyList<RoutedPrefix> batch) => Tell(table.Learn([.. batch.Select(r => (r.Prefix, MembersOf(r.Paths ?? [])))]));

    /// <summary>The member that each path of a group's neighbour names; our own paths name nobody.</summary>
    private List<MulticastMember> MembersOf(IReadOnlyList<RoutedPath> paths)
    {
        var found = new List<MulticastMember>(paths.Count);
        foreach (var path in paths)
            if (!path.IsLocal && members.GroupOf(path.Neighbor) is { } group && GroupRoutes.TryMember(group, path, out var address, out var tunnel))
                found.Add(new MulticastMember(address, tunnel));
        return found;
    }

    private void Tell(IReadOnlyList<LearnedChange> changes)
    {
        if (changes.Count > 0)
        {
            gateway.Learn([.. changes.Where(c => !IsForLater(c))]);
            gateway.WantMulticast(table.Prefixes);
        }

        if (table.Refused > refused) log.LogError("multicast: more than {Most} prefixes, or {Copies} members in all lists together, are wanted: {Refused} were left out; announce fewer and larger ones", MulticastTable.Most, MulticastTable.MostCopies, table.Refused - refused);
        refused = table.Refused;
    }

    private bool IsForLater(in LearnedChange change)
    {
        later.Remove(change.Prefix);
        if (!gateway.IsLearnedComplete && change.Target is { NextHops.Count: 0 } && !told.Contains(change.Prefix) && gateway.LearnedAt(change.Prefix) is { Kind: LearnedKind.Replicate })
        {
            later[change.Prefix] = change.Target;
            return true;
        }

        if (!gateway.IsLearnedComplete) told.Add(change.Prefix);
        return false;
    }

    private void TellLater()
    {
        if (later.Count > 0) gateway.Learn([.. later.Select(l => new LearnedChange(l.Key, l.Value))]);
        later.Clear();
        told.Clear();
    }
}
