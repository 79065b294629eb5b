using System.Net;
using Appliance.Bgp;
using Appliance.Policy;

namespace Appliance.SlowPath.Configuration;

/// <summary>Reads <c>families</c> of a neighbour: names in a list, or a map with what holds for each.</summary>
internal sealed class BgpFamilySection(ConfigurationErrors errors, RoutePolicySection policies, BgpConfiguration bgp)
{
    private const string Hint = "write families: { ipv4: { import: all, export: all } }, or [ipv4, ipv6]";
    private static readonly string[] Names = [.. Family.All.Select(f => f.ToString())];

    /// <summary>The families; where none is named, unicast of the session's own, and of both with a neighbour of a group.</summary>
    public IReadOnlyList<FamilyConfiguration> Read(MapReader map, NeighborConfiguration neighbor, IPAddress? address, bool isInternal)
    {
        var session = new Session(neighbor, address, isInternal, policies.Import(map), policies.Export(map));
        var families = new List<FamilyConfiguration>();
        switch (map.Node("families"))
        {
            case null when neighbor.Group is not null && isInternal:
                foreach (var family in (Family[])[Family.Ipv4Unicast, Family.Ipv6Unicast]) families.Add(One(session, family, new MapReader(null, "a family", errors), map));
                break;
            case null:
                families.Add(One(session, address is { } six && !six.IsV4() ? Family.Ipv6Unicast : Family.Ipv4Unicast, new MapReader(null, "a family", errors), map));
                break;
            case YamlMap named:
                foreach (var (key, value) in named.Entries)
                    if (Known(key) is { } family)
                        families.Add(One(session, family, new MapReader(value, $"'{family}'", errors), map, key));
                break;
            case YamlList list:
                foreach (var item in list.Items)
                {
                    if (item is not YamlText text) errors.Add(item.At, "a family in a list must be a name", Hint);
                    else if (Known(text) is not { } family) continue;
                    else if (families.Exists(f => f.Family == family)) errors.Add(text.At, $"family '{family}' stands here twice", "remove one");
                    else families.Add(One(session, family, new MapReader(null, "a family", errors), map, text));
                }

                break;
            case var node:
                errors.Add(node.At, "'families' must be a list or keys and values", Hint);
                break;
        }

        return families;
    }

    private Family? Known(YamlText text)
    {
        var at = Array.IndexOf(Names, text.Text);
        if (at < 0) errors.Add(text.At, $"family '{Spelling.Shorten(text.Text)}' is not known", Spelling.Hint(text.Text, Names));
        return at < 0 ? null : Family.All[at];
    }

    private FamilyConfiguration One(Session session, Family family, MapReader map, MapReader neighbor, YamlText? key = null)
    {
        var (import, export) = (policies.Import(map) ?? session.Import, policies.Export(map) ?? session.Export);
        var (maximum, warns, restart) = Maximum(map.Node("max_prefixes"), map);
        // A group's prefixes lie behind ESP addresses of either family, and a multicast prefix behind many members: what nobody could know who wrote the file of another site is offered.
        var isOfGroup = session.Neighbor.Group is not null && session.IsInternal && family.Safi == Family.Ipv4Unicast.Safi;
        var (send, receive) = AddPath(map.Node("add_path"), isOfGroup && session.Neighbor.ReflectorClient ? 1 : 0, isOfGroup);
        var configuration = new FamilyConfiguration
        {
            Family = family,
            Import = family == Family.RouteTarget ? null : import,
            Export = family == Family.RouteTarget ? null : export,
            MaximumPrefixes = maximum,
            MaximumWarnsOnly = warns,
            MaximumRestartMinutes = restart,
            NextHopSelf = map.Flag("next_hop_self", false),
            NextHop = BgpText.Address(map, "next_hop", errors),
            AddPathSend = send,
            AddPathReceive = receive,
            ExtendedNextHop = map.Flag("extended_next_hop", isOfGroup && family.Afi == 1),
            DefaultOriginate = map.Flag("default_originate", false),
        };
        var at = key?.At ?? neighbor.At;
        if (session.Neighbor.Vrf.Length > 0 && family != Family.Ipv4Unicast && family != Family.Ipv6Unicast)
            errors.Add(at, $"family '{family}' with a neighbour of a VRF", "a CE speaks ipv4 and ipv6; VPN routes go between PEs, in the global table");
        if (family == Family.RouteTarget) RouteTarget(map);
        if (configuration.DefaultOriginate && family != Family.Ipv4Unicast && family != Family.Ipv6Unicast) map.Wrong("default_originate", $"'default_originate' in '{family}'", "it is for ipv4 and ipv6");
        if (configuration.ExtendedNextHop && family.Afi != 1) map.Wrong("extended_next_hop", $"'extended_next_hop' in '{family}'", "it lets IPv4 routes have IPv6 next hops (RFC 8950): of IPv4 families alone");
        NextHops(session, configuration, map, at);
        if (!session.IsInternal && family != Family.RouteTarget && (configuration.Import is null || configuration.Export is null))
        {
            var missing = (configuration.Import, configuration.Export) switch { (null, null) => "'import' and no 'export': nothing is taken or sent", (null, _) => "'import': nothing is taken", _ => "'export': nothing is sent" };
            errors.Warn(at, $"{session.Neighbor}, {family}: no {missing} (RFC 8212)", "EBGP needs a policy: name one, or write all, or none to say that you mean it");
        }

        map.Done();
        return configuration;
    }

    private static void RouteTarget(MapReader map)
    {
        foreach (var key in (string[])["import", "export", "next_hop_self", "add_path"])
            if (map.Node(key) is not null)
                map.Wrong(key, $"'{key}' in 'route-target'", "what it says follows from the VRFs (RFC 4684): remove it");
    }

    /// <summary>A next hop of ours must be of the family that the routes need (RFC 4760 §3, RFC 4659 §3.2.1, RFC 8950).</summary>
    private void NextHops(Session session, FamilyConfiguration family, MapReader map, SourcePosition at)
    {
        var wantsV6 = family.Family.Afi == 2;
        if (family.NextHop is { } hop)
        {
            var fits = wantsV6 ? !hop.IsV4() || family.Family == Family.Vpnv6 : hop.IsV4() || family.ExtendedNextHop;
            if (!fits) map.Wrong("next_hop", $"{hop} as next hop in '{family.Family}'", wantsV6 ? "write an IPv6 address of ours" : "write an IPv4 address of ours, or extended_next_hop: true (RFC 8950)");
            return;
        }

        if (session.Address is not { } address || family.Family == Family.RouteTarget || family.Family == Family.Vpnv6 && address.IsV4()) return;
        if (wantsV6 != address.IsV4() || !wantsV6 && family.ExtendedNextHop) return;
        var (what, hint) = wantsV6 ? ("IPv6 routes over an IPv4 session", "write next_hop: with an IPv6 address of ours that the neighbour reaches")
            : ("IPv4 routes over an IPv6 session", "write extended_next_hop: true (RFC 8950), or next_hop: with an IPv4 address of ours that the neighbour reaches");
        if (family.NextHopSelf || family.DefaultOriginate || !session.IsInternal && family.Export is not null and not FixedPolicy { Name: "none" })
            errors.Add(at, $"{session.Neighbor}, {family.Family}: {what} have no next hop of ours", hint);
        else if (session.IsInternal && session.Neighbor.Group is null && bgp.Networks.Any(n => n.Family == family.Family))
            errors.Warn(at, $"{session.Neighbor}, {family.Family}: our own {what} have no next hop and are not sent", hint);
    }

    private (int Limit, bool WarnsOnly, int RestartMinutes) Maximum(YamlNode? node, MapReader family)
    {
        const int most = 100_000_000;
        if (node is null) return default;
        if (node is YamlText text) return (family.NumberOf(text, "max_prefixes", 0, 1, most), false, 0);
        var map = new MapReader(node, "max_prefixes", errors);
        map.Required("limit", "write max_prefixes: { limit: 1000, restart: 15m }");
        var limit = (Limit: map.Number("limit", 0, 1, most), WarnsOnly: map.Flag("warn_only", false), Minutes: (map.Seconds("restart", 0, 60, 65535 * 60) + 59) / 60);
        if (limit is { WarnsOnly: true, Minutes: > 0 }) map.Wrong("restart", "'restart' beside 'warn_only'", "a session that does not end needs no new beginning: remove one");
        map.Done();
        return limit;
    }

    private (int Send, bool Receive) AddPath(YamlNode? node, int send, bool receive)
    {
        var map = new MapReader(node, "add_path", errors);
        var paths = (map.Number("send", send, 0, 64, "paths"), map.Flag("receive", receive));
        map.Done();
        return paths;
    }

    private sealed record Session(NeighborConfiguration Neighbor, IPAddress? Address, bool IsInternal, IRoutePolicy? Import, IRoutePolicy? Export);
}
