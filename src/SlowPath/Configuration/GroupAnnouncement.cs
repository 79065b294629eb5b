using Appliance.Bgp;
using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Configuration;

/// <summary>What BGP tells the neighbours of groups, and which neighbours these are (draft-yamaya-ipsecme-mpsa-04 §4).</summary>
internal static class GroupAnnouncement
{
    /// <summary>Whether a name of a group's <c>neighbors</c> (a star at the end stands for anything) means a neighbour, or all neighbours of a range by the name of the range.</summary>
    public static bool Means(string name, string neighbor, bool isRange) =>
        name == neighbor || (name.EndsWith('*') && (isRange ? neighbor + "-" : neighbor).AsSpan().StartsWith(name.AsSpan(0, name.Length - 1), StringComparison.Ordinal));

    /// <summary>Neighbours and templates of ranges that a name means.</summary>
    public static IReadOnlyList<NeighborConfiguration> Meant(BgpConfiguration bgp, string name) =>
        [.. bgp.Neighbors.Where(n => Means(name, n.Name, false)), .. bgp.Dynamic.Select(d => d.Template).Where(t => Means(name, t.Name, true))];

    /// <summary>The group of a neighbour or of a range; null for none.</summary>
    public static EgressGroup? GroupOf(IReadOnlyList<GroupEntry> groups, string neighbor, bool isRange) =>
        groups.FirstOrDefault(g => g.Group.Neighbors.Any(n => Means(n, neighbor, isRange))) is { } entry ? new EgressGroup(entry.Group.Name, [.. entry.Group.Local.Select(l => l.ToIPAddress())]) : null;

    /// <summary>The group with its neighbours by the names that their routes come with: those of a range have an address behind it.</summary>
    public static GroupConfiguration Named(GroupConfiguration group, BgpConfiguration? bgp) => bgp is null ? group : group with
    {
        Neighbors =
        [
            .. bgp.Neighbors.Where(n => n.Group?.Name == group.Name).Select(n => n.Name),
            .. bgp.Dynamic.Where(d => d.Template.Group?.Name == group.Name).Select(d => d.Template.Name + "-*"),
        ],
    };

    /// <summary>What BGP is to do, with what groups announce among its networks. A network that stands there already all neighbours are told; others the group's alone.</summary>
    public static BgpConfiguration AddTo(BgpConfiguration bgp, IEnumerable<GroupConfiguration> groups)
    {
        var all = bgp.Networks.Select(n => (n.Family, n.Prefix)).ToHashSet();
        var announced = new Dictionary<(Family, Prefix), List<string>>();
        foreach (var group in groups)
            foreach (var prefix in group.Announce.Concat(group.Multicast))
            {
                var key = (prefix.IsV4 ? Family.Ipv4Unicast : Family.Ipv6Unicast, Prefix.Of(prefix.Address.ToIPAddress(), prefix.Length));
                if (all.Contains(key)) continue;
                if (announced.TryGetValue(key, out var names)) names.Add(group.Name);
                else announced[key] = [group.Name];
            }

        return announced.Count == 0 ? bgp : bgp with { Networks = [.. bgp.Networks, .. announced.Select(a => new OriginatedRoute(a.Key.Item1, a.Key.Item2, new PathAttributes(), a.Value))] };
    }
}
