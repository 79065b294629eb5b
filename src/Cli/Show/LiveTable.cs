using System.Globalization;
using System.Text;

namespace Appliance.Cli.Show;

/// <summary>The live table of gateways: SAs, packets, bytes, drops by reason, Mbit/s between two readings. Fits 80 columns.</summary>
internal static class LiveTable
{
    private const int ReasonsShown = 4;
    private const int LabelWidth = 10;

    /// <summary>A table of gateways; the earlier reading of each may be missing. <paramref name="lines"/> follow it, by name.</summary>
    public static string Text(IReadOnlyList<(string Name, GatewayFigures? Before, GatewayFigures? Now)> gateways, IReadOnlyList<(string Name, string Value)> lines, int width)
    {
        var table = new TextTable(new("GATEWAY", Fit.Cut), new("SAS"), new("ENC-PKT", Fit.Right), new("ENC-BYTE", Fit.Right), new("DEC-PKT", Fit.Right), new("DEC-BYTE", Fit.Right),
            new("OUT-MBIT/S", Fit.Right), new("IN-MBIT/S", Fit.Right), new("DROPS", Fit.Right));
        foreach (var (name, before, now) in gateways)
        {
            if (now is null)
            {
                table.Add(name, "none", "-", "-", "-", "-", "-", "-", "-");
                continue;
            }

            var elapsed = before is null ? 0 : now.Tick - before.Tick;
            table.Add(name, $"{now.OutboundSas}/{now.InboundSas}", Units.Short(now.OutboundPackets), Units.Short(now.OutboundBytes), Units.Short(now.InboundPackets), Units.Short(now.InboundBytes),
                Rate(before?.OutboundBytes, now.OutboundBytes, elapsed), Rate(before?.InboundBytes, now.InboundBytes, elapsed), Units.Short(now.Dropped));
        }

        var text = new StringBuilder(table.Text(width)).Append('\n');
        foreach (var (name, _, now) in gateways)
        {
            if (now is null) text.Append($"{name}: no region: the gateway does not run\n");
            else if (now.Drops.Count > 0) Labelled(text, $"{name} drops", DropText(now), width);
        }

        foreach (var (name, value) in lines) Labelled(text, name, value, width);
        return text.ToString();
    }

    /// <summary>The same in one line, for an output that is no terminal.</summary>
    public static string Line(IReadOnlyList<(string Name, GatewayFigures? Before, GatewayFigures? Now)> gateways, IReadOnlyList<(string Name, string Value)> lines)
    {
        var parts = gateways.Select(g => g.Now is null ? $"{g.Name}: no region"
            : $"{g.Name}: SAs {g.Now.OutboundSas}/{g.Now.InboundSas}, encrypted {g.Now.OutboundPackets}, decrypted {g.Now.InboundPackets}, drops {g.Now.Dropped}");
        return string.Join(" | ", parts.Concat(lines.Select(l => $"{l.Name} {l.Value}")));
    }

    private static void Labelled(StringBuilder text, string label, string value, int width)
    {
        var head = label.PadRight(LabelWidth) + "  ";
        text.Append(head).AppendJoin('\n' + new string(' ', head.Length), TextTable.Wrap(value, width - head.Length)).Append('\n');
    }

    private static string DropText(GatewayFigures now)
    {
        var shown = now.Drops.Take(ReasonsShown).Select(d => $"{Units.Short(d.Count)} {GatewayFigures.NameOf(d.Reason)}");
        return string.Join(", ", now.Drops.Count > ReasonsShown ? shown.Append($"{now.Drops.Count - ReasonsShown} other reasons") : shown);
    }

    private static string Rate(ulong? before, ulong now, long elapsed) => before is null ? "-" : Units.Mbps(before.Value, now, elapsed).ToString("0.0", CultureInfo.InvariantCulture);
}
