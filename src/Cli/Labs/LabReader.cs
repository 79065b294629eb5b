using System.Net;
using System.Text.RegularExpressions;

namespace Appliance.Cli.Labs;

/// <summary>Reads a lab file; every name must lead somewhere, and every error has line and column.</summary>
internal static partial class LabReader
{
    private static readonly Dictionary<string, NodeKind> Kinds = new() { ["host"] = NodeKind.Host, ["router"] = NodeKind.Router, ["gateway"] = NodeKind.Gateway };
    private static readonly Dictionary<string, bool> Starts = new() { ["at-once"] = false, ["later"] = true };

    /// <summary>Reads and checks.</summary>
    /// <exception cref="Failure">The file cannot be used.</exception>
    public static LabFile Read(string path)
    {
        var file = Path.GetFullPath(path);
        return Read(file, Path.GetDirectoryName(file)!);
    }

    /// <summary>Reads a file whose gateways' configurations are in a directory. A lab that is like another has its network and traffic, and its own configurations, keys and credentials.</summary>
    private static LabFile Read(string file, string configurations)
    {
        var root = YamlMap.Load(file);
        var name = Name(root, "lab");
        var about = root.Text("about", "");
        if (root.Has("like"))
        {
            var other = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, root.Text("like")));
            if (!File.Exists(other)) throw root.Wrong("like", $"{other} is not there", "name another lab file");
            if (YamlMap.Load(other).Has("like")) throw root.Wrong("like", "that lab is itself like another", "name the other");
            var alike = Read(other, configurations);
            var ownKeys = root.Maps("keys").Select(map => Keys(map, alike.Nodes)).ToList();
            var (ownPki, ownUp) = (Pki(root), Up(root, alike.Nodes));
            root.End();
            return alike with { Name = name, About = about, Keys = ownKeys, Pki = ownPki, Up = ownUp };
        }

        var nodes = new List<LabNode>();
        foreach (var map in root.Maps("nodes")) nodes.Add(Node(configurations, map, nodes));
        if (nodes.Count == 0) throw root.Wrong("nodes", "a lab needs nodes", "add nodes: [ { name: host-a, kind: host } ]");
        var links = new List<LabLink>();
        foreach (var map in root.Maps("links")) links.Add(Link(map, nodes, links));
        var keys = root.Maps("keys").Select(map => Keys(map, nodes)).ToList();
        var wan = root.Texts("wan").Select(text => Device(root, "wan", text, links)).ToList();
        var traffic = root.Has("traffic") ? Traffic(root.Map("traffic"), nodes) : null;
        var (pki, up) = (Pki(root), Up(root, nodes));
        var phases = ScenarioReader.Phases(root, nodes, traffic, wan.Count > 0);
        root.End();
        return new LabFile(name, about, nodes, links, keys, wan, traffic, pki, up, phases);
    }

    [GeneratedRegex("^[a-z][a-z0-9-]{0,30}$")]
    private static partial Regex NamePattern { get; }

    [GeneratedRegex("^[a-z][a-z0-9-]{0,14}$")]
    private static partial Regex DevicePattern { get; }

    [GeneratedRegex("^[a-z0-9][a-z0-9.-]{0,60}$")]
    private static partial Regex FilePattern { get; }

    private static LabNode Node(string configurations, YamlMap map, List<LabNode> before)
    {
        var name = Name(map, "name");
        if (before.Any(n => n.Name == name)) throw map.Wrong("name", $"there are two nodes '{name}'", "give each node its own name");
        var kind = map.Word("kind", Kinds, NodeKind.Host);
        string? configuration = null, instance = null;
        if (kind == NodeKind.Gateway)
        {
            configuration = Path.Combine(configurations, map.Text("configuration"));
            if (!File.Exists(configuration)) throw map.Wrong("configuration", $"{configuration} is not there", "name a file beside the lab file");
            instance = InstanceOf(configuration);
            if (before.Any(n => n.Instance == instance)) throw map.Wrong("configuration", $"two gateways are instance '{instance}'", "give each configuration its own instance:");
        }

        var routes = map.Maps("routes").Select(Route).ToList();
        var masquerade = map.Text("masquerade", "");
        if (masquerade.Length > 0 && kind != NodeKind.Router) throw map.Wrong("masquerade", "only a router translates addresses", "write it at a router");
        if (masquerade.Length > 0 && !DevicePattern.IsMatch(masquerade)) throw map.Wrong("masquerade", $"'{masquerade}' is no device name", "name the router's device towards the internet");
        var sysctls = map.Pairs("sysctls").Select(p => new LabSysctl(p.Key, p.Value)).ToList();
        var bridges = map.Maps("bridges").Select(Bridge).ToList();
        var program = map.Has("program") ? Path.Combine(configurations, map.Text("program")) : null;
        if (program is not null && kind == NodeKind.Gateway) throw map.Wrong("program", "a gateway runs the product alone", "give the program a node of its own");
        if (program is not null && !File.Exists(program)) throw map.Wrong("program", $"{program} is not there", "name a shell script beside the lab file");
        var later = map.Word("starts", Starts, false);
        var export = map.Flag("export_keys", false);
        if (later && kind != NodeKind.Gateway) throw map.Wrong("starts", "only a gateway can start later", "write it at a gateway");
        if (export && kind != NodeKind.Gateway) throw map.Wrong("export_keys", "only a gateway has keys", "write it at a gateway");
        map.End();
        return new LabNode(name, kind, configuration, instance, routes, sysctls, masquerade, bridges, program, later, export);
    }

    private static LabBridge Bridge(YamlMap map)
    {
        var name = map.Text("name");
        if (!DevicePattern.IsMatch(name)) throw map.Wrong("name", $"'{name}' is no device name", "use up to 15 small letters, digits and hyphens");
        var bridge = new LabBridge(name, Addresses(map));
        map.End();
        return bridge;
    }

    private static LabRoute Route(YamlMap map)
    {
        var to = map.Text("to");
        if (to != "default" && !IPNetwork.TryParse(to, out _)) throw map.Wrong("to", $"'{to}' is no prefix", "write default, 10.2.0.0/16 or \"fd00:2::/48\"");
        var via = map.Text("via");
        if (!IPAddress.TryParse(via, out _)) throw map.Wrong("via", $"'{via}' is no address", "write 10.1.0.1 or \"fd00:1::1\"");
        map.End();
        return new LabRoute(to, via);
    }

    private static LabLink Link(YamlMap map, List<LabNode> nodes, List<LabLink> before)
    {
        var link = new LabLink(End(map, "a", nodes), End(map, "b", nodes), map.Number("mtu", 1500, 576, 9000), map.Number("queues", 1, 1, 16));
        map.End();
        foreach (var (key, end) in new[] { ("a", link.A), ("b", link.B) })
        {
            if (before.Any(l => Same(l.A, end) || Same(l.B, end)) || Same(link.A, link.B)) throw map.Wrong(key, $"{end.Node} has two devices '{end.Device}'", "give each device of a node its own name");
        }

        return link;
    }

    private static LabEnd End(YamlMap link, string key, List<LabNode> nodes)
    {
        var map = link.Map(key);
        var node = map.Text("node");
        if (nodes.All(n => n.Name != node)) throw map.Wrong("node", $"there is no node '{node}'", $"nodes: {string.Join(", ", nodes.Select(n => n.Name))}");
        var device = map.Text("device");
        if (!DevicePattern.IsMatch(device)) throw map.Wrong("device", $"'{device}' is no device name", "use up to 15 small letters, digits and hyphens");
        var addresses = Addresses(map);
        var bridge = map.Text("bridge", "");
        if (bridge.Length > 0 && nodes.First(n => n.Name == node).Bridges.All(b => b.Name != bridge)) throw map.Wrong("bridge", $"{node} has no bridge '{bridge}'", "list it at the node: bridges: [ { name: … } ]");
        map.End();
        return new LabEnd(node, device, addresses, bridge);
    }

    private static IReadOnlyList<string> Addresses(YamlMap map)
    {
        var addresses = map.Texts("addresses");
        foreach (var address in addresses)
        {
            var parts = address.Split('/');
            if (parts.Length != 2 || !IPAddress.TryParse(parts[0], out var parsed) || !int.TryParse(parts[1], out var bits) || bits < 0 || bits > parsed.GetAddressBytes().Length * 8)
                throw map.Wrong("addresses", $"'{address}' is no address with a prefix length", "write 10.1.0.2/24 or \"fd00:1::2/64\"");
        }

        return addresses;
    }

    private static LabKeys Keys(YamlMap map, IReadOnlyList<LabNode> nodes)
    {
        var cipher = map.Text("cipher");
        if (!CipherKeys.TryLength(cipher, out _)) throw map.Wrong("cipher", $"'{cipher}' is no cipher", $"choose one of {string.Join(", ", CipherKeys.Names)}");
        var ends = map.Texts("ends").Select(t => t.Split('/')).ToList();
        if (ends.Count != 2 || ends.Any(e => e.Length != 2 || !nodes.Any(n => n.Name == e[0] && n.Kind == NodeKind.Gateway)))
            throw map.Wrong("ends", "two ends GATEWAY/TUNNEL are expected", "write ends: [gw-a/to-b, gw-b/to-a]");
        var keys = new LabKeys(cipher, map.Flag("esn", true), map.Number("replay_window", 1024, 0, 4096), ends[0][0], ends[0][1], ends[1][0], ends[1][1]);
        map.End();
        return keys;
    }

    private static LabPki? Pki(YamlMap root)
    {
        if (!root.Has("pki")) return null;
        var map = root.Map("pki");
        var pki = new LabPki(map.Texts("certificates"), map.Texts("shared_keys"));
        foreach (var (key, names) in new[] { ("certificates", pki.Certificates), ("shared_keys", pki.SharedKeys) })
        {
            if (names.FirstOrDefault(n => !FilePattern.IsMatch(n) || n is "ca") is { } wrong) throw map.Wrong(key, $"'{wrong}' is no name of a file", "use small letters, digits, dots and hyphens, as in gw-a.example.org; ca is taken");
        }

        map.End();
        return pki;
    }

    private static List<LabTunnel> Up(YamlMap root, IReadOnlyList<LabNode> nodes)
    {
        var tunnels = new List<LabTunnel>();
        foreach (var text in root.Texts("up"))
        {
            var parts = text.Split('/');
            if (parts.Length != 2 || parts[1].Length == 0 || !nodes.Any(n => n.Name == parts[0] && n.Kind == NodeKind.Gateway))
                throw root.Wrong("up", $"'{text}' is no GATEWAY/TUNNEL", "write up: [gw-a/to-b]");
            tunnels.Add(new LabTunnel(parts[0], parts[1]));
        }

        return tunnels;
    }

    private static LabTraffic Traffic(YamlMap map, List<LabNode> nodes)
    {
        LabTraffic traffic;
        if (map.Has("sites"))
        {
            traffic = ScenarioReader.Sites(map, nodes);
            map.End();
            return traffic;
        }

        if (map.Has("pairs"))
        {
            traffic = new LabTraffic([.. map.Maps("pairs").Select(pair => Pair(pair, nodes))], null, "", []);
            if (traffic.Pings.Count == 0) throw map.Wrong("pairs", "there are no pairs", "write pairs: [ { from: host-a, ping: 10.2.0.2 } ]");
            map.End();
            return traffic;
        }

        var from = Host(map, "from", nodes);
        traffic = new LabTraffic([new("ping", from, Address(map, "ping")), new("ping6", from, Address(map, "ping6"))], (Host(map, "tcp_server", nodes), Address(map, "tcp_address")), from, []);
        map.End();
        return traffic;
    }

    private static LabPing Pair(YamlMap map, List<LabNode> nodes)
    {
        var (from, address) = (Host(map, "from", nodes), Address(map, "ping"));
        map.End();
        return new LabPing($"{from} {address}", from, address);
    }

    private static string Host(YamlMap map, string key, List<LabNode> nodes)
    {
        var node = map.Text(key);
        return nodes.Any(n => n.Name == node) ? node : throw map.Wrong(key, $"there is no node '{node}'", $"nodes: {string.Join(", ", nodes.Select(n => n.Name))}");
    }

    private static string Address(YamlMap map, string key)
    {
        var address = map.Text(key);
        return IPAddress.TryParse(address, out _) ? address : throw map.Wrong(key, $"'{address}' is no address", "write 10.2.0.2 or \"fd00:2::2\"");
    }

    private static (string Node, string Device) Device(YamlMap map, string key, string text, List<LabLink> links)
    {
        foreach (var end in links.SelectMany(l => new[] { l.A, l.B }))
        {
            if (text == $"{end.Node}/{end.Device}") return (end.Node, end.Device);
        }

        throw map.Wrong(key, $"there is no device '{text}'", "write NODE/DEVICE of a link of this lab");
    }

    private static string Name(YamlMap map, string key)
    {
        var name = map.Text(key);
        return NamePattern.IsMatch(name) ? name : throw map.Wrong(key, $"'{name}' is no name", "use up to 31 small letters, digits and hyphens, a letter first");
    }

    private static bool Same(LabEnd a, LabEnd b) => !ReferenceEquals(a, b) && a.Node == b.Node && a.Device == b.Device;

    /// <summary>Only the instance's name is read here: whether the rest is right is for the gateway to say.</summary>
    private static string InstanceOf(string configuration) => YamlMap.Load(configuration).Text("instance", "default");
}
