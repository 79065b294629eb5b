using Appliance.Bgp;
using Appliance.Policy;

namespace Appliance.SlowPath.Configuration;

/// <summary>Reads <c>networks:</c>: routes that we originate, a prefix each, or a map with its attributes.</summary>
internal sealed class OriginatedSection(ConfigurationErrors errors, byte subType)
{
    private const string Hint = "write 10.1.0.0/16, or { prefix: 10.1.0.0/16, med: 10 }";
    private readonly PathAttributes plain = new();

    /// <summary>All of one table, each prefix once.</summary>
    public IReadOnlyList<OriginatedRoute> Read(IReadOnlyList<YamlNode> nodes)
    {
        var routes = new Dictionary<IpPrefix, OriginatedRoute>();
        foreach (var node in nodes)
        {
            var (text, attributes) = (node as YamlText, plain);
            if (node is YamlMap)
            {
                var map = new MapReader(node, "a network", errors);
                map.Required("prefix", Hint);
                (text, attributes) = (map.Text("prefix"), Attributes(map));
                map.Done();
            }
            else if (text is null) errors.Add(node.At, "a network must be a prefix, or keys and values", Hint);

            if (text is null) continue;
            if (!IpPrefix.TryParse(text.Text, host: false, out var prefix, out _, out var problem)) errors.Add(text.At, problem, Hint);
            else if (!routes.TryAdd(prefix, Route(prefix, attributes))) errors.Add(text.At, $"{prefix} stands in 'networks' twice", "remove one");
        }

        return [.. routes.Values];
    }

    private static OriginatedRoute Route(IpPrefix prefix, PathAttributes attributes)
    {
        var family = prefix.IsV4 ? Family.Ipv4Unicast : Family.Ipv6Unicast;
        return new OriginatedRoute(family, Prefix.Of(prefix.Address.ToIPAddress(), prefix.Length), attributes);
    }

    private PathAttributes Attributes(MapReader map) => new()
    {
        Origin = BgpText.Origin(map, Origin.Igp),
        Med = BgpText.Number(map, "med", errors),
        LocalPref = BgpText.Number(map, "local_pref", errors),
        Communities = [.. BgpText.Communities(map, "communities", true, errors).Select(c => c.Value).Distinct()],
        ExtendedCommunities = [.. BgpText.ExtendedCommunities(map, "extended_communities", true, subType, errors).Select(c => c.Value).Distinct()],
        LargeCommunities = [.. BgpText.LargeCommunities(map, "large_communities", true, errors).Select(c => c.Value).Distinct()],
    };
}
