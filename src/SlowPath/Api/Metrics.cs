using System.Globalization;
using System.Text;
using Appliance.Shared;
using Appliance.SlowPath.Bfd;
using Appliance.SlowPath.Bgp;
using Appliance.SlowPath.CustomerEdge;
using Appliance.SlowPath.Ike;
using Appliance.SlowPath.Serving;

namespace Appliance.SlowPath.Api;

/// <summary>Counters in the text format of Prometheus (version 0.0.4).</summary>
internal static class Metrics
{
    /// <summary>All of them.</summary>
    public static string Text(Gateway gateway, IkeService ike, BfdService bfd, BgpService bgp, SecurityGatewayService? edge)
    {
        var text = new StringBuilder();
        var workers = ViewBuilder.Workers(gateway.Region);
        foreach (var (name, value) in new (string, Func<WorkerView, ulong>)[]
        {
            ("rx", w => w.Rx), ("injected", w => w.Injected), ("originated", w => w.Originated), ("copies", w => w.Copies), ("tx", w => w.Tx), ("punted", w => w.Punted),
            ("absorbed", w => w.Absorbed), ("handed_over", w => w.HandedOver), ("batches", w => w.Batches), ("loops", w => w.Loops), ("events_lost", w => w.EventsLost),
        })
        {
            Head(text, $"appliance_worker_{name}_total", "counter");
            foreach (var worker in workers) Line(text, $"appliance_worker_{name}_total", value(worker), ("worker", worker.Worker.ToString(CultureInfo.InvariantCulture)));
        }

        Head(text, "appliance_worker_held", "gauge");
        foreach (var worker in workers) Line(text, "appliance_worker_held", worker.Held, ("worker", worker.Worker.ToString(CultureInfo.InvariantCulture)));
        Head(text, "appliance_worker_free_frames", "gauge");
        foreach (var worker in workers) Line(text, "appliance_worker_free_frames", worker.FreeFrames, ("worker", worker.Worker.ToString(CultureInfo.InvariantCulture)));
        Head(text, "appliance_drops_total", "counter");
        foreach (var drop in ViewBuilder.Drops(gateway.Region)) Line(text, "appliance_drops_total", drop.Count, ("reason", drop.Reason), ("worker", drop.Worker.ToString(CultureInfo.InvariantCulture)));
        Ports(text, gateway);
        Sas(text, gateway);
        IkeMetrics.Write(text, ike);
        GroupMetrics.Write(text, gateway, ike);
        BfdMetrics.Write(text, bfd);
        BgpMetrics.Write(text, bgp);
        Head(text, "appliance_events_total", "counter");
        foreach (var (kind, count) in gateway.EventCounts) Line(text, "appliance_events_total", count, ("kind", ViewBuilder.Name(kind)));
        Head(text, "appliance_up", "gauge");
        Line(text, "appliance_up", Health.Of(gateway, ike, bfd, bgp, edge).Status == "down" ? 0UL : 1UL);
        return text.ToString();
    }

    private static void Ports(StringBuilder text, Gateway gateway)
    {
        var ports = ViewBuilder.Ports(gateway.Region);
        foreach (var (name, value) in new (string, Func<PortView, ulong>)[]
        {
            ("rx_packets", p => p.RxPackets), ("rx_bytes", p => p.RxBytes), ("tx_packets", p => p.TxPackets), ("tx_bytes", p => p.TxBytes), ("drops", p => p.Drops), ("kernel_drops", p => p.KernelDrops),
        })
        {
            Head(text, $"appliance_port_{name}_total", "counter");
            foreach (var port in ports) Line(text, $"appliance_port_{name}_total", value(port), ("port", port.Name));
        }

        Head(text, "appliance_port_up", "gauge");
        foreach (var port in ports) Line(text, "appliance_port_up", port.State == "up" ? 1UL : 0UL, ("port", port.Name));
    }

    private static void Sas(StringBuilder text, Gateway gateway)
    {
        var sas = ViewBuilder.Sas(gateway);
        foreach (var (name, value) in new (string, Func<SaView, ulong>)[] { ("packets", s => s.Packets), ("bytes", s => s.Bytes), ("drops", s => s.Drops) })
        {
            Head(text, $"appliance_sa_{name}_total", "counter");
            foreach (var records in sas.GroupBy(s => (s.Direction, s.Spi, s.Tunnel))) // A group's SA has a record for each worker.
                Line(text, $"appliance_sa_{name}_total", records.Aggregate(0UL, (sum, s) => sum + value(s)), ("direction", records.Key.Direction), ("spi", records.Key.Spi), ("tunnel", records.Key.Tunnel));
        }
    }

    /// <summary>The line before a metric's first.</summary>
    internal static void Head(StringBuilder text, string name, string type) => text.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    /// <summary>One value.</summary>
    internal static void Line(StringBuilder text, string name, ulong value, params (string Name, string Value)[] labels)
    {
        text.Append(name);
        if (labels.Length > 0) text.Append('{').AppendJoin(',', labels.Select(l => $"{l.Name}=\"{l.Value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"")).Append('}');
        text.Append(' ').Append(value.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }
}
