using System.Globalization;
using System.Net;
using Appliance.Bgp;
using Appliance.Policy;

namespace Appliance.SlowPath.Configuration;

/// <summary>Reads <c>match</c> of a term: all keys must hold, of the values of one key any.</summary>
internal sealed class RouteMatchSection(ConfigurationErrors errors, RouteLists lists, List<(string Neighbor, SourcePosition At)> neighborPlaces, byte subType)
{
    private static readonly string[] FamilyNames = [.. Family.All.Select(f => f.ToString())];

    /// <summary>The conditions.</summary>
    public IReadOnlyList<RouteCondition> Read(YamlNode? node)
    {
        var map = new MapReader(node, "'match'", errors);
        var conditions = new List<RouteCondition>();
        void Where(string key, Func<RouteCondition> read)
        {
            if (!map.Has(key)) return;
            if (map.Node(key) is null or YamlList { Items.Count: 0 }) map.Wrong(key, $"'{key}' of nothing", "it would fit no route: write a value, or remove it");
            else conditions.Add(read());
        }

        Where("family", () => new FamilyIs(Families(map)));
        Where("prefixes", () => new PrefixIsIn([lists.Prefixes(map, "prefixes")]));
        Where("prefix_list", () => new PrefixIsIn(lists.PrefixLists(map, "prefix_list")));
        Where("as_path", () => new AsPathIsIn([lists.Paths(map, "as_path")]));
        Where("as_path_list", () => new AsPathIsIn(lists.PathLists(map, "as_path_list")));
        Where("as_path_length", () => Range(map, "as_path_length", RouteNumber.AsPathLength));
        Where("communities", () => new HasCommunity(BgpText.Communities(map, "communities", false, errors), false));
        Where("all_communities", () => new HasCommunity(BgpText.Communities(map, "all_communities", false, errors), true));
        Where("extended_communities", () => new HasExtendedCommunity(BgpText.ExtendedCommunities(map, "extended_communities", false, subType, errors), false));
        Where("all_extended_communities", () => new HasExtendedCommunity(BgpText.ExtendedCommunities(map, "all_extended_communities", false, subType, errors), true));
        Where("large_communities", () => new HasLargeCommunity(BgpText.LargeCommunities(map, "large_communities", false, errors), false));
        Where("all_large_communities", () => new HasLargeCommunity(BgpText.LargeCommunities(map, "all_large_communities", false, errors), true));
        Where("security_gateway", () => SecurityGateway(map));
        Where("neighbor", () => Neighbors(map));
        Where("next_hop", () => new NextHopIsIn(Prefixes(map, "next_hop")));
        Where("origin", () => new OriginIs(Origins(map)));
        Where("med", () => Range(map, "med", RouteNumber.Med));
        Where("local_pref", () => Range(map, "local_pref", RouteNumber.LocalPref));
        map.Done();
        return conditions;
    }

    private List<Family> Families(MapReader map)
    {
        var families = new List<Family>();
        foreach (var text in map.Texts("family"))
        {
            var at = Array.IndexOf(FamilyNames, text.Text);
            if (at >= 0) families.Add(Family.All[at]);
            else errors.Add(text.At, $"family '{Spelling.Shorten(text.Text)}' is not known", Spelling.Hint(text.Text, FamilyNames));
        }

        return families;
    }

    private List<Origin> Origins(MapReader map)
    {
        var origins = new List<Origin>();
        foreach (var text in map.Texts("origin"))
        {
            var at = Array.IndexOf(["igp", "egp", "incomplete"], text.Text);
            if (at >= 0) origins.Add((Origin)at);
            else errors.Add(text.At, $"'origin: {Spelling.Shorten(text.Text)}' is not known", Spelling.Hint(text.Text, ["igp", "egp", "incomplete"]));
        }

        return origins;
    }

    private List<IPNetwork> Prefixes(MapReader map, string key)
    {
        var prefixes = new List<IPNetwork>();
        foreach (var text in map.Texts(key))
        {
            if (IpPrefix.TryParse(text.Text, host: false, out var prefix, out _, out var problem)) prefixes.Add(BgpText.Network(prefix));
            else errors.Add(text.At, problem, "write an address or a prefix");
        }

        return prefixes;
    }

    private NeighborIs Neighbors(MapReader map)
    {
        var (names, networks) = (new List<string>(), new List<IPNetwork>());
        foreach (var text in map.Texts("neighbor"))
        {
            if (IpPrefix.TryParse(text.Text, host: false, out var prefix, out _, out var problem)) networks.Add(BgpText.Network(prefix));
            else if (text.Text.Contains('/', StringComparison.Ordinal)) errors.Add(text.At, problem, "write a neighbour's name, an address or a prefix");
            else
            {
                names.Add(text.Text);
                neighborPlaces.Add((text.Text, text.At));
            }
        }

        return new NeighborIs(names, networks);
    }

    private RouteCondition SecurityGateway(MapReader map)
    {
        var any = ExtendedCommunityPattern.SecurityGateways(subType, new IPNetwork(IPAddress.Any, 0));
        if (map.Node("security_gateway") is YamlText { Text: "true" }) return new HasExtendedCommunity([any], false);
        if (map.Node("security_gateway") is YamlText { Text: "false" }) return new Not(new HasExtendedCommunity([any], false));
        var gateways = Prefixes(map, "security_gateway");
        if (gateways.Exists(g => g.BaseAddress.ToString().Contains(':', StringComparison.Ordinal)))
            map.Wrong("security_gateway", "a security gateway has an IPv4 address", "the community has room for four octets (draft-guichard-ce-ce-ipsec-00 §6)");
        return new HasExtendedCommunity([.. gateways.Where(g => g.PrefixLength <= 32 && !g.BaseAddress.ToString().Contains(':', StringComparison.Ordinal)).Select(g => ExtendedCommunityPattern.SecurityGateways(subType, g))], false);
    }

    private NumberIsIn Range(MapReader map, string key, RouteNumber what)
    {
        var text = map.Text(key);
        var dash = text?.Text.IndexOf('-', StringComparison.Ordinal) ?? -1;
        var (low, high) = (0u, 0u);
        var good = text is not null && Number(dash < 0 ? text.Text : text.Text[..dash], out low) && Number(dash < 0 ? text.Text : text.Text[(dash + 1)..], out high) && low <= high;
        if (text is not null && !good) errors.Add(text.At, $"'{key}: {Spelling.Shorten(text.Text)}' is no number or range", "write N or LOW-HIGH");
        return new NumberIsIn(what, low, high);
    }

    private static bool Number(string text, out uint number) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
