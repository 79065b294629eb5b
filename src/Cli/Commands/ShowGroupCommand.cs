using System.CommandLine;
using System.Text.Json.Nodes;
using Appliance.Cli.Api;
using Appliance.Cli.Show;

namespace Appliance.Cli.Commands;

/// <summary>appliance show groups, appliance show members: multi-point SAs and who sends by them.</summary>
internal static class ShowGroupCommand
{
    /// <summary>The two.</summary>
    public static IEnumerable<Command> Create()
    {
        yield return Groups();
        yield return Members();
    }

    private static Command Groups()
    {
        Option<string?> instance = Instances.Option();
        Option<bool> json = Instances.Json();
        var command = new Command("groups", "Groups: their multi-point SAs, when they are rekeyed, and what is wrong") { instance, json };
        command.SetAction(parsed =>
        {
            using var api = new ApiClient(Instances.Find(parsed.GetValue(instance)).ApiSocket);
            var groups = api.Get("/groups");
            if (parsed.GetValue(json)) Console.WriteLine(ApiClient.Text(groups, indented: true));
            else Console.Write(GroupTable.Text(groups.AsArray(), TextTable.TerminalWidth));
        });
        return command;
    }

    private static Command Members()
    {
        Option<string?> instance = Instances.Option();
        Option<bool> json = Instances.Json();
        var name = new Argument<string?>("GROUP") { Description = "Its name; without it those of all groups", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("members", "Members of a group at its gateway, and the senders that were heard: counters, replays, where from") { name, instance, json };
        command.SetAction(parsed =>
        {
            using var api = new ApiClient(Instances.Find(parsed.GetValue(instance)).ApiSocket);
            var names = parsed.GetValue(name) is { } one ? [one] : api.Get("/groups").AsArray().Select(g => SubjectTables.Text(g, "name")).ToArray();
            var answers = new JsonArray([.. names.Select(n => api.Get($"/groups/{Uri.EscapeDataString(n)}/members"))]);
            if (parsed.GetValue(json)) Console.WriteLine(ApiClient.Text(answers, indented: true));
            else Console.Write(GroupTable.Members(answers, TextTable.TerminalWidth));
        });
        return command;
    }
}
