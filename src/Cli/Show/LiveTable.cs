using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Appliance.Cli.Show;

/// <summary>The live table of gateways: SAs, packets, bytes, drops by reason, Mbit/s between two readings.</summary>
internal static class LiveTable
{
    private const int ReasonsShown = 4;

    /// <summary>A table of gateways; the earlier reading of each may be missing.</summary>
    public static IRenderable Build(IReadOnlyList<(string Name, GatewayFigures? Before, GatewayFigures? Now)> gateways, IReadOnlyList<(string Name, string Value)> lines)
    {
        var table = new Table { Border = TableBorder.Rounded };
        table.AddColumns("gateway", "SAs out/in", "encrypted", "decrypted", "Mbit/s out", "Mbit/s in", "drops by reason");
        for (var i = 2; i < 6; i++) table.Columns[i].RightAligned();
        foreach (var (name, before, now) in gateways)
        {
            if (now is null)
            {
                table.AddRow(Markup.Escape(name), "[red]no region[/]", "", "", "", "", "");
                continue;
            }

            var elapsed = before is null ? 0 : now.Tick - before.Tick;
            table.AddRow(
                Markup.Escape(name),
                $"{now.OutboundSas}/{now.InboundSas}",
                $"{Units.Count(now.OutboundPackets)}\n{Units.Bytes(now.OutboundBytes)}",
                $"{Units.Count(now.InboundPackets)}\n{Units.Bytes(now.InboundBytes)}",
                Number(Units.Mbps(before?.OutboundBytes ?? 0, now.OutboundBytes, elapsed)),
                Number(Units.Mbps(before?.InboundBytes ?? 0, now.InboundBytes, elapsed)),
                DropText(now));
        }

        var rows = new List<IRenderable> { table };
        rows.AddRange(lines.Select(l => new Markup($"  [grey]{Markup.Escape(l.Name),-12}[/] {Markup.Escape(l.Value)}")));
        return new Rows(rows);
    }

    /// <summary>The same in one line, for an output that is no terminal.</summary>
    public static string Line(IReadOnlyList<(string Name, GatewayFigures? Before, GatewayFigures? Now)> gateways, IReadOnlyList<(string Name, string Value)> lines)
    {
        var parts = gateways.Select(g => g.Now is null ? $"{g.Name}: no region"
            : $"{g.Name}: SAs {g.Now.OutboundSas}/{g.Now.InboundSas}, encrypted {g.Now.OutboundPackets}, decrypted {g.Now.InboundPackets}, drops {g.Now.Dropped}");
        return string.Join(" | ", parts.Concat(lines.Select(l => $"{l.Name} {l.Value}")));
    }

    private static string DropText(GatewayFigures now)
    {
        if (now.Drops.Count == 0) return "[green]none[/]";
        var shown = now.Drops.Take(ReasonsShown).Select(d => $"{Units.Count(d.Count)} {d.Reason}");
        return string.Join('\n', now.Drops.Count > ReasonsShown ? shown.Append($"… {now.Drops.Count - ReasonsShown} more") : shown);
    }

    private static string Number(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);
}
