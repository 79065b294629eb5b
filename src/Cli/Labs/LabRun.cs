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
        EspCapture? capture = null;
        LabProbes? probes = null;
        var lab = Lab.Up(file, transient: true, say, stop, state => capture = file.Phases.Count > 0 ? new EspCapture(state, file.Wan, file.Links.Max(l => l.Mtu)) : null);
        try
        {
            probes = new LabProbes(lab.State, traffic);
            using var wan = new WanWatch(lab.State, file.Wan);
            foreach (var ping in traffic.Pings) WarmUp(lab, lab.State.Node(ping.From).Namespace, ping.Address);
            say("traffic passes; Ctrl-C ends");
            probes.Start(seconds);
            var phases = capture is null ? null : new PhaseContext(lab, capture, live ? _ => { } : say, stop);
            Watch(lab, probes, phases, seconds, live);
            probes.Stop();
            Read(lab);
            return LabFigures.Of(lab, probes, shown, wan.Stop(), phases);
        }
        finally
        {
            probes?.Dispose();
            capture?.Dispose();
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

    /// <summary>Shows it until time is over and the phases have ended.</summary>
    private void Watch(Lab lab, LabProbes probes, PhaseContext? phases, int seconds, bool live)
    {
        var running = phases is null ? Task.CompletedTask : Task.Factory.StartNew(() => PhaseRunner.Run(phases), TaskCreationOptions.LongRunning);
        try
        {
            Show(lab, () => [.. phases?.Lines ?? [], .. probes.Lines], () => running.IsCompleted, () => probes.Ended || running.IsFaulted, seconds, live);
        }
        finally
        {
            // A phase that is told to stop does so within the time that a ping takes.
            try
            {
                running.GetAwaiter().GetResult();
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
            }
        }
    }

    private void Show(Lab lab, Func<IReadOnlyList<(string Name, string Value)>> lines, Func<bool> finished, Func<bool> ended, int seconds, bool live)
    {
        var until = seconds == 0 ? long.MaxValue : Environment.TickCount64 + seconds * 1000L;
        bool Next()
        {
            if (Environment.TickCount64 >= until && finished() || ended()) return false;
            var left = until - Environment.TickCount64;
            return !stop.WaitHandle.WaitOne(left <= 0 ? RefreshMilliseconds : (int)Math.Min(RefreshMilliseconds, left));
        }

        if (!live)
        {
            while (Next())
            {
                Read(lab);
                say(LiveTable.Line(shown, lines()));
            }

            return;
        }

        Read(lab);
        AnsiConsole.Live(new Text(LiveTable.Text(shown, [], TextTable.TerminalWidth))).Start(context =>
        {
            while (Next())
            {
                Read(lab);
                context.UpdateTarget(new Text(LiveTable.Text(shown, lines(), TextTable.TerminalWidth)));
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

    private static string Describe(Lab lab, LabNode gateway)
    {
        var figures = GatewayFigures.Read(lab.State.Paths(lab.State.Node(gateway.Name)));
        if (figures is null) return "no region";
        var drops = figures.Drops.Count == 0 ? "no drops" : string.Join(", ", figures.Drops.Select(d => $"{d.Count} × {GatewayFigures.TextOf(d.Reason).Text}"));
        return $"{figures.Rx} packets in, {figures.Tx} out, {figures.OutboundPackets} encrypted, {figures.InboundPackets} decrypted; {drops}";
    }
}
