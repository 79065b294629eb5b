using System.Text;
using System.Text.Json.Nodes;
using Appliance.Cli.Api;
using Appliance.Shared;

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
                using var region = Region.Open(paths.Region);
                return HealthFromRegion.Read(region, silent.Why);
            }
            catch (IOException e)
            {
                throw new Failure("the gateway does not run", paths.Directory, $"the slow path does not answer ({silent.Why}), and there is no region ({e.Message})", "start it: appliance run CONFIG");
            }
        }
    }

    /// <summary>Health as a person reads it, in lines of at most <paramref name="width"/> characters.</summary>
    public static string Text(JsonObject health, int width)
    {
        var text = new StringBuilder($"status: {SubjectTables.Text(health, "status")}");
        if (SubjectTables.Text(health, "crypto_tier") is { Length: > 0 } tier) text.Append($"   AES-GCM: {tier}");
        if (SubjectTables.Text(health, "source") is { Length: > 0 } source) text.Append($"   read from: {source}");
        text.Append('\n');
        foreach (var problem in health["problems"] as JsonArray ?? [])
        {
            text.Append($"\n! {string.Join("\n  ", TextTable.Wrap(SubjectTables.Text(problem, "what"), width - 2))}\n");
            var details = new TextTable(new Column(""), new Column("", Fit.Wrap));
            foreach (var (label, key) in new[] { ("  where:", "where"), ("  why:", "why"), ("  do:", "todo") }) details.Add(label, SubjectTables.Text(problem, key));
            text.Append(details.Text(width));
        }

        return text.Append('\n').Append(Processes(health, width)).Append('\n').Append(Ports(health, width)).ToString();
    }

    private static string Processes(JsonObject health, int width)
    {
        var table = new TextTable(new("PROCESS"), new("PID", Fit.Right), new("ALIVE"), new("READY"), new("STARTS", Fit.Right));
        foreach (var (name, process) in health["processes"] as JsonObject ?? [])
            table.Add(name, SubjectTables.Text(process, "process"), SubjectTables.Text(process, "alive"), SubjectTables.Text(process, "ready"), SubjectTables.Text(process, "starts"));
        return table.Text(width);
    }

    private static string Ports(JsonObject health, int width)
    {
        var table = new TextTable(new("PORT"), new("STATE"), new("MODE"), new("QUEUES", Fit.Right), new("LOST", Fit.Right));
        foreach (var port in health["ports"] as JsonArray ?? [])
            table.Add(SubjectTables.Text(port, "name"), SubjectTables.Text(port, "running"), SubjectTables.Text(port, "mode"), SubjectTables.Text(port, "queues"), SubjectTables.Text(port, "losses"));
        return table.Text(width);
    }
}
