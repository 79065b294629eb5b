using System.Globalization;
using System.Text.Json;

namespace Appliance.LineRate;

/// <summary>Writes rows as they come: JSON lines, or a table.</summary>
internal sealed class RowWriter(TextWriter output, bool json)
{
    private static readonly (string Title, int Width, Func<Row, string?> Cell)[] Columns =
    [
        ("case", 12, r => r.Case), ("cipher", 20, r => r.Cipher), ("size", 6, r => Text(r.Size, "0")), ("sas", 8, r => Text(r.Sas, "0")), ("routes", 7, r => Text(r.Routes, "0")),
        ("members", 7, r => Text(r.Members, "0")),
        ("wrk", 4, r => Text(r.Workers, "0")), ("who", 12, r => r.Peer ?? r.Tier ?? r.Mode), ("Mpps", 8, r => Text(r.Mpps, "0.00")), ("Gbit/s", 7, r => Text(r.Gbps, "0.0")),
        ("Mbit/s", 8, r => Text(r.Mbps, "0")), ("ns", 9, r => Text(r.NsPerPacket, "0.0")), ("B alloc", 8, r => Text(r.AllocatedBytesPerPacket, "0.0")), ("", 0, r => r.Note),
    ];

    private static readonly (string Title, int Width, Func<Row, string?> Cell)[] IkeColumns =
    [
        ("case", 12, r => r.Case), ("sas", 8, r => Text(r.Sas, "0")), ("SA/s", 8, r => Text(r.SasPerSecond, "0")), ("ms init.", 9, r => Text(r.CpuMsInitiator, "0.00")),
        ("ms resp.", 9, r => Text(r.CpuMsResponder, "0.00")), ("B/SA", 8, r => Text(r.BytesPerSa, "0")), ("failed", 7, r => Text(r.Failures, "0")),
        ("connect", 9, r => Text(r.ConnectMs, "0 ms")), ("growth B", 10, r => Text(r.MemoryGrowthBytes, "0")), ("", 0, r => r.Note),
    ];

    private static readonly (string Title, int Width, Func<Row, string?> Cell)[] GroupColumns =
    [
        ("case", 12, r => r.Case), ("members", 8, r => Text(r.Members, "0")), ("rekey s", 8, r => Text(r.RekeySeconds, "0.000")), ("cpu s", 8, r => Text(r.CpuSeconds, "0.000")),
        ("B/member", 9, r => Text(r.BytesPerMember, "0")), ("register", 9, r => Text(r.RegisterSeconds, "0.00 s")), ("", 0, r => r.Note),
    ];

    private bool titled;

    internal void Write(Row row)
    {
        if (json)
        {
            output.WriteLine(JsonSerializer.Serialize(row, RowJson.Default.Row));
        }
        else
        {
            var columns = row.Suite switch { "ike" => IkeColumns, "group" => GroupColumns, _ => Columns };
            if (!titled)
                output.WriteLine(Line(columns, column => column.Title));
            titled = true;
            output.WriteLine(Line(columns, column => column.Cell(row) ?? ""));
        }

        output.Flush();
    }

    private static string Line((string Title, int Width, Func<Row, string?> Cell)[] columns, Func<(string Title, int Width, Func<Row, string?> Cell), string> text) =>
        string.Join(' ', columns.Select(column => text(column) is var t && column.Width >= 12 ? t.PadRight(column.Width) : t.PadLeft(column.Width))).TrimEnd();

    private static string? Text(IFormattable? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture);
}
