using System.CommandLine;
using System.Text.Json.Nodes;
using Appliance.Cli.Api;
using Appliance.Cli.Show;

namespace Appliance.Cli.Commands;

/// <summary>appliance show …: what the slow path says, as a table or as JSON.</summary>
internal static class ShowCommand
{
    /// <summary>The command with one subcommand a subject.</summary>
    public static Command Create()
    {
        var show = new Command("show", "Show what a running gateway does");
        foreach (var (name, description, table) in SubjectTables.All) show.Add(name == "routes" ? Routes(name, description, table) : Subject(name, description, table));
        show.Add(Ike());
        foreach (var subject in ShowGroupCommand.Create()) show.Add(subject);
        show.Add(ShowBgpCommand.Create());
        show.Add(Health());
        return show;
    }

    private static Command Subject(string name, string description, Func<JsonArray, int, string> table)
    {
        Option<string?> instance = Instances.Option();
        Option<bool> json = Instances.Json();
        var command = new Command(name, description) { instance, json };
        command.SetAction(parsed =>
        {
            using var api = new ApiClient(Instances.Find(parsed.GetValue(instance)).ApiSocket);
            var answer = api.Get("/" + name);
            if (parsed.GetValue(json)) Console.WriteLine(ApiClient.Text(answer, indented: true));
            else Console.Write(table(answer.AsArray(), TextTable.TerminalWidth) + (name == "tunnels" ? Waiting(api) : ""));
        });
        return command;
    }

    private static Command Routes(string name, string description, Func<JsonArray, int, string> table)
    {
        Option<string?> instance = Instances.Option();
        Option<bool> json = Instances.Json();
        var address = new Argument<string?>("ADDRESS") { Description = "The route that packets to it take; without it all static routes and some of the learned ones", Arity = ArgumentArity.ZeroOrOne };
        var learned = new Option<int>("--learned") { Description = "Learned routes that are shown at most", DefaultValueFactory = _ => 1000, HelpName = "N" };
        var command = new Command(name, description) { address, learned, instance, json };
        command.SetAction(parsed =>
        {
            using var api = new ApiClient(Instances.Find(parsed.GetValue(instance)).ApiSocket);
            var answer = api.Get(parsed.GetValue(address) is { } to ? $"/routes?to={Uri.EscapeDataString(to)}" : $"/routes?learned={parsed.GetValue(learned)}").AsArray();
            if (parsed.GetValue(json)) Console.WriteLine(ApiClient.Text(answer, indented: true));
            else Console.Write(table(answer, TextTable.TerminalWidth));
        });
        return command;
    }

    private static Command Ike()
    {
        Option<string?> instance = Instances.Option();
        Option<bool> json = Instances.Json();
        var command = new Command("ike", "IKE SAs with their children, and peers that have none and why") { instance, json };
        command.SetAction(parsed =>
        {
            using var api = new ApiClient(Instances.Find(parsed.GetValue(instance)).ApiSocket);
            var ike = api.Get("/ike");
            if (parsed.GetValue(json)) Console.WriteLine(ApiClient.Text(ike, indented: true));
            else Console.Write(IkeTable.Text(ike, api.Get("/sa").AsArray(), TextTable.TerminalWidth));
        });
        return command;
    }

    /// <summary>Below tunnels: peers that tunnels wait for.</summary>
    private static string Waiting(ApiClient api)
    {
        try
        {
            return IkeTable.Peers(api.Get("/ike"), TextTable.TerminalWidth) is { Length: > 0 } peers ? "\n" + peers : "";
        }
        catch (Failure)
        {
            // The tunnels have been answered already: what is known of them is shown.
            return "";
        }
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
            else Console.Write(HealthView.Text(health, TextTable.TerminalWidth));
            return (string?)health["status"] == "ok" ? 0 : Failure.AtRunTime;
        });
        return command;
    }
}
