using System.CommandLine;
using System.Text.Json.Nodes;
using Appliance.Cli.Api;

namespace Appliance.Cli.Commands;

/// <summary>appliance drain …: takes a gateway out of service without cutting anybody off, and back (RFC 5685).</summary>
internal static class DrainCommand
{
    /// <summary>The command.</summary>
    public static Command Create() => new("drain", "Take the gateway out of service: peers are sent to the gateway that 'ike.redirect' names, nothing new begins here")
    {
        Verb("on", HttpMethod.Post, "/drain/on", "Begin: new peers are redirected or refused, present ones asked to move; what is there goes on until its peer leaves"),
        Verb("off", HttpMethod.Post, "/drain/off", "Serve again"),
        Verb("show", HttpMethod.Get, "/drain", "Who is still here"),
    };

    /// <summary>What an answer of the API means, as text.</summary>
    internal static string Text(JsonNode drain)
    {
        if ((bool?)drain["draining"] != true) return "in service: peers may begin IKE SAs";
        var target = (string?)drain["redirect_to"];
        var lines = new List<string>
        {
            target is null
                ? "draining: new IKE SAs are refused ('ike.redirect' names no gateway to send peers to)"
                : $"draining: peers are redirected to {target}; those that cannot be redirected get no new IKE SA",
        };
        if ((int?)drain["asked_to_move"] is > 0 and var asked) lines.Add($"asked to move, and still here: {asked} IKE SAs");
        if (drain["staying"] is JsonArray { Count: > 0 } staying)
            lines.Add($"stay until they end ('appliance ike down NAME' ends them): {string.Join(", ", staying.Select(s => (string?)s))}");
        if (lines.Count == 1) lines.Add("no peer is here any more");
        return string.Join('\n', lines);
    }

    private static Command Verb(string verb, HttpMethod method, string path, string description)
    {
        Option<string?> instance = Instances.Option();
        var command = new Command(verb, description) { instance };
        command.SetAction(parsed =>
        {
            using var api = new ApiClient(Instances.Find(parsed.GetValue(instance)).ApiSocket);
            Console.WriteLine(Text(api.Send(method, path)));
        });
        return command;
    }
}
