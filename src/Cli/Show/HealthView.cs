using System.Text.Json.Nodes;
using Appliance.Cli.Api;
using Appliance.Shared;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Appliance.Cli.Show;

/// <summary>Health as the slow path tells it; while it does not answer, as the region shows it.</summary>
internal static class HealthView
{
    private const int ApiSeconds = 2;

    /// <summary>Asks the slow path, else reads the region.</summary>
    /// <exception cref="Failure">Neither is there.</exception>
    public static JsonObject Ask(RuntimePaths paths)
    {
        try
        {
            using var api = new ApiClient(paths.ApiSocket, ApiSeconds);
            return api.Get("/health").AsObject();
        }
        catch (Failure silent)
        {
            try
            {
                using var region = Shared.Region.Open(paths.Region);
                return HealthFromRegion.Read(region, silent.Why);
            }
            catch (IOException e)
            {
                throw new Failure("the gateway does not run", paths.Directory, $"the slow path does not answer ({silent.Why}), and there is no region ({e.Message})", "start it: appliance run CONFIG");
            }
        }
    }

    /// <summary>Health as a person reads it.</summary>
    public static IRenderable Build(JsonObject health)
    {
        var status = (string?)health["status"] ?? "unknown";
        var rows = new List<IRenderable> { new Markup($"status: [{(status == "ok" ? "green" : status == "degraded" ? "yellow" : "red")}]{Markup.Escape(status)}[/]") };
        foreach (var problem in health["problems"] as JsonArray ?? [])
        {
            rows.Add(new Markup($"[red]•[/] {Markup.Escape((string?)problem?["what"] ?? "")}"));
            foreach (var (label, key) in new[] { ("where", "where"), ("why", "why"), ("do", "todo") })
            {
                if ((string?)problem?[key] is { Length: > 0 } text) rows.Add(new Markup($"  [grey]{label + ":",-6}[/] {Markup.Escape(text)}"));
            }
        }

        var rest = new JsonObject(health.Where(f => f.Key is not ("status" or "problems")).Select(f => KeyValuePair.Create(f.Key, f.Value?.DeepClone())));
        if (rest.Count > 0) rows.AddRange(JsonTable.Build(rest));
        return new Rows(rows);
    }
}
