using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Serving;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Groups;

/// <summary>
/// Multicast inside groups: joins what BGP says of multicast addresses (<see cref="GroupRoutes.Multicast"/>) with what the configuration wants, and makes routes of them that lead to every member that
/// wants it. By an ordinary next hop no multicast leads anywhere. On the loop.
/// </summary>
internal sealed class MulticastRoutes(GroupRoutes members, Gateway gateway, ILogger log)
{
    private readonly MulticastTable table = new();
    private int refused;

    /// <summary>Other groups are in force; <see cref="GroupRoutes"/> says anew what was learned.</summary>
    public void Use(IReadOnlyList<GroupConfiguration> groups) => Tell(table.Use(groups.SelectMany(g => g.Multicast),
        groups.SelectMany(g => g.Members.Where(m => m.IsMulticast).Select(m => (m.Prefix, new MulticastMember(m.Address, g.TunnelName(m.Address.IsV4)))))));

    /// <summary>Multicast prefixes with all their paths.</summary>
    public void Learn(IReadOnlyList<RoutedPrefix> batch) => Tell(table.Learn([.. batch.Select(r => (r.Prefix, MembersOf(r.Paths ?? [])))]));

    /// <summary>The member that each path of a group's neighbour names; our own paths name nobody.</summary>
    private IReadOnlyList<MulticastMember> MembersOf(IReadOnlyList<RoutedPath> paths)
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
            gateway.Learn(changes);
            gateway.WantMulticast(table.Prefixes);
        }

        if (table.Refused > refused) log.LogError("multicast: more than {Most} prefixes are wanted: {Refused} were left out; announce fewer and larger ones", MulticastTable.Most, table.Refused - refused);
        refused = table.Refused;
    }
}
