using Appliance.Bgp;
using Appliance.Policy;

namespace Appliance.SlowPath.Configuration;

/// <summary>Reads <c>policies:</c> of <c>bgp:</c> with the lists that they name, and finds the policies that neighbours name; <c>all</c> and <c>none</c> are there without being written.</summary>
internal sealed class RoutePolicySection(ConfigurationErrors errors, byte subType)
{
    private readonly Dictionary<string, IRoutePolicy> policies = new(StringComparer.Ordinal) { ["all"] = FixedPolicy.All, ["none"] = FixedPolicy.None };
    private readonly HashSet<string> used = new(StringComparer.Ordinal);
    private readonly List<(string Name, SourcePosition At)> places = [];

    /// <summary>Where neighbours are named, to be found when all are known.</summary>
    public List<(string Neighbor, SourcePosition At)> NeighborPlaces { get; } = [];

    /// <summary>The policies of the section with these keys.</summary>
    public void Read(MapReader bgp)
    {
        var lists = new RouteLists(errors);
        lists.Read(bgp);
        var terms = new PolicyTermSection(new RouteMatchSection(errors, lists, NeighborPlaces, subType), new RouteSetSection(errors, subType), errors);
        foreach (var node in bgp.List("policies"))
        {
            var map = new MapReader(node, "a route policy", errors);
            map.Required("name", "every policy has a name: neighbours ask for it as import or export");
            var name = ConfigurationReader.Name(map, "name", "", errors);
            lists.Found.Clear();
            var read = terms.Read(map);
            var policy = new RoutePolicy(name, read, map.Choice("default", false, ("reject", false), ("accept", true)), YamlDigest.Of(lists.Found.Prepend(node), $"sub-type {subType}"));
            if (name.Length > 0 && !policies.TryAdd(name, policy))
                map.Wrong("name", policies[name] is FixedPolicy ? $"policy '{name}' is there already, without being written" : $"there are two policies '{name}'", "give it another name");
            map.Done();
            places.Add((name, map.At));
        }
    }

    /// <summary>What <c>import</c> names; null where it stands not.</summary>
    public IRoutePolicy? Import(MapReader map)
    {
        var policy = Named(map, "import");
        if (policy is RoutePolicy { SetsOurNextHop: true }) map.Wrong("import", $"policy '{policy.Name}' says 'next_hop: self', as import", "we are next hop in what we send alone: use it as export");
        return policy;
    }

    /// <summary>What <c>export</c> names; null where it stands not.</summary>
    public IRoutePolicy? Export(MapReader map) => Named(map, "export");

    /// <summary>Notes what does not hold when all neighbours are read.</summary>
    public void Check(BgpConfiguration bgp)
    {
        var names = bgp.Neighbors.Select(n => n.Name).Concat(bgp.Dynamic.Select(d => d.Template.Name)).ToHashSet(StringComparer.Ordinal);
        foreach (var (neighbor, at) in NeighborPlaces)
            if (!errors.Full && !names.Contains(neighbor))
                errors.Add(at, $"there is no neighbour '{Spelling.Shorten(neighbor)}'", Spelling.Hint(neighbor, names));
        foreach (var (name, at) in places)
            if (!used.Contains(name))
                errors.Warn(at, $"nobody uses route policy '{name}'", "name it as import or export of a neighbour, or remove it");
    }

    private IRoutePolicy? Named(MapReader map, string key)
    {
        if (map.Text(key) is not { } text) return null;
        used.Add(text.Text);
        if (policies.TryGetValue(text.Text, out var policy)) return policy;
        if (!errors.Full) errors.Add(text.At, $"there is no route policy '{Spelling.Shorten(text.Text)}'", Spelling.Hint(text.Text, policies.Keys));
        return FixedPolicy.None;
    }
}
