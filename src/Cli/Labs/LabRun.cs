using System.Globalization;
using System.Text.Json.Nodes;
using Appliance.Cli.Show;
using Spectre.Console;

namespace Appliance.Cli.Labs;

/// <summary>
/// <c>lab run</c>: brings a lab up, waits until traffic passes, then pings over IPv4 and IPv6 and runs TCP while it shows the live table and
/// counts on the wan with tools that are not ours; removes everything when time is over, on Ctrl-C and on errors.
/// </summary>
internal sealed class LabRun(LabFile file, Action<string> say, CancellationToken stop)
{
    private const int WarmUpSeconds = 15;
    private const int RefreshMilliseconds = 1000;
    private Dictionary<string, GatewayFigures?> before = [];
    private IReadOnlyList<(string Name, GatewayFigures? Before, GatewayFigures? Now)> shown = [];

    /// <summary>Runs it; 0 seconds: until it is cancelled. Returns the figures.</summary>
    public JsonObject Run(int seconds, bool live)
    {
        var traffic = file.Traffic ?? throw new Failure("the lab has no traffic to run", file.Name, "its file has no traffic:", "use appliance lab up, or add traffic:", Failure.BadInput);
        var lab = Lab.Up(file, transient: true, say, stop);
        try
        {
            using var wan = new WanWatch(lab.State, file.Wan);
            var from = lab.State.Node(traffic.From).Namespace;
            foreach (var address in new[] { traffic.Ping, traffic.Ping6 }) WarmUp(lab, from, address);
            say("traffic passes; Ctrl-C ends");
            using var ping = new PingProbe(from, traffic.Ping);
            using var ping6 = new PingProbe(from, traffic.Ping6);
            using var tcp = new TcpProbe(lab.State.Node(traffic.TcpServer).Namespace, from, traffic.TcpAddress, seconds);
            Watch(lab, ping, ping6, tcp, seconds, live);
            var tcpFigures = tcp.Stop();
            return Report(lab, ping.Stop(), ping6.Stop(), tcpFigures, wan.Stop());
        }
        finally
        {
            say("removing the lab");
            LabRemoval.Remove(lab.State);
        }
    }

    private void WarmUp(Lab lab, string from, string address)
    {
        var until = Environment.TickCount64 + WarmUpSeconds * 1000;
        while (!PingProbe.Once(from, address))
        {
            stop.ThrowIfCancellationRequested();
            if (Environment.TickCount64 < until) continue;
            var why = lab.File.Gateways.Select(g => $"{g.Name}: {Describe(lab, g)}");
            throw new Failure($"no answer to ping from {address} within {WarmUpSeconds} s", lab.State.Id, string.Join('\n', why), "the drops say where packets end; see also the gateways' configuration");
        }
    }

    private void Watch(Lab lab, PingProbe ping, PingProbe ping6, TcpProbe tcp, int seconds, bool live)
    {
        var until = seconds == 0 ? long.MaxValue : Environment.TickCount64 + seconds * 1000L;
        bool Next()
        {
            if (Environment.TickCount64 >= until || tcp.Ended) return false;
            return !stop.WaitHandle.WaitOne((int)Math.Min(RefreshMilliseconds, Math.Max(1, until - Environment.TickCount64)));
        }

        if (!live)
        {
            while (Next())
            {
                Read(lab);
                say(LiveTable.Line(shown, Lines(ping, ping6, tcp)));
            }

            return;
        }

        Read(lab);
        AnsiConsole.Live(new Text(LiveTable.Text(shown, [], TextTable.TerminalWidth))).Start(context =>
        {
            while (Next())
            {
                Read(lab);
                context.UpdateTarget(new Text(LiveTable.Text(shown, Lines(ping, ping6, tcp), TextTable.TerminalWidth)));
                context.Refresh();
            }
        });
    }

    private void Read(Lab lab)
    {
        var now = file.Gateways.ToDictionary(g => g.Name, g => GatewayFigures.Read(lab.State.Paths(lab.State.Node(g.Name))));
        shown = [.. now.Select(g => (g.Key, before.GetValueOrDefault(g.Key), g.Value))];
        before = now;
    }

    private static IReadOnlyList<(string, string)> Lines(PingProbe ping, PingProbe ping6, TcpProbe tcp) =>
    [
        ("ping", Answers(ping.Figures)),
        ("ping6", Answers(ping6.Figures)),
        ("tcp", tcp.Figures.NowMbps.ToString("0", CultureInfo.InvariantCulture) + " Mbit/s"),
    ];

    private static string Answers(PingFigures f) =>
        string.Create(CultureInfo.InvariantCulture, $"{f.Received}/{f.Sent} answered, {f.LossPercent} % lost, {f.AverageMilliseconds} ms");

    private static string Describe(Lab lab, LabNode gateway)
    {
        var figures = GatewayFigures.Read(lab.State.Paths(lab.State.Node(gateway.Name)));
        if (figures is null) return "no region";
        var drops = figures.Drops.Count == 0 ? "no drops" : string.Join(", ", figures.Drops.Select(d => $"{d.Count} × {GatewayFigures.TextOf(d.Reason).Text}"));
        return $"{figures.Rx} packets in, {figures.Tx} out, {figures.OutboundPackets} encrypted, {figures.InboundPackets} decrypted; {drops}";
    }

    private JsonObject Report(Lab lab, PingFigures ping, PingFigures ping6, TcpFigures tcp, (long Esp, long Clear, string FirstClear) wan)
    {
        Read(lab);
        var problems = new JsonArray();
        if (tcp.Problem is not null) problems.Add(tcp.Problem);
        if (wan.Clear > 0) problems.Add($"clear packets on the wan: {wan.FirstClear}");
        if (wan.Esp == 0 && file.Wan.Count > 0) problems.Add("no ESP on the wan");
        var (drops, missed) = (new JsonObject(), new JsonObject());
        foreach (var (name, _, now) in shown)
        {
            missed[name] = now?.KernelDrops ?? 0;
            var reasons = new JsonObject();
            foreach (var (reason, count) in now?.Drops ?? []) reasons[reason.ToString()] = count;
            drops[name] = reasons;
        }

        return new JsonObject
        {
            ["lab"] = file.Name,
            ["ping_sent"] = ping.Sent,
            ["ping_loss_pct"] = ping.LossPercent,
            ["ping_ms"] = ping.AverageMilliseconds,
            ["ping6_sent"] = ping6.Sent,
            ["ping6_loss_pct"] = ping6.LossPercent,
            ["ping6_ms"] = ping6.AverageMilliseconds,
            ["tcp_mbps"] = tcp.MeanMbps,
            ["esp_packets_on_wan"] = wan.Esp,
            ["clear_packets_on_wan"] = wan.Clear,
            ["cipher"] = string.Join(",", file.Keys.Select(k => k.Cipher).Concat(Negotiation.Ciphers(lab)).Distinct()),
            ["negotiation_seconds"] = lab.NegotiationSeconds,
            ["drops"] = drops,
            ["kernel_drops"] = missed,
            ["problems"] = problems,
        };
    }
}
