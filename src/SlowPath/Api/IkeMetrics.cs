using System.Text;
using System.Text.Json;
using Appliance.SlowPath.Ike;

namespace Appliance.SlowPath.Api;

/// <summary>IKE's part of the metrics.</summary>
internal static class IkeMetrics
{
    /// <summary>Adds it.</summary>
    public static void Write(StringBuilder text, IkeService ike)
    {
        var sas = ike.Sas.ToList();
        Metrics.Head(text, "appliance_ike_sas", "gauge");
        foreach (var state in sas.GroupBy(s => s.State)) Metrics.Line(text, "appliance_ike_sas", (ulong)state.Count(), ("state", state.Key));
        Metrics.Head(text, "appliance_ike_children", "gauge");
        Metrics.Line(text, "appliance_ike_children", (ulong)sas.Sum(s => s.Children.Count));
        Metrics.Head(text, "appliance_ike_contexts_free", "gauge");
        Metrics.Line(text, "appliance_ike_contexts_free", (ulong)ike.FreeContexts);
        foreach (var what in Enum.GetValues<IkeCount>())
        {
            var name = $"appliance_ike_{JsonNamingPolicy.SnakeCaseLower.ConvertName(what.ToString())}_total";
            Metrics.Head(text, name, "counter");
            Metrics.Line(text, name, (ulong)ike.Counters[what]);
        }

        Metrics.Head(text, "appliance_ike_log_total", "counter");
        foreach (var ((key, level), count) in ike.Lines.Counts) Metrics.Line(text, "appliance_ike_log_total", (ulong)count, ("key", key), ("level", level.ToString().ToLowerInvariant()));
    }
}
