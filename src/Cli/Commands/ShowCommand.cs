using System.CommandLine;
using Appliance.Cli.Api;
using Appliance.Cli.Show;
using Spectre.Console;

namespace Appliance.Cli.Commands;

/// <summary>appliance show …: what the slow path says, as a table or as JSON.</summary>
internal static class ShowCommand
{
    private static readonly (string Name, string Description)[] Subjects =
    [
        ("sa", "Security associations with their counters; never their keys"),
        ("spd", "Security policy database in order"),
        ("routes", "Routes to tunnels, neighbours and this machine"),
        ("ports", "Ports: how they run and what they counted"),
        ("workers", "Workers with every counter"),
        ("drops", "Dropped packets by reason"),
        ("tunnels", "Tunnels, their MTU and their SAs"),
    ];

    /// <summary>The command with one subcommand a subject.</summary>
    public static Command Create()
    {
        var show = new Command("show", "Show what a running gateway does");
        foreach (var (name, description) in Subjects) show.Add(Subject(name, description));
        show.Add(Health());
        return show;
    }

    private static Command Subject(string name, string description)
    {
        Option<string?> instance = Instances.Option();
        Option<bool> json = Instances.Json();
        var command = new Command(name, description) { instance, json };
        command.SetAction(parsed =>
        {
            using var api = new ApiClient(Instances.Find(parsed.GetValue(instance)).ApiSocket);
            var answer = api.Get("/" + name);
            if (parsed.GetValue(json)) Console.WriteLine(ApiClient.Text(answer, indented: true));
            else foreach (var table in JsonTable.Build(answer)) AnsiConsole.Write(table);
        });
        return command;
    }

    private static Command Health()
    {
        Option<string?> instance = Instances.Option();
        Option<bool> json = Instances.Json();
        var command = new Command("health", "Whether it is well, and what to do if not. Exit code 1 unless the status is ok. Works without the slow path") { instance, json };
        command.SetAction(parsed =>
        {
            var health = HealthView.Ask(Instances.Find(parsed.GetValue(instance)));
            if (parsed.GetValue(json)) Console.WriteLine(ApiClient.Text(health, indented: true));
            else AnsiConsole.Write(HealthView.Build(health));
            return (string?)health["status"] == "ok" ? 0 : Failure.AtRunTime;
        });
        return command;
    }
}
