using Appliance.Ike;
using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Configuration;

/// <summary>A group as the file has it, with its places.</summary>
/// <param name="Group">For routes and tables.</param>
/// <param name="Ike">For IKE.</param>
/// <param name="Tunnels">Its tunnels, one for each outer family.</param>
/// <param name="Places">Where what stands.</param>
internal sealed record GroupEntry(GroupConfiguration Group, IkeGroup Ike, IReadOnlyList<TunnelConfiguration> Tunnels, GroupPlaces Places);

/// <summary>Where the parts of a group stand.</summary>
internal sealed record GroupPlaces(
    SourcePosition At, SourcePosition Name, IReadOnlyList<YamlText> Gateways, IReadOnlyList<YamlText> Members, IReadOnlyList<YamlText> Neighbors, IReadOnlyList<SourcePosition> Routes,
    IReadOnlyList<(IpPrefix Prefix, SourcePosition At)> Announce);

/// <summary>Reads <c>groups:</c>, which share a multi-point SA each (draft-yamaya-ipsecme-mpsa-04), and makes their tunnels.</summary>
internal sealed class GroupSection(ConfigurationErrors errors, int workers)
{
    /// <summary>Octets of a group's name: those of its tunnels have three more.</summary>
    private const int LongestName = NameOctets.Size - 1 - 3;
    /// <summary>The region has as many places for what hosts want.</summary>
    private const int MaximumMulticast = Region.MaximumMulticastPrefixes;
    private readonly PrefixList prefixes = new(errors);
    private readonly List<GroupEntry> entries = [];

    /// <summary>All groups.</summary>
    public IReadOnlyList<GroupEntry> Entries => entries;

    /// <summary>The tunnels of all groups with the place of their group; groups of one name are told elsewhere.</summary>
    public IEnumerable<(TunnelConfiguration Tunnel, SourcePosition At)> Tunnels => entries.DistinctBy(e => e.Group.Name).SelectMany(e => e.Tunnels.Select(t => (t, e.Places.Name)));

    /// <summary>Reads them.</summary>
    public void Read(IReadOnlyList<YamlNode> nodes)
    {
        foreach (var node in nodes) entries.Add(Group(node));
    }

    private GroupEntry Group(YamlNode node)
    {
        var map = new MapReader(node, "a group", errors);
        map.Required("name", "every group has a name, the same on its gateways and members");
        map.Required("local", "write our ESP addresses, one a family: local: [192.0.2.1, \"2001:db8::1\"]");
        var name = ConfigurationReader.Name(map, "name", "", errors);
        if (name.Length > LongestName) map.Wrong("name", $"'{name}' is too long for a group", $"at most {LongestName} octets: its tunnels have '.v4' and '.v6' behind it");
        var local = Local(map);
        var server = new GroupServerSection(errors);
        var gateways = Names(map, "gateways", "write PAD entries, the preferred first: gateways: [gw]");
        var serves = server.Read(map.Node("serve"), local.Count * workers);
        if (serves is null == (map.Node("gateways") is null))
            errors.Add(map.At, serves is null ? "a group has neither 'gateways' nor 'serve'" : "a group has both 'gateways' and 'serve'",
                "a member gets the SA from its gateways, a gateway hands it out: write gateways: [gw], or serve: { members: [sites] }");
        var neighbors = Names(map, "neighbors", "write names of BGP neighbours: neighbors: [gw]");
        var (members, routes) = Members(map, local);
        var announce = prefixes.Placed(map.List("announce"));
        foreach (var (prefix, at) in announce.GroupBy(a => a.Prefix).SelectMany(a => a.Skip(1))) errors.Add(at, $"{prefix} stands in 'announce' twice", "remove one");
        var window = Window(map, serves);
        var group = new GroupConfiguration
        {
            Name = name,
            Local = local,
            Neighbors = [.. neighbors.Select(n => n.Text)],
            Announce = [.. announce.Select(a => a.Prefix)],
            Members = members,
            Multicast = Multicast(map),
            ReplayWindow = window,
        };
        var shape = TunnelSection.Shape(map, new TunnelConfiguration { Name = "", Group = name });
        map.Done();
        return new GroupEntry(
            group,
            new IkeGroup { Name = name, Server = serves, Gateways = [.. gateways.Select(g => g.Text)], Senders = Math.Max(1, local.Count) * workers, ReplayWindow = window },
            [.. local.Select(l => shape with { Name = group.TunnelName(l.IsV4), Local = l })],
            new GroupPlaces(map.At, map.PositionOf("name"), gateways, server.Members, neighbors, routes, announce));
    }

    private List<IpAddress> Local(MapReader map)
    {
        var local = new List<IpAddress>();
        foreach (var text in map.Texts("local"))
        {
            if (AddressText.Unicast(text, "local", errors) is not { } address) continue;
            if (local.Any(l => l.IsV4 == address.IsV4)) errors.Add(text.At, $"a second {(address.IsV4 ? "IPv4" : "IPv6")} address", "a group has one ESP address of a family: remove one");
            else local.Add(address);
        }

        if (map.Node("local") is YamlList { Items.Count: 0 }) map.Wrong("local", "no ESP address", "write one of each family that members reach us by");
        return local;
    }

    /// <summary>Names, each once.</summary>
    private IReadOnlyList<YamlText> Names(MapReader map, string key, string hint)
    {
        var names = map.Texts(key);
        if (map.Node(key) is YamlList { Items.Count: 0 }) map.Wrong(key, $"'{key}' names nobody", hint);
        GroupServerSection.Once(names, key, errors);
        return names;
    }

    private int Window(MapReader map, GroupServer? server)
    {
        var window = map.Number("replay_window", 4096, 0, 4096, "packets");
        if (window % 64 != 0) map.Wrong("replay_window", $"a replay window of {window} packets", "0, or a multiple of 64 up to 4096");
        if (window == 0 && server is null or { Integrity: 0 })
            errors.Warn(map.PositionOf("replay_window"), "no replay window: whoever records a packet can send it again", "remove 'replay_window': each sender has one of its own, by its Sender-ID");
        return window;
    }

    private (IReadOnlyList<GroupMember> Members, IReadOnlyList<SourcePosition> Places) Members(MapReader map, List<IpAddress> local)
    {
        const string hint = "write members: { 10.9.0.0/16: 198.51.100.9 }, the prefix and the member's ESP address";
        var (members, places) = (new List<GroupMember>(), new List<SourcePosition>());
        var (node, seen) = (map.Node("members"), new HashSet<IpPrefix>());
        if (node is not null and not YamlMap) errors.Add(node.At, "'members' must be keys and values", hint);
        foreach (var (key, value) in (node as YamlMap)?.Entries ?? [])
        {
            if (!IpPrefix.TryParse(key.Text, host: false, out var prefix, out _, out var problem)) errors.Add(key.At, problem, hint);
            else if (!seen.Add(prefix)) errors.Add(key.At, $"{prefix} stands in 'members' twice", "remove one");
            else if (value is YamlList && !Scope(prefix).IsMulticast) errors.Add(value.At, "a prefix of several members", "one member has it; several may have a multicast prefix");
            else
                foreach (var text in map.TextsOf(value, "members"))
                {
                    if (Member(text, local) is not { } address) continue;
                    members.Add(new GroupMember(prefix, address));
                    places.Add(key.At);
                }
        }

        return (members, places);
    }

    private IpAddress? Member(YamlText text, List<IpAddress> local)
    {
        if (AddressText.Unicast(text, "members", errors) is not { } address) return null;
        if (local.Contains(address)) errors.Add(text.At, $"{address} is our own ESP address", "what is behind us is told by 'announce'");
        else if (local.Count > 0 && !local.Any(l => l.IsV4 == address.IsV4)) errors.Add(text.At, $"no ESP address of ours is of the family of {address}", "add one to 'local', or write the member's address of the other family");
        else return address;
        return null;
    }

    /// <summary>Whether a prefix is multicast, and whether of a scope that does not leave the link.</summary>
    private static (bool IsMulticast, bool IsOnLink) Scope(IpPrefix prefix) => prefix.IsV4
        ? (prefix.Address.V4 >> 28 == 14 && prefix.Length >= 4, prefix.Address.V4 >> 8 == 0xE00000)
        : (prefix.Address.High >> 56 == 0xFF && prefix.Length >= 8, (prefix.Address.High >> 48 & 0xF) <= 2);

    private List<IpPrefix> Multicast(MapReader map)
    {
        var wanted = new List<IpPrefix>();
        foreach (var (prefix, at) in prefixes.Placed(map.List("multicast")))
        {
            var (multicast, onLink) = Scope(prefix);
            if (!multicast) errors.Add(at, $"{prefix} is not multicast", "write 239.1.1.0/24 or \"ff05::1:0/112\"; other prefixes stand in 'announce'");
            else if (onLink) errors.Add(at, $"{prefix} does not leave its link", "hosts of other sites cannot send to it (RFC 5771 §4, RFC 4291 §2.7)");
            else if (wanted.Count == MaximumMulticast) errors.Add(at, $"more than {MaximumMulticast} multicast prefixes", "join neighbouring ones");
            else if (wanted.Contains(prefix)) errors.Add(at, $"{prefix} stands in 'multicast' twice", "remove one");
            else wanted.Add(prefix);
        }

        return wanted;
    }
}
