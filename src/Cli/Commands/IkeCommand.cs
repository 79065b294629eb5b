using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Appliance.Cli.Api;

namespace Appliance.Cli.Commands;

/// <summary>appliance ike …: what an operator asks of a peer or tunnel. Each ends when the outcome is known: 0 done, else what is wrong and what to do.</summary>
internal static class IkeCommand
{
    /// <summary>A negotiation retransmits for this long at most before it gives up.</summary>
    private const int LimitSeconds = 200;

    /// <summary>The command.</summary>
    public static Command Create() => new("ike", "Set up, end or rekey the SAs of a peer or tunnel")
    {
        Verb("up", "Set up the IKE SA of a peer and its tunnels, or one tunnel", "is up"),
        Verb("down", "Delete the IKE SA of a peer with its tunnels, or one tunnel's SAs", "is down"),
        Verb("rekey", "Rekey the IKE SA of a peer and its tunnels, or one tunnel; no packet is lost", "has new keys"),
    };

    private static Command Verb(string verb, string description, string outcome)
    {
        Option<string?> instance = Instances.Option();
        var name = new Argument<string>("NAME") { Description = "A peer or a tunnel of the configuration" };
        var command = new Command(verb, description) { name, instance };
        command.SetAction(parsed =>
        {
            var clock = Stopwatch.StartNew();
            var asked = parsed.GetRequiredValue(name);
            using var api = new ApiClient(Instances.Find(parsed.GetValue(instance)).ApiSocket, LimitSeconds);
            api.Send(HttpMethod.Post, $"/ike/{verb}/{Uri.EscapeDataString(asked)}");
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{asked} {outcome} after {clock.Elapsed.TotalSeconds:0.00} s"));
        });
        return command;
    }
}
