using Appliance.Bgp;
using Appliance.Policy;

namespace Appliance.SlowPath.Configuration;

/// <summary>
/// Which neighbours the names in <c>neighbors</c> of groups mean: a neighbour, all of a range by the name of the range, or whatever begins with what stands before a star. Those of a range have an
/// address behind its name and a '-'.
/// </summary>
internal sealed class GroupNeighbors
{
    private const int MaximumStars = 256;
    private readonly Dictionary<string, GroupConfiguration> exact = new(StringComparer.Ordinal);
    private readonly List<(string Beginning, GroupConfiguration Group)> stars = [];

    /// <summary>The names of all groups; too many with stars are an error.</summary>
    public GroupNeighbors(IReadOnlyList<GroupEntry> groups, ConfigurationErrors errors)
    {
        foreach (var group in groups)
            foreach (var name in group.Places.Neighbors)
            {
                if (!name.Text.EndsWith('*')) exact.TryAdd(name.Text, group.Group);
                else if (stars.Count < MaximumStars) stars.Add((name.Text[..^1], group.Group));
                else errors.Add(name.At, $"more than {MaximumStars} names with a star", "name ranges of 'dynamic_neighbors', or neighbours");
            }
    }

    /// <summary>The group of a neighbour or of a range; null for none.</summary>
    public EgressGroup? Of(string neighbor, bool isRange)
    {
        var group = exact.GetValueOrDefault(neighbor) ?? stars.FirstOrDefault(s => Begins(neighbor, isRange, s.Beginning)).Group;
        return group is null ? null : new EgressGroup(group.Name, [.. group.Local.Select(l => l.ToIPAddress())]);
    }

    /// <summary>Neighbours and templates of ranges that a name means; <paramref name="all"/>: those of BGP by their names.</summary>
    public static IReadOnlyList<NeighborConfiguration> Meant(string name, ILookup<string, (NeighborConfiguration Neighbor, bool IsRange)> all) =>
        [.. name.EndsWith('*') ? all.SelectMany(n => n).Where(n => Begins(n.Neighbor.Name, n.IsRange, name[..^1])).Select(n => n.Neighbor) : all[name].Select(n => n.Neighbor)];

    private static bool Begins(string neighbor, bool isRange, string beginning) => (isRange ? neighbor + "-" : neighbor).StartsWith(beginning, StringComparison.Ordinal);
}
