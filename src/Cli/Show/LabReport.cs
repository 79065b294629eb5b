using System.Text.Json.Nodes;

namespace Appliance.Cli.Show;

/// <summary>What <c>lab run</c> found out, a line a figure.</summary>
internal static class LabReport
{
    /// <summary>The figures as names and values.</summary>
    public static string Text(JsonObject figures, int width)
    {
        var table = new TextTable(new Column("FIGURE"), new Column("VALUE", Fit.Wrap));
        foreach (var (name, value) in figures) table.Add(name, Value(value));
        return table.Text(width);
    }

    private static string Value(JsonNode? value) => value switch
    {
        null => "",
        JsonArray { Count: 0 } or JsonObject { Count: 0 } => "none",
        JsonArray list => string.Join("; ", list.Select(Value)),
        JsonObject fields => string.Join(", ", fields.Select(f => $"{f.Key} {Value(f.Value)}")),
        _ => value.ToString(),
    };
}
