using System.Text.Json.Nodes;
using Appliance.Cli.Show;

namespace Appliance.Cli.Labs;

/// <summary>The figures of a lab that ran, and what was wrong.</summary>
internal static class LabFigures
{
    /// <summary>All of them.</summary>
    public static JsonObject Of(Lab lab, LabProbes probes, IReadOnlyList<(string Name, GatewayFigures? Before, GatewayFigures? Now)> gateways, (long Esp, long Clear, string FirstClear) wan, PhaseContext? phases)
    {
        var problems = new JsonArray();
        if (probes.Tcp?.Problem is { } problem) problems.Add(problem);
        if (wan.Clear > 0) problems.Add($"clear packets on the wan: {wan.FirstClear}");
        if (wan.Esp == 0 && lab.File.Wan.Count > 0) problems.Add("no ESP on the wan");
        var (drops, missed) = (new JsonObject(), new JsonObject());
        foreach (var (name, _, now) in gateways)
        {
            missed[name] = now?.KernelDrops ?? 0;
            var reasons = new JsonObject();
            foreach (var (reason, count) in now?.Drops ?? []) reasons[reason.ToString()] = count;
            drops[name] = reasons;
        }

        var figures = new JsonObject { ["lab"] = lab.File.Name };
        if (probes.Traffic.IsPairs) Pairs(figures, probes, gateways);
        else One(figures, probes);
        if (phases is not null) Phases(figures, phases, problems);
        figures["esp_packets_on_wan"] = phases?.Capture.Esp ?? wan.Esp;
        figures["clear_packets_on_wan"] = wan.Clear;
        figures["cipher"] = string.Join(",", lab.File.Keys.Select(k => k.Cipher).Concat(Negotiation.Ciphers(lab)).Distinct());
        figures["negotiation_seconds"] = lab.NegotiationSeconds;
        figures["drops"] = drops;
        figures["kernel_drops"] = missed;
        figures["problems"] = problems;
        return figures;
    }

    /// <summary>What the phases found, and the IVs of every ESP packet of the run, from before the first gateway was started.</summary>
    private static void Phases(JsonObject figures, PhaseContext phases, JsonArray problems)
    {
        var missed = phases.Capture.Stop();
        var (compared, repeated, beyond) = phases.Capture.Ivs;
        figures["phases"] = string.Join(",", phases.Done);
        foreach (var (name, value) in phases.Figures) figures[name] = value?.DeepClone();
        figures["esp_packets_checked"] = compared;
        figures["esp_packets_unchecked"] = missed + beyond;
        figures["repeated_ivs"] = repeated;
        foreach (var problem in phases.Problems) problems.Add(problem);
        if (repeated > 0) problems.Add($"{repeated} ESP packets have an IV that another packet had under the same SPI");
    }

    private static void One(JsonObject figures, LabProbes probes)
    {
        foreach (var (ping, seen) in probes.Traffic.Pings.Zip(probes.Pings))
        {
            figures[$"{ping.Name}_sent"] = seen.Sent;
            figures[$"{ping.Name}_loss_pct"] = seen.LossPercent;
            figures[$"{ping.Name}_ms"] = seen.AverageMilliseconds;
        }

        figures["tcp_mbps"] = probes.Tcp?.MeanMbps;
    }

    /// <summary>All pairs of hosts together; a pair that never answered shows in the loss.</summary>
    private static void Pairs(JsonObject figures, LabProbes probes, IReadOnlyList<(string Name, GatewayFigures? Before, GatewayFigures? Now)> gateways)
    {
        var all = PingFigures.Together(probes.Pings);
        figures["pairs"] = probes.Pings.Count;
        figures["ping_sent"] = all.Sent;
        figures["ping_loss_pct"] = all.LossPercent;
        figures["ping_ms"] = all.AverageMilliseconds;
        figures["sas"] = gateways.Sum(g => (g.Now?.OutboundSas ?? 0) + (g.Now?.InboundSas ?? 0));
    }
}
