using System.Net;

namespace Appliance.Cli.Labs;

/// <summary>Reads the sites of a mesh and the phases of a lab; every name must lead somewhere, and every error has line and column.</summary>
internal static class ScenarioReader
{
    /// <summary>Sites, and pings between all of them that are there from the start.</summary>
    /// <exception cref="Failure">The file cannot be used.</exception>
    public static LabTraffic Sites(YamlMap traffic, IReadOnlyList<LabNode> nodes)
    {
        var sites = new List<LabSite>();
        foreach (var map in traffic.Maps("sites")) sites.Add(Site(map, nodes, sites));
        var first = sites.Where(s => !nodes.First(n => n.Name == s.Gateway).Later).ToList();
        if (first.Count < 2) throw traffic.Wrong("sites", "a mesh has two sites or more that are there from the start", "write sites: [ { gateway: gw-a, host: host-a, addresses: [ 10.1.0.2 ], outer: [ 192.0.2.1 ] }, … ]");
        return new LabTraffic([.. Pairs(first).Select(p => new LabPing($"{p.From.Host} {p.To.Host}", p.From.Host, p.To.Addresses[0]))], null, "", sites);
    }

    /// <summary>All ordered pairs.</summary>
    public static IEnumerable<(LabSite From, LabSite To)> Pairs(IReadOnlyList<LabSite> sites) => sites.SelectMany(a => sites.Where(b => b != a).Select(b => (a, b)));

    /// <summary>Phases; none when the file has none.</summary>
    /// <exception cref="Failure">The file cannot be used.</exception>
    public static IReadOnlyList<LabPhase> Phases(YamlMap root, IReadOnlyList<LabNode> nodes, LabTraffic? traffic, bool wan)
    {
        var phases = new List<LabPhase>();
        foreach (var map in root.Maps("phases"))
        {
            if (traffic is null || traffic.Sites.Count == 0) throw root.Wrong("phases", "phases are about sites, and the traffic has none", "write traffic: { sites: [ … ] }");
            if (!wan) throw root.Wrong("phases", "phases are watched on the wan, and the lab names none", "write wan: [ ROUTER/DEVICE ]");
            phases.Add(Phase(map, nodes, traffic.Sites));
            if (phases.SkipLast(1).Any(p => p.Name == phases[^1].Name)) throw map.Wrong("name", $"there are two phases '{phases[^1].Name}'", "give each phase its own name");
        }

        return phases;
    }

    private static LabSite Site(YamlMap map, IReadOnlyList<LabNode> nodes, List<LabSite> before)
    {
        var site = new LabSite(Gateway(map, "gateway", nodes).Name, Node(map, "host", nodes).Name, Addresses(map, "addresses"), [.. Addresses(map, "outer").Select(IPAddress.Parse)]);
        if (before.Any(s => s.Gateway == site.Gateway)) throw map.Wrong("gateway", $"there are two sites of '{site.Gateway}'", "write one site a gateway");
        map.End();
        return site;
    }

    private static LabPhase Phase(YamlMap map, IReadOnlyList<LabNode> nodes, IReadOnlyList<LabSite> sites)
    {
        var kind = map.Text("do");
        var name = map.Text("name", kind);
        LabPhase phase = kind switch
        {
            "direct" => new DirectPhase(name),
            "command" => new CommandPhase(name, Gateway(map, "node", nodes).Name, Words(map), map.Number("seconds", 5, 2, 600), map.Flag("new_spi", false)),
            "join" => new JoinPhase(name, Later(map, nodes, sites), map.Number("within_ms", 3000, 1, 60000)),
            "leave" => Leave(map, name, nodes, sites),
            _ => throw map.Wrong("do", $"'{kind}' is no phase", "choose one of direct, command, join, leave"),
        };
        map.End();
        return phase;
    }

    private static LeavePhase Leave(YamlMap map, string name, IReadOnlyList<LabNode> nodes, IReadOnlyList<LabSite> sites)
    {
        var node = Gateway(map, "node", nodes);
        if (!node.ExportKeys) throw map.Wrong("node", $"{node.Name} does not export its keys", "write export_keys: true at that node");
        if (sites.All(s => s.Gateway != node.Name)) throw map.Wrong("node", $"{node.Name} has no site", "list it in traffic: sites");
        var at = Gateway(map, "at", nodes);
        var replace = map.Text("replace");
        if (!File.ReadAllText(at.Configuration!).Contains(replace, StringComparison.Ordinal)) throw map.Wrong("replace", $"{at.Configuration} does not contain it", "quote a piece of that file as it stands there");
        return new LeavePhase(name, node.Name, at.Name, replace, map.Text("by"), map.Number("after_ms", 2000, 0, 60000), map.Number("seconds", 3, 1, 600));
    }

    private static string Later(YamlMap map, IReadOnlyList<LabNode> nodes, IReadOnlyList<LabSite> sites)
    {
        var node = Gateway(map, "node", nodes);
        if (!node.Later) throw map.Wrong("node", $"{node.Name} is started with the lab", "write starts: later at that node");
        return sites.Any(s => s.Gateway == node.Name) ? node.Name : throw map.Wrong("node", $"{node.Name} has no site", "list it in traffic: sites");
    }

    private static IReadOnlyList<string> Words(YamlMap map)
    {
        var words = map.Texts("command");
        return words.Count > 0 ? words : throw map.Wrong("command", "no command", "write command: [ ike, rekey, to-b ]: words of an appliance command");
    }

    private static LabNode Gateway(YamlMap map, string key, IReadOnlyList<LabNode> nodes)
    {
        var node = Node(map, key, nodes);
        return node.Kind == NodeKind.Gateway ? node : throw map.Wrong(key, $"{node.Name} is no gateway", "name a gateway");
    }

    private static LabNode Node(YamlMap map, string key, IReadOnlyList<LabNode> nodes)
    {
        var name = map.Text(key);
        return nodes.FirstOrDefault(n => n.Name == name) ?? throw map.Wrong(key, $"there is no node '{name}'", $"nodes: {string.Join(", ", nodes.Select(n => n.Name))}");
    }

    private static IReadOnlyList<string> Addresses(YamlMap map, string key)
    {
        var addresses = map.Texts(key);
        if (addresses.Count == 0 || addresses.Any(a => !IPAddress.TryParse(a, out _))) throw map.Wrong(key, "one address a family is expected", "write [ 10.2.0.2, \"fd00:2::2\" ]");
        return addresses;
    }
}
