using Appliance.Bgp;

namespace Appliance.SlowPath.Configuration;

/// <summary>What BGP tells the neighbours of groups (draft-yamaya-ipsecme-mpsa-04 §4).</summary>
internal static class GroupAnnouncement
{
    /// <summary>Neighbours, and templates of those by prefix, that a name of a group's <c>neighbors</c> stands for.</summary>
    public static IReadOnlyList<NeighborConfiguration> Meant(BgpConfiguration bgp, string name)
    {
        var beginning = name.EndsWith('*') ? name[..^1] : null;
        return
        [
            .. bgp.Neighbors.Where(n => beginning is null ? n.Name == name : n.Name.StartsWith(beginning, StringComparison.Ordinal)),
            .. bgp.Dynamic.Select(d => d.Template).Where(t => beginning is null ? name.StartsWith(t.Name, StringComparison.Ordinal) : t.Name.StartsWith(beginning, StringComparison.Ordinal) || beginning.StartsWith(t.Name, StringComparison.Ordinal)),
        ];
    }
}
