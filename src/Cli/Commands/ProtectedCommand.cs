using System.CommandLine;
using Appliance.Cli.Api;
using Appliance.Cli.Show;

namespace Appliance.Cli.Commands;

/// <summary>appliance protected …: prefixes that came with a Security Gateway Identity once and are discarded since, unless they come with one now.</summary>
internal static class ProtectedCommand
{
    /// <summary>The command.</summary>
    public static Command Create() => new("protected", "Prefixes that routes protected: list them, and forget those that shall be plain again") { List(), Clear() };

    private static Command List()
    {
        Option<string?> instance = Instances.Option();
        Option<bool> json = Instances.Json();
        var command = new Command("list", "Which prefixes lead into tunnels or are discarded, and why") { instance, json };
        command.SetAction(parsed =>
        {
            using var api = new ApiClient(Instances.Find(parsed.GetValue(instance)).ApiSocket);
            var answer = api.Get("/protected");
            if (parsed.GetValue(json)) Console.WriteLine(ApiClient.Text(answer, indented: true));
            else Console.Write(SubjectTables.Protected(answer.AsArray(), TextTable.TerminalWidth));
        });
        return command;
    }

    private static Command Clear()
    {
        Option<string?> instance = Instances.Option();
        var prefix = new Argument<string?>("PREFIX") { Description = "As 'protected list' prints it", DefaultValueFactory = _ => null };
        var all = new Option<bool>("--all") { Description = "Everything that no route protects now" };
        var command = new Command("clear", "Forget that a prefix was protected: from then on it is plain where a route without a Security Gateway Identity says so") { prefix, all, instance };
        command.SetAction(parsed =>
        {
            var one = parsed.GetValue(prefix)?.TrimEnd('*');
            if (one is null != parsed.GetValue(all))
                throw new Failure("nothing was cleared", "the command line", one is null ? "no prefix is named" : "a prefix is named beside --all", "appliance protected clear PREFIX, or clear --all", Failure.BadInput);
            using var api = new ApiClient(Instances.Find(parsed.GetValue(instance)).ApiSocket);
            var answer = api.Send(HttpMethod.Delete, "/protected/" + (one is null ? "all" : one.Contains('/', StringComparison.Ordinal) ? one : one + (one.Contains(':', StringComparison.Ordinal) ? "/128" : "/32")));
            Console.WriteLine((string?)answer["detail"] ?? "done");
        });
        return command;
    }
}
