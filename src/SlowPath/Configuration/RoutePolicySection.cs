using Appliance.Bgp;

namespace Appliance.SlowPath.Configuration;

/// <summary>The policies that neighbours name: <c>all</c> and <c>none</c>.</summary>
internal sealed class RoutePolicySection(ConfigurationErrors errors)
{
    private readonly Dictionary<string, IRoutePolicy> policies = new(StringComparer.Ordinal) { ["all"] = FixedPolicy.All, ["none"] = FixedPolicy.None };

    /// <summary>What <c>import</c> names; null where it stands not.</summary>
    public IRoutePolicy? Import(MapReader map) => Named(map, "import");

    /// <summary>What <c>export</c> names; null where it stands not.</summary>
    public IRoutePolicy? Export(MapReader map) => Named(map, "export");

    private IRoutePolicy? Named(MapReader map, string key)
    {
        if (map.Text(key) is not { } text) return null;
        if (policies.TryGetValue(text.Text, out var policy)) return policy;
        errors.Add(text.At, $"there is no route policy '{Spelling.Shorten(text.Text)}'", Spelling.Hint(text.Text, policies.Keys));
        return FixedPolicy.None;
    }
}
