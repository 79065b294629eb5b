using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace Appliance.Cli.Show;

/// <summary>Any answer of the API as tables: a list of objects is a table with a column for each name, an object of lists is one table each.</summary>
internal static class JsonTable
{
    /// <summary>Tables of an answer.</summary>
    public static IReadOnlyList<Table> Build(JsonNode answer) => answer switch
    {
        JsonArray rows => [Rows(null, rows)],
        JsonObject fields when fields.Any(f => f.Value is JsonArray a && a.All(r => r is JsonObject)) =>
            [.. fields.Where(f => f.Value is JsonArray).Select(f => Rows(f.Key, (JsonArray)f.Value!)), .. Scalars(fields)],
        JsonObject fields => [Fields(fields)],
        _ => [Rows(null, [answer.DeepClone()])],
    };

    private static IEnumerable<Table> Scalars(JsonObject fields)
    {
        var rest = fields.Where(f => f.Value is not JsonArray).ToList();
        return rest.Count == 0 ? [] : [Fields(new JsonObject(rest.Select(f => KeyValuePair.Create(f.Key, f.Value?.DeepClone()))))];
    }

    private static Table Rows(string? title, JsonArray rows)
    {
        var table = New(title);
        var columns = rows.OfType<JsonObject>().SelectMany(r => r.Select(f => f.Key)).Distinct().ToList();
        if (columns.Count == 0) columns.Add("value");
        foreach (var column in columns)
        {
            var added = new TableColumn(Markup.Escape(column.Replace('_', ' '))) { NoWrap = false };
            if (rows.All(r => IsNumber((r as JsonObject)?[column]))) added.RightAligned();
            table.AddColumn(added);
        }

        foreach (var row in rows) table.AddRow([.. columns.Select(c => Markup.Escape(Cell(row is JsonObject fields ? fields[c] : row)))]);
        if (rows.Count == 0) table.AddRow("none");
        return table;
    }

    private static Table Fields(JsonObject fields)
    {
        var table = New(null).AddColumns("name", "value");
        foreach (var (name, value) in fields) table.AddRow(Markup.Escape(name.Replace('_', ' ')), Markup.Escape(Cell(value)));
        return table;
    }

    private static Table New(string? title)
    {
        var table = new Table { Border = TableBorder.Rounded };
        return title is null ? table : table.Title(Markup.Escape(title.Replace('_', ' ')));
    }

    private static bool IsNumber(JsonNode? node) => node is null || node.GetValueKind() == JsonValueKind.Number;

    private static string Cell(JsonNode? node) => node switch
    {
        null => "",
        JsonArray list => string.Join(list.Any(e => e is JsonObject) ? "\n" : ", ", list.Select(Cell)),
        JsonObject fields => string.Join(", ", fields.Where(f => f.Value is not null).Select(f => $"{f.Key} {Cell(f.Value)}")),
        _ when node.GetValueKind() == JsonValueKind.True => "yes",
        _ when node.GetValueKind() == JsonValueKind.False => "no",
        _ => node.ToString(),
    };
}
