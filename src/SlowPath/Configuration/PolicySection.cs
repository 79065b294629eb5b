using System.Globalization;
using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Configuration;

/// <summary>Reads <c>policies:</c>, the SPD in order (RFC 4301 §4.4.1).</summary>
internal sealed class PolicySection(ConfigurationErrors errors)
{
    private static readonly (string Word, byte Value)[] Protocols =
        [("any", 0), ("icmp", 1), ("ipip", 4), ("tcp", 6), ("udp", 17), ("ipv6", 41), ("gre", 47), ("esp", 50), ("ah", 51), ("icmpv6", 58), ("ospf", 89), ("sctp", 132)];

    /// <summary>Where each policy names its tunnel.</summary>
    public List<(string Tunnel, SourcePosition At)> TunnelPlaces { get; } = [];

    /// <summary>Where each policy starts.</summary>
    public List<SourcePosition> Places { get; } = [];

    /// <summary>All policies in order.</summary>
    public IReadOnlyList<PolicyConfiguration> Read(IReadOnlyList<YamlNode> nodes)
    {
        var policies = new List<PolicyConfiguration>();
        foreach (var node in nodes)
        {
            policies.Add(Policy(node, policies.Count + 1));
            Places.Add(node.At);
        }

        return policies;
    }

    /// <summary>An IP protocol by name or number; 0 for any, null for none that is known.</summary>
    public static byte? ProtocolOf(string text)
    {
        foreach (var (word, value) in Protocols)
            if (word == text)
                return value;
        return byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? number : null;
    }

    /// <summary>Protocol and ports of an entry whose addresses come from elsewhere.</summary>
    public PolicyConfiguration Selector(YamlNode node)
    {
        var map = new MapReader(node, "a selector", errors);
        var policy = new PolicyConfiguration
        {
            Name = "", Action = SpdAction.Protect, Protocol = Protocol(map), LocalPorts = Ports(map, "local_ports"), RemotePorts = Ports(map, "remote_ports"), Icmp = Icmp(map.Node("icmp")),
        };
        CheckProtocol(map, policy);
        map.Done();
        return policy;
    }

    private PolicyConfiguration Policy(YamlNode node, int number)
    {
        var map = new MapReader(node, "a policy", errors);
        map.Required("action", "write action: protect, bypass or discard");
        var action = map.Choice("action", SpdAction.Discard, ("protect", SpdAction.Protect), ("bypass", SpdAction.Bypass), ("discard", SpdAction.Discard));
        var protocol = Protocol(map);
        var policy = new PolicyConfiguration
        {
            Name = ConfigurationReader.Name(map, "name", $"policy-{number}", errors),
            Action = action,
            Tunnel = Tunnel(map, action),
            Local = Addresses(map, "local"),
            Remote = Addresses(map, "remote"),
            Protocol = protocol,
            LocalPorts = Ports(map, "local_ports"),
            RemotePorts = Ports(map, "remote_ports"),
            Icmp = Icmp(map.Node("icmp")),
        };
        if (policy.Local is { } local && policy.Remote is { } remote && local.Low.IsV4 != remote.Low.IsV4)
            map.Wrong("remote", "local and remote are of different families", "one policy for IPv4 and one for IPv6");
        CheckProtocol(map, policy);
        map.Done();
        return policy;
    }

    private static void CheckProtocol(MapReader map, PolicyConfiguration policy)
    {
        var ports = policy.LocalPorts is not null || policy.RemotePorts is not null;
        var key = policy.LocalPorts is not null ? "local_ports" : "remote_ports";
        if (ports && policy.Protocol is not (6 or 17 or 132)) map.Wrong(key, $"'{key}' without a protocol that has ports", "write protocol: tcp, udp or sctp");
        if (policy.Icmp is not null && policy.Protocol is not (1 or 58)) map.Wrong("icmp", "'icmp' without that protocol", "write protocol: icmp or protocol: icmpv6");
    }

    private string? Tunnel(MapReader map, SpdAction action)
    {
        if (map.Text("tunnel") is not { } text || text.Text == "by-route") return null;
        if (action != SpdAction.Protect) map.Wrong("tunnel", "'tunnel' where the action is not protect", "write action: protect, or remove it");
        TunnelPlaces.Add((text.Text, text.At));
        return text.Text;
    }

    private byte Protocol(MapReader map)
    {
        if (map.Text("protocol") is not { } text) return 0;
        if (ProtocolOf(text.Text) is { } protocol) return protocol;
        errors.Add(text.At, $"protocol '{Spelling.Shorten(text.Text)}' is not known", Spelling.Hint(text.Text, Protocols.Select(p => p.Word)) + "; a number from 1 to 255 does too");
        return 0;
    }

    private AddressRange? Addresses(MapReader map, string key)
    {
        if (map.Text(key) is not { } text || text.Text == "any") return null;
        if (text.Text.IndexOf('-', StringComparison.Ordinal) > 0)
        {
            if (AddressText.Range(text.Text) is { } range) return range;
            errors.Add(text.At, $"'{key}: {Spelling.Shorten(text.Text)}' is no range of addresses", "write LOW-HIGH of one family, the lower one first");
            return null;
        }

        if (IpPrefix.TryParse(text.Text, host: false, out var prefix, out _, out var problem)) return new AddressRange(prefix.Address, prefix.Last);
        errors.Add(text.At, problem, "write any, 10.1.0.0/16, or LOW-HIGH");
        return null;
    }

    private PortRange? Ports(MapReader map, string key)
    {
        if (map.Text(key) is not { } text || text.Text == "any") return null;
        return Range(text, key, 65535);
    }

    private PortRange? Range(YamlText text, string key, int most)
    {
        var dash = text.Text.IndexOf('-', StringComparison.Ordinal);
        var low = dash < 0 ? text.Text : text.Text[..dash];
        var high = dash < 0 ? text.Text : text.Text[(dash + 1)..];
        if (ushort.TryParse(low, NumberStyles.None, null, out var first) && ushort.TryParse(high, NumberStyles.None, null, out var last) && first <= last && last <= most)
            return new PortRange(first, last);
        errors.Add(text.At, $"'{key}: {Spelling.Shorten(text.Text)}' is no number or range", $"write N or LOW-HIGH, from 0 to {most}");
        return null;
    }

    private PortRange? Icmp(YamlNode? node)
    {
        if (node is null) return null;
        var map = new MapReader(node, "icmp", errors);
        var type = map.Text("type") is { } t && t.Text != "any" ? Range(t, "type", 255) : null;
        var code = map.Text("code") is { } c && c.Text != "any" ? Range(c, "code", 255) : null;
        map.Done();
        if (code is not null && (type is null || type.Value.Low != type.Value.High)) map.Wrong("code", "codes of more than one type", "name one type with its codes");
        if (type is not { } types) return null;
        return new PortRange((ushort)(types.Low * 256 + (code?.Low ?? 0)), (ushort)(types.High * 256 + (code?.High ?? 255)));
    }
}
