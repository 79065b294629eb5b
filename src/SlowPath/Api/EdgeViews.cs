using Appliance.Policy;
using Appliance.SlowPath.CustomerEdge;

namespace Appliance.SlowPath.Api;

/// <summary>A prefix that is protected, or was once.</summary>
internal sealed record ProtectedView(
    string Prefix, bool Remembered, string State, IReadOnlyList<string> Gateways, IReadOnlyList<string> Neighbors, DateTimeOffset? Since, string Why);

/// <summary>What the API shows of the customer edge. On the loop.</summary>
internal static class EdgeViews
{
    /// <summary>So many rows at most: an answer of more helps nobody, and the loop has other work.</summary>
    private const int MaximumRows = 10_000;

    /// <summary>Entries of the SPD as routes made them: who made which, and what is discarded because it is protected.</summary>
    public static IEnumerable<RuleView> Rules(SecurityGatewayService edge, int order)
    {
        var trusted = edge.Configuration.Gateways.Trusted;
        var (v4, v6) = (string.Join(' ', trusted.Where(t => t.IsV4)), string.Join(' ', trusted.Where(t => !t.IsV4)));
        return Sorted(edge).Select((e, i) => new RuleView(
            order + i + 1, "route", e.IsForwarded ? "protect" : "discard", e.IsForwarded ? string.Join(' ', e.Gateways.Select(Policy.SecurityGateways.TunnelName)) : "",
            e.IsForwarded ? e.Prefix.IsV4 ? v4 : v6 : "any", e.Prefix.ToString(), "any", "any", "any",
            [.. e.Gateways.Select(g => g.ToString())], e.Neighbors, Time(e.Since), e.Explanation));
    }

    /// <summary>Prefixes that are protected or discarded, and those that are remembered though nothing is known of them yet.</summary>
    public static IReadOnlyList<ProtectedView> Protected(SecurityGatewayService edge)
    {
        var remembered = edge.Decisions.Remembered;
        var views = Sorted(edge).Select(e => new ProtectedView(e.Prefix.ToString(), edge.Decisions.Remembers(e.Prefix), e.IsForwarded ? "tunnel" : "discard",
            [.. e.Gateways.Select(g => g.ToString())], e.Neighbors, Time(e.Since), e.Explanation)).ToList();
        foreach (var prefix in remembered.Where(p => !edge.Decisions.Entries.ContainsKey(p)).Take(MaximumRows - Math.Min(MaximumRows, views.Count)))
            views.Add(new ProtectedView(prefix.ToString(), true, "restarting", [], [], null, "from before the restart: what was left there stays until all routes are learned"));
        return views;
    }

    private static IEnumerable<ProtectedRoute> Sorted(SecurityGatewayService edge) => edge.Decisions.Entries.Values.OrderBy(e => e.Prefix).Take(MaximumRows);

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
}
