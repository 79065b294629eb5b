using System.CommandLine;
using Appliance.Cli.Api;

namespace Appliance.Cli.Commands;

/// <summary>appliance bgp …: what an operator asks of a neighbour. Each ends at once: <c>show bgp neighbor</c> says what became of it.</summary>
internal static class BgpCommand
{
    /// <summary>The command.</summary>
    public static Command Create() => new("bgp", "Begin a neighbour's session anew, ask for its routes again, take it out of service and back")
    {
        Verb("clear", "End the session (Cease, Administrative Reset) and begin anew: its routes go and come back", "session ended; it begins anew"),
        Verb("refresh", "Ask for its routes again and send ours again; nothing is interrupted", "routes are exchanged again"),
        Verb("disable", "End the session (Cease, Administrative Shutdown) and begin none until 'enable' or a restart", "out of service"),
        Verb("enable", "Take it into service again", "in service"),
    };

    private static Command Verb(string verb, string description, string outcome)
    {
        Option<string?> instance = Instances.Option();
        var neighbor = new Argument<string>("NEIGHBOUR") { Description = "Its name or address, or '*' for all" };
        var command = new Command(verb, description) { neighbor, instance };
        command.SetAction(parsed =>
        {
            var asked = parsed.GetRequiredValue(neighbor);
            using var api = new ApiClient(Instances.Find(parsed.GetValue(instance)).ApiSocket);
            var name = Uri.EscapeDataString(asked);
            if (verb == "refresh" && asked != "*" && (string?)api.Get($"/bgp/neighbors/{name}")["state"] is not "established")
                throw new Failure($"nothing to refresh with {asked}", "its session", "it is not established", $"see why: appliance show bgp neighbor {asked}");
            api.Send(HttpMethod.Post, $"/bgp/{verb}/{name}");
            Console.WriteLine($"{(asked == "*" ? "all neighbours" : asked)}: {outcome}");
        });
        return command;
    }
}
