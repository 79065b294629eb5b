using System.Text.Json.Nodes;
using Appliance.Cli.Api;

namespace Appliance.Cli.Labs;

/// <summary>Asks a gateway what it still lacks.</summary>
internal static class Readiness
{
    private const string KeysAreExported = "keys are exported";

    /// <summary>What is missing, a line each; empty when the gateway says that it is well. That it exports its keys is no fault where the lab wants it.</summary>
    public static string Missing(string socket, bool exportsKeys)
    {
        if (!File.Exists(socket)) return "its API is not there yet";
        try
        {
            using var api = new ApiClient(socket);
            var health = api.Get("/health");
            if ((string?)health["status"] == "ok") return "";
            var problems = (health["problems"] as JsonArray ?? []).Where(p => !exportsKeys || (string?)p!["what"] != KeysAreExported).ToList();
            if (problems.Count == 0 && exportsKeys && (string?)health["status"] == "degraded") return "";
            return problems.Count == 0 ? $"health: {health["status"]}" : string.Join('\n', problems.Select(p => $"{p!["what"]} ({p["where"]}): {p["why"]}"));
        }
        catch (Failure e)
        {
            return e.Why;
        }
    }
}
