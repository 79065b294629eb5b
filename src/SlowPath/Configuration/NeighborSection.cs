using System.Net;
using Appliance.Bgp;
using Appliance.Policy;

namespace Appliance.SlowPath.Configuration;

/// <summary>Reads <c>neighbors:</c> and <c>dynamic_neighbors:</c> of <c>bgp:</c>.</summary>
internal sealed class NeighborSection(ConfigurationErrors errors, ConfigurationFiles files, RoutePolicySection policies, BgpConfiguration bgp, GroupNeighbors groups)
{
    private readonly NeighborTransport transport = new(errors, files);
    private readonly BgpFamilySection families = new(errors, policies, bgp);

    /// <summary>Where each neighbour starts, in their order.</summary>
    public List<SourcePosition> Places { get; } = [];

    /// <summary>Where each range starts, in their order.</summary>
    public List<SourcePosition> DynamicPlaces { get; } = [];

    /// <summary>Where the VRF of a neighbour or of a range is named.</summary>
    public List<(string Vrf, SourcePosition At)> VrfPlaces { get; } = [];

    /// <summary>Neighbours with an address of their own.</summary>
    public IReadOnlyList<NeighborConfiguration> Read(IReadOnlyList<YamlNode> nodes)
    {
        var neighbors = new List<NeighborConfiguration>();
        foreach (var node in nodes)
        {
            neighbors.Add(Neighbor(node));
            Places.Add(node.At);
        }

        return neighbors;
    }

    /// <summary>Neighbours by prefix.</summary>
    public IReadOnlyList<DynamicNeighbors> ReadDynamic(IReadOnlyList<YamlNode> nodes)
    {
        var ranges = new List<DynamicNeighbors>();
        foreach (var node in nodes)
        {
            ranges.Add(Range(node));
            DynamicPlaces.Add(node.At);
        }

        return ranges;
    }

    private NeighborConfiguration Neighbor(YamlNode node)
    {
        var map = new MapReader(node, "a neighbour", errors);
        map.Required("address", "write the neighbour's address, or make it one of dynamic_neighbors");
        map.Required("as", "write the neighbour's AS number");
        var address = BgpText.Address(map, "address", errors);
        var neighbor = new NeighborConfiguration
        {
            Name = ConfigurationReader.Name(map, "name", address?.ToString() ?? "", errors),
            Address = address ?? IPAddress.Any,
            Port = map.Number("port", 179, 1, 65535),
            RemoteAs = BgpText.As(map, "as", 0, errors),
            Passive = map.Flag("passive", false),
            ConnectRetrySeconds = map.Seconds("connect_retry", 10, 1, 3600),
        };
        if (neighbor.ConnectRetrySeconds == 0) map.Wrong("connect_retry", "nobody would connect any more after the first failure", "write 1s to 3600s, or passive: true");
        if (map.Has("name") && IpPrefix.TryParseAddress(neighbor.Name, out var other) && !other.ToIPAddress().Equals(address))
            map.Wrong("name", $"'{neighbor.Name}' is the address of somebody else", "names and addresses stand for neighbours: give it a word, or its own address");
        neighbor = Common(map, neighbor, address, isRange: false);
        map.Done();
        return neighbor;
    }

    private DynamicNeighbors Range(YamlNode node)
    {
        var map = new MapReader(node, "a range of neighbours", errors);
        map.Required("name", "neighbours of the range are given an address behind it");
        map.Required("range", "write the prefix that they connect from, as in range: 10.0.0.0/24");
        map.Required("as", "write their AS number, or any");
        var range = default(IPNetwork);
        if (map.Text("range") is { } text)
        {
            if (IpPrefix.TryParse(text.Text, host: false, out var prefix, out _, out var problem)) range = BgpText.Network(prefix);
            else errors.Add(text.At, problem, "write 10.0.0.0/24 or \"fd00::/64\"");
        }

        var template = new NeighborConfiguration
        {
            Name = ConfigurationReader.Name(map, "name", "", errors),
            RemoteAs = map.Text("as") is { Text: "any" } ? 0 : BgpText.As(map, "as", 0, errors),
            Passive = true,
        };
        var maximum = map.Number("maximum", 100, 1, 100_000);
        template = Common(map, template, range == default ? null : range.BaseAddress, isRange: true);
        map.Done();
        return new DynamicNeighbors(range, template, maximum);
    }

    /// <summary>What neighbours and templates have in common; <paramref name="address"/> (null where it is wrong) tells the family of the session.</summary>
    private NeighborConfiguration Common(MapReader map, NeighborConfiguration neighbor, IPAddress? address, bool isRange)
    {
        var localAs = BgpText.As(map, "local_as", 0, errors);
        var isInternal = neighbor.RemoteAs != 0 && neighbor.RemoteAs == (localAs != 0 ? localAs : bgp.LocalAs);
        neighbor = neighbor with
        {
            LocalAs = localAs,
            Vrf = ConfigurationReader.Name(map, "vrf", "", errors),
            Disabled = map.Flag("disabled", false),
            HoldSeconds = map.Seconds("hold_time", 90, 3, 65535),
            Multihop = map.Number("multihop", 1, 1, 255, "hops"),
            ReflectorClient = map.Flag("reflector_client", false),
            TakesSecurityGateways = map.Flag("encrypted_service", true),
            ExtendedMessages = map.Flag("extended_messages", true),
            GracefulRestart = map.Flag("graceful_restart", true),
            AllowOwnAs = map.Number("allow_own_as", 0, 0, 10, "times"),
            AsOverride = map.Flag("as_override", false),
            Group = neighbor.Name.Length == 0 ? null : groups.Of(neighbor.Name, isRange),
            Bfd = NeighborBfd.Read(map, errors),
        };
        neighbor = neighbor with { Transport = transport.Read(map, address, neighbor.Multihop, isInternal) };
        if (neighbor.Vrf.Length > 0) VrfPlaces.Add((neighbor.Vrf, map.PositionOf("vrf")));
        Check(map, neighbor, isInternal);
        return neighbor with { Families = families.Read(map, neighbor, address, isInternal) };
    }

    private static void Check(MapReader map, NeighborConfiguration neighbor, bool isInternal)
    {
        if (isInternal && neighbor.LocalAs != 0) map.Wrong("local_as", "'local_as' of a neighbour in the same AS", "another AS number of ours is for EBGP");
        if (!isInternal && neighbor.ReflectorClient) map.Wrong("reflector_client", "a client of the route reflector outside of our AS", "reflection is among IBGP neighbours (RFC 4456 §6): remove it, or correct 'as'");
        if (isInternal && neighbor.AsOverride) map.Wrong("as_override", "'as_override' of a neighbour in our AS", "it is for sites of a VPN that share an AS: EBGP");
        if (isInternal && map.Node("multihop") is not null) map.Wrong("multihop", "'multihop' of a neighbour in our AS", "remove it: IBGP may be any number of hops away");
        if (isInternal && neighbor.Vrf.Length > 0) map.Wrong("vrf", "a neighbour of a VRF in our AS", "a CE is of another AS than its PE: write its AS number, or local_as");
    }
}
