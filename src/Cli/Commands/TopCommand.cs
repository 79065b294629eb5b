using System.CommandLine;
using Appliance.Cli.Show;
using Spectre.Console;

namespace Appliance.Cli.Commands;

/// <summary>appliance top: the live table of one instance.</summary>
internal static class TopCommand
{
    private const int RefreshMilliseconds = 1000;

    /// <summary>The command.</summary>
    public static Command Create()
    {
        Option<string?> instance = Instances.Option();
        var seconds = new Option<int>("--seconds") { Description = "End after this many seconds; 0 for Ctrl-C", HelpName = "N" };
        var command = new Command("top", "Live table: SAs, packets, bytes, drops by reason, Mbit/s. Reads the region, so it works without the slow path") { instance, seconds };
        command.SetAction(parsed =>
        {
            var paths = Instances.Find(parsed.GetValue(instance));
            using var signals = new Signals();
            var until = parsed.GetValue(seconds) is > 0 and var n ? Environment.TickCount64 + n * 1000L : long.MaxValue;
            var name = Path.GetFileName(paths.Directory);
            GatewayFigures? before = null;
            string Next(Func<IReadOnlyList<(string, GatewayFigures?, GatewayFigures?)>, string> show)
            {
                var now = GatewayFigures.Read(paths);
                var text = show([(name, before, now)]);
                before = now;
                return text;
            }

            bool Wait() => Environment.TickCount64 < until && !signals.Stop.WaitHandle.WaitOne((int)Math.Min(RefreshMilliseconds, until - Environment.TickCount64));
            if (Console.IsOutputRedirected)
            {
                do Console.WriteLine(Next(g => LiveTable.Line(g, [])));
                while (Wait());
                return 0;
            }

            AnsiConsole.Live(new Text("")).Start(context =>
            {
                do
                {
                    context.UpdateTarget(new Text(Next(g => LiveTable.Text(g, [], TextTable.TerminalWidth))));
                    context.Refresh();
                }
                while (Wait());
            });
            return 0;
        });
        return command;
    }
}
