using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Configuration;
using Appliance.SlowPath.Sas;
using Appliance.SlowPath.Serving;
using Microsoft.AspNetCore.Http;

namespace Appliance.SlowPath.Api;

/// <summary>
/// A route of the data plane, and one next hop of it: a route with several has as many rows. To a member of a group: the group, the member's ESP address, which is the outer destination, and port and
/// neighbour by which outer packets leave.
/// </summary>
internal sealed record RouteView(string Prefix, string Kind, bool Protected, string? Tunnel, string? Group, string? Outer, string? Port, string? Neighbour, bool Learned);

/// <summary>GET /routes: what the data plane has.</summary>
internal static class RouteViews
{
    /// <summary>Learned routes that are shown unless asked otherwise: there may be a million.</summary>
    public const int LearnedShown = 1000;

    private const int LearnedMost = 100_000;

    /// <summary>What a request asks for: <c>to=ADDRESS</c>, the route that packets to it take; else all static routes and <c>learned=N</c> of the learned ones.</summary>
    /// <exception cref="RefusedException">It cannot be understood.</exception>
    public static Func<Gateway, IReadOnlyList<RouteView>> Of(IQueryCollection query)
    {
        if (query["to"].ToString() is { Length: > 0 } to)
        {
            if (!IpAddress.TryParse(to, out var address)) throw new RefusedException($"'{Spelling.Shorten(to)}' is no address", "write to=10.2.0.5");
            return gateway => gateway.RouteTo(address) is { } route ? [.. Rows(gateway, route.Prefix, route.Hops, route.IsLearned)] : [];
        }

        var most = LearnedShown;
        if (query["learned"].ToString() is { Length: > 0 } text && (!int.TryParse(text, out most) || most is < 0 or > LearnedMost))
            throw new RefusedException($"'{Spelling.Shorten(text)}' is no number of routes", $"write learned=0 to learned={LearnedMost}");
        return gateway =>
        [
            .. gateway.Contents.Routes.OrderBy(r => r.Key).SelectMany(r => Rows(gateway, r.Key, [r.Value], isLearned: false)),
            .. gateway.LearnedInForce.Take(most).OrderBy(r => r.Prefix).SelectMany(r => Rows(gateway, r.Prefix, r.Hops, isLearned: true)),
        ];
    }

    private static IEnumerable<RouteView> Rows(Gateway gateway, IpPrefix prefix, IReadOnlyList<NextHop> hops, bool isLearned)
    {
        string? Port(byte index) => gateway.Contents.Ports.FirstOrDefault(p => p.Index == index)?.Name;

        // A group without members: nothing resolves, so packets are discarded. Multicast without members: hosts here alone want it.
        var isMulticast = AddressScope.IsMulticast(prefix.Address);
        if (hops.Count == 0) yield return new RouteView(prefix.ToString(), ViewBuilder.Name(isMulticast ? NextHopKind.Replicate : NextHopKind.Discard), isMulticast, null, null, null, null, null, isLearned);
        foreach (var hop in hops)
        {
            var way = hop.IsMember ? gateway.WayTo(hop.Address) : null;
            yield return new RouteView(
                prefix.ToString(), ViewBuilder.Name(hop.Kind), hop.Protected, hop.Tunnel, hop.IsMember ? gateway.GroupOf(hop.Tunnel!) : null, hop.IsMember ? hop.Address.ToString() : null,
                way is { } known ? Port(known.Port) : hop.Kind is NextHopKind.Adjacent or NextHopKind.Glean ? Port(hop.Port) : null,
                way is { } towards ? Text(towards.Neighbour) : hop.IsMember ? null : Text(hop.Kind == NextHopKind.Adjacent ? hop.Adjacency.Neighbour : hop.Address), isLearned);
        }
    }

    private static string? Text(IpAddress address) => address.IsAny ? null : address.ToString();
}
