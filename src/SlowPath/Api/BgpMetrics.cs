using System.Text;
using System.Text.Json;
using Appliance.Bgp;
using Appliance.SlowPath.Bgp;

namespace Appliance.SlowPath.Api;

/// <summary>BGP's part of the metrics.</summary>
internal static class BgpMetrics
{
    /// <summary>Adds it.</summary>
    public static void Write(StringBuilder text, BgpService bgp)
    {
        if (!bgp.IsRunning) return;
        var summary = bgp.Summary;
        Metrics.Head(text, "appliance_bgp_sessions", "gauge");
        foreach (var state in Enum.GetValues<SessionState>())
            Metrics.Line(text, "appliance_bgp_sessions", (ulong)summary.Neighbors.Count(n => n.State == state), ("state", ViewBuilder.Name(state)));
        Metrics.Head(text, "appliance_bgp_established", "gauge");
        foreach (var n in summary.Neighbors) Metrics.Line(text, "appliance_bgp_established", n.State == SessionState.Established ? 1UL : 0UL, ("neighbor", n.Name));
        Tables(text, summary);
        Neighbors(text, summary);
        Metrics.Head(text, "appliance_bgp_connections", "gauge");
        Metrics.Line(text, "appliance_bgp_connections", (ulong)bgp.Connections);
        Metrics.Head(text, "appliance_bgp_next_hops", "gauge");
        Metrics.Line(text, "appliance_bgp_next_hops", (ulong)bgp.NextHops);
        foreach (var what in Enum.GetValues<BgpCount>())
        {
            var name = $"appliance_bgp_{JsonNamingPolicy.SnakeCaseLower.ConvertName(what.ToString())}_total";
            Metrics.Head(text, name, "counter");
            Metrics.Line(text, name, (ulong)bgp.Counters[what]);
        }
    }

    private static void Tables(StringBuilder text, BgpSummary summary)
    {
        foreach (var (name, value) in new (string, Func<TableStatus, int>)[] { ("prefixes", t => t.Prefixes), ("paths", t => t.Paths) })
        {
            Metrics.Head(text, $"appliance_bgp_{name}", "gauge");
            foreach (var table in summary.Tables) Metrics.Line(text, $"appliance_bgp_{name}", (ulong)value(table), ("vrf", table.Vrf), ("family", table.Family.ToString()));
        }
    }

    private static void Neighbors(StringBuilder text, BgpSummary summary)
    {
        foreach (var (direction, counts) in new (string, Func<NeighborStatus, MessageCounts>)[] { ("received", n => n.Received), ("sent", n => n.Sent) })
        {
            Metrics.Head(text, $"appliance_bgp_messages_{direction}_total", "counter");
            foreach (var n in summary.Neighbors)
                foreach (var (type, count) in new (string, long)[]
                {
                    ("open", counts(n).Opens), ("update", counts(n).Updates), ("notification", counts(n).Notifications), ("keepalive", counts(n).Keepalives), ("route_refresh", counts(n).Refreshes),
                })
                    Metrics.Line(text, $"appliance_bgp_messages_{direction}_total", (ulong)count, ("neighbor", n.Name), ("type", type));
        }

        foreach (var (name, value) in new (string, Func<NeighborFamilyStatus, int>)[] { ("received", f => f.Received), ("accepted", f => f.Accepted), ("sent", f => f.Sent), ("stale", f => f.Stale) })
        {
            Metrics.Head(text, $"appliance_bgp_neighbor_paths_{name}", "gauge");
            foreach (var n in summary.Neighbors)
                foreach (var family in n.Families) Metrics.Line(text, $"appliance_bgp_neighbor_paths_{name}", (ulong)value(family), ("neighbor", n.Name), ("family", family.Family.ToString()));
        }

        Metrics.Head(text, "appliance_bgp_malformed_updates_total", "counter");
        foreach (var n in summary.Neighbors) Metrics.Line(text, "appliance_bgp_malformed_updates_total", (ulong)n.MalformedUpdates, ("neighbor", n.Name));
    }
}
