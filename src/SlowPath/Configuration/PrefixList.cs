using Appliance.Policy;

namespace Appliance.SlowPath.Configuration;

/// <summary>Reads lists of prefixes and of addresses and remembers where each stood.</summary>
internal sealed class PrefixList(ConfigurationErrors errors)
{
    /// <summary>Prefixes, or addresses alone as host prefixes; host bits must be zero.</summary>
    public IReadOnlyList<IpPrefix> Read(IReadOnlyList<YamlNode> nodes) => Placed(nodes).Select(p => p.Prefix).ToList();

    /// <summary>The same with places.</summary>
    public IReadOnlyList<(IpPrefix Prefix, SourcePosition At)> Placed(IReadOnlyList<YamlNode> nodes)
    {
        var prefixes = new List<(IpPrefix, SourcePosition)>();
        foreach (var node in nodes)
        {
            if (node is not YamlText text) errors.Add(node.At, "a prefix must be one value", "write 10.0.0.0/8 or \"fd00::/16\"");
            else if (!IpPrefix.TryParse(text.Text, host: false, out var prefix, out _, out var problem)) errors.Add(node.At, problem, "write 10.0.0.0/8 or \"fd00::/16\"");
            else prefixes.Add((prefix, node.At));
        }

        return prefixes;
    }

    /// <summary>Addresses with the length of their network.</summary>
    public IReadOnlyList<InterfaceAddress> Addresses(IReadOnlyList<YamlNode> nodes)
    {
        var addresses = new List<InterfaceAddress>();
        foreach (var node in nodes)
        {
            if (node is not YamlText text) errors.Add(node.At, "an address must be one value", "write 10.1.255.1/32");
            else if (!IpPrefix.TryParse(text.Text, host: true, out var prefix, out var address, out var problem)) errors.Add(node.At, problem, "write 10.1.255.1/32");
            else addresses.Add(new InterfaceAddress(address, prefix.Length));
        }

        return addresses;
    }
}
