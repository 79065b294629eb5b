using System.Net;
using Appliance.Bgp;

namespace Appliance.SlowPath.Configuration;

/// <summary>Reads <c>set</c> of a term.</summary>
internal sealed class RouteSetSection(ConfigurationErrors errors, byte subType)
{
    private const int MostPrepended = 32;
    private const string ListHint = "write communities: { add: [65001:1], remove: [\"65001:*\"] } or { replace: [] }";

    /// <summary>The changes; null for none.</summary>
    public RouteEdit? Read(YamlNode? node)
    {
        if (node is null) return null;
        var map = new MapReader(node, "'set'", errors);
        var removesMed = map.Text("med") is { Text: "none" };
        var (own, prepend) = Prepend(map);
        var edit = new RouteEdit
        {
            LocalPref = BgpText.Number(map, "local_pref", errors),
            Med = removesMed ? null : BgpText.Number(map, "med", errors),
            RemovesMed = removesMed,
            Origin = map.Text("origin") is null ? null : BgpText.Origin(map, Origin.Igp),
            NextHop = map.Text("next_hop") is { Text: "self" } ? IPAddress.Any : BgpText.Address(map, "next_hop", errors),
            PrependOwn = own,
            Prepend = prepend,
            Communities = List(map, "communities", (m, key, exact) => BgpText.Communities(m, key, exact, errors), p => p.Value, p => p.Matches),
            ExtendedCommunities = List(map, "extended_communities", (m, key, exact) => BgpText.ExtendedCommunities(m, key, exact, subType, errors), p => p.Value, p => p.Matches),
            LargeCommunities = List(map, "large_communities", (m, key, exact) => BgpText.LargeCommunities(m, key, exact, errors), p => p.Value, p => p.Matches),
        };
        map.Done();
        return edit;
    }

    private ListEdit<T> List<TPattern, T>(MapReader set, string key, Func<MapReader, string, bool, IReadOnlyList<TPattern>> read, Func<TPattern, T> value, Func<TPattern, Predicate<T>> matches)
    {
        var node = set.Node(key);
        if (node is null) return new ListEdit<T>();
        if (node is not YamlMap)
        {
            errors.Add(node.At, $"'{key}' in 'set' must say what to do", ListHint.Replace("communities", key, StringComparison.Ordinal));
            return new ListEdit<T>();
        }

        var map = new MapReader(node, $"'{key}'", errors);
        var replaces = map.Has("replace");
        var edit = new ListEdit<T>(
            replaces ? [.. read(map, "replace", true).Select(value).Distinct()] : null,
            [.. read(map, "remove", false).Select(matches)],
            [.. read(map, "add", true).Select(value).Distinct()]);
        map.Done();
        return edit;
    }

    /// <summary>How often our AS, or which.</summary>
    private (int Own, IReadOnlyList<uint> Ases) Prepend(MapReader map)
    {
        if (map.Node("prepend") is not YamlList list) return (map.Number("prepend", 0, 1, MostPrepended, "times"), []);
        if (list.Items.Count > MostPrepended) errors.Add(list.At, $"{list.Items.Count} ASes to put in front", $"at most {MostPrepended}: others refuse longer paths");
        return (0, [.. map.Texts("prepend").Select(t => BgpText.As(t, "prepend", errors) ?? 0)]);
    }
}
