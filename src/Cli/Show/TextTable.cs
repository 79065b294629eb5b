using System.Text;

namespace Appliance.Cli.Show;

/// <summary>How a column takes part when the width is not enough.</summary>
internal enum Fit
{
    /// <summary>Left-aligned, never cut.</summary>
    Left,

    /// <summary>Right-aligned, never cut: numbers.</summary>
    Right,

    /// <summary>Left-aligned, cut with "…" where there is no room; the whole text is in the JSON.</summary>
    Cut,

    /// <summary>Last column alone: goes on in the next line, below itself.</summary>
    Wrap,
}

/// <summary>A column: its header and how it fits.</summary>
internal sealed record Column(string Header, Fit Fit = Fit.Left);

/// <summary>A table of plain text without frames, for terminals of any width from 80 columns, for grep and for awk.</summary>
internal sealed class TextTable(params Column[] columns)
{
    private const int Narrowest = 6;
    private const int NarrowestWrap = 20;
    private readonly List<string[]> rows = [];

    /// <summary>Width to write for: the terminal's, or 80 columns where the output is none.</summary>
    public static int TerminalWidth => Console.IsOutputRedirected || Console.WindowWidth <= 0 ? 80 : Console.WindowWidth;

    /// <summary>Adds a row with a cell for each column. Control characters are not shown.</summary>
    public TextTable Add(params string[] cells)
    {
        rows.Add([.. cells.Select(c => new string([.. c.Select(x => char.IsControl(x) ? ' ' : x)]))]);
        return this;
    }

    /// <summary>The table in lines of at most <paramref name="width"/> characters, as long as what must not be cut leaves room.</summary>
    public string Text(int width)
    {
        var widths = columns.Select((c, i) => rows.Select(r => r[i].Length).Append(c.Header.Length).Max()).ToArray();
        var gap = widths.Sum() + 2 * (columns.Length - 1) <= width ? 2 : 1;
        Shrink(widths, width - gap * (columns.Length - 1));
        var text = new StringBuilder();
        if (columns.Any(c => c.Header.Length > 0)) Line(text, [.. columns.Select(c => c.Header)], widths, gap);
        foreach (var row in rows) Line(text, row, widths, gap);
        if (rows.Count == 0) text.Append("none\n");
        return text.ToString();
    }

    /// <summary>Text in lines of at most that many characters, broken at spaces where there are some.</summary>
    public static IReadOnlyList<string> Wrap(string text, int width)
    {
        var lines = new List<string>();
        var rest = text;
        while (rest.Length > width)
        {
            var at = rest.LastIndexOf(' ', width);
            lines.Add(rest[..(at > 0 ? at : width)]);
            rest = rest[(at > 0 ? at + 1 : width)..];
        }

        lines.Add(rest);
        return lines;
    }

    /// <summary>What goes on in the next line loses nothing, so it gives way before what is cut.</summary>
    private void Shrink(int[] widths, int room)
    {
        foreach (var (fit, least) in new[] { (Fit.Wrap, NarrowestWrap), (Fit.Cut, Narrowest) })
        {
            while (widths.Sum() > room)
            {
                var widest = -1;
                for (var i = 0; i < widths.Length; i++)
                {
                    if (columns[i].Fit == fit && widths[i] > least && (widest < 0 || widths[i] > widths[widest])) widest = i;
                }

                if (widest < 0) break;
                widths[widest]--;
            }
        }
    }

    private void Line(StringBuilder text, string[] cells, int[] widths, int gap)
    {
        var last = columns.Length - 1;
        var parts = columns[last].Fit == Fit.Wrap ? Wrap(cells[last], widths[last]) : [cells[last]];
        var indent = widths[..last].Sum() + gap * last;
        var line = new StringBuilder();
        for (var i = 0; i < last; i++) line.Append(Cell(i, cells[i], widths[i])).Append(' ', gap);
        text.Append(line.Append(Cell(last, parts[0], widths[last])).ToString().TrimEnd()).Append('\n');
        foreach (var part in parts.Skip(1)) text.Append(' ', indent).Append(part).Append('\n');
    }

    private string Cell(int column, string cell, int width)
    {
        if (cell.Length > width) cell = cell[..(width - 1)] + "…";
        return columns[column].Fit == Fit.Right ? cell.PadLeft(width) : cell.PadRight(width);
    }
}
