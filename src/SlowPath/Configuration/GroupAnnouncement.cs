using Appliance.Bgp;
using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Configuration;

/// <summary>What BGP tells the neighbours of groups (draft-yamaya-ipsecme-mpsa-04 §4).</summary>
internal static class GroupAnnouncement
{
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
