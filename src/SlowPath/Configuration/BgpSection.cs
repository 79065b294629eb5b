using Appliance.Bgp;
using Appliance.Policy;

namespace Appliance.SlowPath.Configuration;

/// <summary>Reads <c>bgp:</c>. Whoever takes the result owns the keys in it.</summary>
internal sealed class BgpSection(ConfigurationErrors errors, ConfigurationFiles files, IReadOnlyList<GroupEntry> groups)
{
    /// <summary>The section; null where the file has none.</summary>
    public BgpConfiguration? Read(YamlNode? node)
    {
        if (node is null) return null;
        var map = new MapReader(node, "bgp", errors);
        map.Required("as", "write our AS number, as in as: 65001");
        map.Required("router_id", "write an IPv4 address that is unique in the AS, as in router_id: 192.0.2.1");
        var (subType, localAs) = ((byte)SubType(map), BgpText.As(map, "as", 0, errors));
        var networks = new OriginatedSection(errors, subType);
        var vrfs = new VrfSection(errors, networks);
        var (external, inside, relax) = Multipath(map.Node("multipath"));
        var (restart, deferral) = Restart(map.Node("graceful_restart"));
        var configuration = new BgpConfiguration
        {
            LocalAs = localAs,
            RouterId = BgpText.Identifier(map, "router_id", errors),
            ClusterId = BgpText.Identifier(map, "cluster_id", errors),
            ListenPort = map.Number("listen_port", 179, 1, 65535),
            ExternalPaths = external,
            InternalPaths = inside,
            MultipathRelax = relax,
            AlwaysCompareMed = map.Flag("always_compare_med", false),
            RestartSeconds = restart,
            DeferralSeconds = deferral,
            SecurityGatewaySubType = subType,
            Networks = networks.Read(map.List("networks")),
            Vrfs = vrfs.Read(map.List("vrfs")),
            Kernel = BgpText.Networks(map, "kernel", errors),
        };
        var policies = new RoutePolicySection(errors, subType);
        policies.Read(map);
        var neighbors = new NeighborSection(errors, files, policies, configuration, new GroupNeighbors(groups, errors));
        configuration = configuration with { Neighbors = neighbors.Read(map.List("neighbors")), Dynamic = neighbors.ReadDynamic(map.List("dynamic_neighbors")) };
        map.Done();
        policies.Check(configuration);
        BgpConsistency.Check(configuration, neighbors, vrfs, errors);
        return configuration;
    }

    private int SubType(MapReader map)
    {
        if (map.Text("security_gateway_sub_type") is not { } text) return new BgpConfiguration().SecurityGatewaySubType;
        if (text.Text.StartsWith("0x", StringComparison.Ordinal) && text.Text.Length is 3 or 4 && byte.TryParse(text.Text.AsSpan(2), System.Globalization.NumberStyles.AllowHexSpecifier, null, out var number)) return number;
        if (byte.TryParse(text.Text, System.Globalization.NumberStyles.None, null, out number)) return number;
        errors.Add(text.At, $"'security_gateway_sub_type: {Spelling.Shorten(text.Text)}' is no sub-type", "write 0 to 255 or 0x00 to 0xff, the same on all gateways (draft-guichard-ce-ce-ipsec-00 §6)");
        return 0;
    }

    private (int External, int Internal, bool Relax) Multipath(YamlNode? node)
    {
        var map = new MapReader(node, "multipath", errors);
        var paths = (map.Number("ebgp", 1, 1, 64), map.Number("ibgp", 1, 1, 64), map.Flag("relax", false));
        map.Done();
        return paths;
    }

    private (int Restart, int Deferral) Restart(YamlNode? node)
    {
        var defaults = new BgpConfiguration();
        if (node is YamlText { Text: "off" or "false" }) return (0, defaults.DeferralSeconds);
        var map = new MapReader(node is YamlText { Text: "on" or "true" } ? null : node, "graceful_restart", errors);
        var seconds = (map.Seconds("restart", defaults.RestartSeconds, 1, 4095), map.Seconds("deferral", defaults.DeferralSeconds, 1, 3600));
        map.Done();
        return seconds;
    }
}
