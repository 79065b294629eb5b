using System.Net;
using Appliance.Bgp;

namespace Appliance.SlowPath.Api;

/// <summary><c>GET /bgp/routes</c>: some of a table's prefixes, and how many more there are.</summary>
internal sealed record BgpRoutesView(string Vrf, string Family, IReadOnlyList<BgpRouteView> Routes, int More, bool IsMoreExact)
{
    /// <summary>Prefixes of an answer where the request does not say how many.</summary>
    public const int DefaultLimit = 100;

    /// <summary>Prefixes of an answer at most.</summary>
    public const int MaximumLimit = 10_000;

    /// <summary>An answer.</summary>
    /// <param name="vrf">Name of the VRF; empty for the global table.</param>
    /// <param name="family">Family of the table.</param>
    /// <param name="routes">What is shown.</param>
    /// <param name="more">How many prefixes of the same question are not.</param>
    /// <param name="isMoreExact">They were all counted; otherwise there may be more.</param>
    /// <param name="subType">Of the Security Gateway Identity.</param>
    public static BgpRoutesView Of(string vrf, Family family, IEnumerable<RouteStatus> routes, int more, bool isMoreExact, byte subType) =>
        new(vrf, family.ToString(), [.. routes.Select(r => BgpRouteView.Of(r, subType))], more, isMoreExact);
}

internal sealed record BgpRouteView(string Prefix, string? RouteDistinguisher, uint? Label, IReadOnlyList<BgpPathView> Paths)
{
    /// <summary>A prefix with its paths, the best first.</summary>
    public static BgpRouteView Of(RouteStatus r, byte subType) => new(
        r.Nlri.Prefix.ToText(r.Family), r.Family.IsVpn ? Appliance.Bgp.RouteDistinguisher.ToText(r.Nlri.RouteDistinguisher) : null, r.Family.IsVpn ? r.Nlri.Label : null,
        [.. r.Paths.Select(p => BgpPathView.Of(p, subType))]);
}

internal sealed record BgpPathView(
    string Neighbor, bool Best, bool Multipath, bool Stale, bool IsAccepted, bool IsReachable, bool IsExternal, bool IsLocal, string Why, uint PathId, string NextHop, string? LinkLocalNextHop, string AsPath,
    string Origin, uint? Med, uint? LocalPref, string? SecurityGateway, string? Group, string? Egress, IReadOnlyList<string> Communities, IReadOnlyList<string> ExtendedCommunities, IReadOnlyList<string> LargeCommunities,
    bool AtomicAggregate, string? Aggregator, string? OriginatorId, IReadOnlyList<string> ClusterList, IReadOnlyList<string> Tunnels, IReadOnlyList<string> Unknown)
{
    private const int MostOctets = 64;

    /// <summary>A path with all its attributes; of unknown ones the first octets.</summary>
    public static BgpPathView Of(PathStatus p, byte subType)
    {
        var a = p.Attributes;
        var gateways = ExtendedCommunityPattern.SecurityGateways(subType, new IPNetwork(IPAddress.Any, 0));
        var gateway = a.ExtendedCommunities.Where(gateways.Matches).Select(c => (string?)BgpView.Identifier((uint)c)).FirstOrDefault();
        return new BgpPathView(
            p.Neighbor, p.IsBest, p.IsMultipath, p.IsStale, p.IsAccepted, p.IsReachable, p.IsExternal, p.IsLocal, p.Why, p.PathId, a.NextHop.ToString(), a.LinkLocalNextHop?.ToString(), AsPaths.ToText(a.AsPath),
            ViewBuilder.Name(a.Origin), a.Med, a.LocalPref, gateway, p.Group, p.Group is null ? null : a.Egress?.ToString(), [.. a.Communities.Select(Appliance.Bgp.Communities.ToText)], [.. a.ExtendedCommunities.Select(c => gateways.Matches(c) ? Gateway(c) : ExtendedCommunity.ToText(c))],
            [.. a.LargeCommunities.Select(c => c.ToString())], a.AtomicAggregate, a.Aggregator is { } by ? $"{by.As} {BgpView.Identifier(by.Address)}" : null,
            a.OriginatorId is { } originator ? BgpView.Identifier(originator) : null, [.. a.ClusterList.Select(BgpView.Identifier)], [.. TunnelsOf(a)], [.. a.Unknown.Select(Text)]);
    }

    /// <summary>One that is not transitive (type 0x43) is told apart.</summary>
    private static string Gateway(ulong community) => $"security-gateway:{BgpView.Identifier((uint)community)}{(ExtendedCommunity.IsTransitive(community) ? "" : " (non-transitive)")}";

    private static IEnumerable<string> TunnelsOf(PathAttributes attributes)
    {
        if (attributes.TunnelEncapsulation is not { } value || !TunnelEncapsulation.TryRead(value, out var tunnels)) yield break;
        foreach (var tunnel in tunnels)
        {
            var type = tunnel.Type switch
            {
                TunnelType.IpsecTunnel => "ipsec",
                TunnelType.IpInIpWithIpsecTransport => "ip-in-ip with ipsec",
                TunnelType.IpInIp => "ip-in-ip",
                _ => $"type {tunnel.Type}",
            };
            yield return tunnel.Endpoint is { } endpoint ? $"{type} to {endpoint}" : type;
        }
    }

    private static string Text(UnknownAttribute unknown) =>
        $"type {unknown.Type} flags 0x{unknown.Flags:x2} {Convert.ToHexStringLower(unknown.Value.AsSpan(0, Math.Min(MostOctets, unknown.Value.Length)))}{(unknown.Value.Length > MostOctets ? $"… ({unknown.Value.Length} octets)" : "")}";
}
