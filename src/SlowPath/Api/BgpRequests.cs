using System.Globalization;
using Appliance.Bgp;
using Appliance.SlowPath.Bgp;
using Appliance.SlowPath.Configuration;
using Appliance.SlowPath.Sas;
using Microsoft.AspNetCore.Http;

namespace Appliance.SlowPath.Api;

/// <summary>What a request about BGP asks for, checked.</summary>
internal static class BgpRequests
{
    /// <summary>With a filter, so many more prefixes are counted and not all: a million of them would hold the loop.</summary>
    private const int MostCounted = 10_000;

    /// <summary>GET /bgp/routes?vrf=&amp;family=&amp;prefix=&amp;neighbor=&amp;limit=: which table, from where, how many.</summary>
    /// <exception cref="RefusedException">A word is wrong.</exception>
    public static Func<BgpService, BgpRoutesView> Routes(IQueryCollection query)
    {
        foreach (var key in query.Keys)
            if (key is not ("vrf" or "family" or "prefix" or "neighbor" or "limit")) throw new RefusedException($"there is no '{Spelling.Shorten(key)}' to ask routes by", "vrf, family, prefix, neighbor, limit");
        var (vrf, limit) = ((string?)query["vrf"] ?? "", BgpRoutesView.DefaultLimit);
        if ((string?)query["limit"] is { } number && !(int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out limit) && limit is > 0 and <= BgpRoutesView.MaximumLimit))
            throw new RefusedException($"'limit={Spelling.Shorten(number)}' is no number from 1 to {BgpRoutesView.MaximumLimit}", $"without it {BgpRoutesView.DefaultLimit} prefixes are shown");
        Prefix? within = null;
        if ((string?)query["prefix"] is { } text)
        {
            if (!Prefix.TryParse(text.Contains('/', StringComparison.Ordinal) ? text : text + (text.Contains(':', StringComparison.Ordinal) ? "/128" : "/32"), out var parsed))
                throw new RefusedException($"'{Spelling.Shorten(text)}' is no prefix", "as in prefix=10.0.0.0/8 or prefix=2001:db8::/32");
            within = parsed;
        }

        var isV6 = ((string?)query["prefix"])?.Contains(':', StringComparison.Ordinal) ?? false;
        var wanted = (string?)query["family"] ?? (isV6 ? "ipv6" : "ipv4");
        var family = Family.All.Where(f => f.ToString() == wanted).Select(f => (Family?)f).FirstOrDefault()
            ?? throw new RefusedException($"'{Spelling.Shorten(wanted)}' is no family", string.Join(", ", Family.All));
        if (within is not null && family.Afi == 2 != isV6) throw new RefusedException($"the prefix is none of {family}", "leave family out, or correct it");
        var neighbor = (string?)query["neighbor"];
        return bgp =>
        {
            if (vrf.Length > 0 && !bgp.Configuration.Vrfs.Any(v => v.Name == vrf)) throw new RefusedException($"there is no VRF '{Spelling.Shorten(vrf)}'", "GET /bgp shows the tables", 404);
            var from = neighbor is null ? null : bgp.Neighbor(neighbor).Name;
            var routes = bgp.Routes(vrf, family, within).Where(r => from is null || r.Paths.Any(p => p.Neighbor == from));
            if (from is null && within is null)
            {
                var all = bgp.Summary.Tables.FirstOrDefault(t => t.Vrf == vrf && t.Family == family)?.Prefixes ?? 0;
                return Of(routes.Take(limit).ToList(), all - limit, isExact: true);
            }

            var some = routes.Take(limit + MostCounted).ToList();
            return Of(some[..Math.Min(limit, some.Count)], some.Count - limit, some.Count < limit + MostCounted);

            BgpRoutesView Of(IEnumerable<RouteStatus> shown, int more, bool isExact) => BgpRoutesView.Of(vrf, family, shown, Math.Max(0, more), isExact, bgp.Configuration.SecurityGatewaySubType);
        };
    }

    /// <summary>What the last word but one of POST /bgp/VERB/NAME asks for.</summary>
    public static BgpVerb Verb(string word) => word switch
    {
        "clear" => BgpVerb.Clear,
        "refresh" => BgpVerb.Refresh,
        "disable" => BgpVerb.Disable,
        _ => BgpVerb.Enable,
    };
}
