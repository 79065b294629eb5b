using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Configuration;
using Appliance.SlowPath.Sas;
using Appliance.SlowPath.Serving;
using Microsoft.AspNetCore.Http;

namespace Appliance.SlowPath.Api;

/// <summary>A route of the data plane, and one next hop of it: a route with several has as many rows.</summary>
internal sealed record RouteView(string Prefix, string Kind, bool Protected, string? Tunnel, string? Port, string? Neighbour, bool Learned);

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
            return gateway => gateway.RouteTo(address) is { } route ? [.. Rows(gateway.Contents, route.Prefix, route.Hops, route.IsLearned)] : [];
        }

        var most = LearnedShown;
        if (query["learned"].ToString() is { Length: > 0 } text && (!int.TryParse(text, out most) || most is < 0 or > LearnedMost))
            throw new RefusedException($"'{Spelling.Shorten(text)}' is no number of routes", $"write learned=0 to learned={LearnedMost}");
        return gateway =>
        [
            .. gateway.Contents.Routes.OrderBy(r => r.Key).SelectMany(r => Rows(gateway.Contents, r.Key, [r.Value], isLearned: false)),
            .. gateway.LearnedInForce.Take(most).OrderBy(r => r.Prefix).SelectMany(r => Rows(gateway.Contents, r.Prefix, r.Hops, isLearned: true)),
        ];
    }

    private static IEnumerable<RouteView> Rows(TableContents contents, IpPrefix prefix, IReadOnlyList<NextHop> hops, bool isLearned)
    {
        // A group without members: nothing resolves, so packets are discarded.
        if (hops.Count == 0) yield return new RouteView(prefix.ToString(), ViewBuilder.Name(NextHopKind.Discard), false, null, null, null, isLearned);
        foreach (var hop in hops)
            yield return new RouteView(
                prefix.ToString(), ViewBuilder.Name(hop.Kind), hop.Protected, hop.Tunnel,
                hop.Kind is NextHopKind.Adjacent or NextHopKind.Glean ? contents.Ports.FirstOrDefault(p => p.Index == hop.Port)?.Name : null,
                hop.Kind == NextHopKind.Adjacent ? hop.Adjacency.Neighbour.ToString() : hop.Address.IsAny ? null : hop.Address.ToString(), isLearned);
    }
}
