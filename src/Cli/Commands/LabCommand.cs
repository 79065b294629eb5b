using System.CommandLine;
using System.Text.Json.Nodes;
using Appliance.Cli.Api;
using Appliance.Cli.Labs;
using Appliance.Cli.Show;
using Appliance.Shared;
using Spectre.Console;

namespace Appliance.Cli.Commands;

/// <summary>appliance lab …: gateways and hosts in network namespaces.</summary>
internal static class LabCommand
{
    /// <summary>The command.</summary>
    public static Command Create() => new("lab", "Gateways, hosts and a router in network namespaces; as root") { Up(), Down(), Exec(), List(), Run() };

    private static Argument<string> FileArgument() => new("FILE") { Description = "Lab file (scripts/labs/…/lab.yaml)" };

    private static Option<string?> LabOption() => new("--lab") { Description = "Id of the lab; may be left out while there is only one", HelpName = "ID" };

    private static Option<string?> CipherOption()
    {
        var cipher = new Option<string?>("--cipher") { Description = "Cipher of all key sets instead of the file's", HelpName = "NAME" };
        cipher.AcceptOnlyFromAmong([.. CipherKeys.Names]);
        return cipher;
    }

    private static LabFile Read(string file, string? cipher)
    {
        var lab = LabReader.Read(file);
        if (cipher is not null && lab.Keys.Count == 0) throw new Failure("no key set to change", file, "the gateways of this lab negotiate, or have their keys in their configurations", "write the proposal into their configurations ('esp'), or take the lab api-keys", Failure.BadInput);
        return cipher is null ? lab : lab with { Keys = [.. lab.Keys.Select(k => k with { Cipher = cipher })] };
    }

    private static Command Up()
    {
        var file = FileArgument();
        var cipher = CipherOption();
        var json = new Option<bool>("--json") { Description = "Print the lab as one JSON object" };
        var command = new Command("up", "Bring a lab up and leave it running") { file, cipher, json };
        command.SetAction(parsed =>
        {
            using var signals = new Signals();
            var lab = Lab.Up(Read(parsed.GetRequiredValue(file), parsed.GetValue(cipher)), transient: false, Console.Error.WriteLine, signals.Stop);
            if (parsed.GetValue(json)) Console.WriteLine(ApiClient.Text(Describe(lab.State)));
            else Console.WriteLine($"{lab.State.Id} is up. appliance lab exec --lab {lab.State.Id} NODE -- COMMAND; appliance lab down {lab.State.Id}");
        });
        return command;
    }

    private static Command Down()
    {
        var name = new Argument<string?>("ID") { Description = "Lab; may be left out while there is only one", Arity = ArgumentArity.ZeroOrOne };
        var all = new Option<bool>("--all") { Description = "Every lab" };
        var command = new Command("down", "Remove a lab: processes, namespaces, links, files. Works after any crash") { name, all };
        command.SetAction(parsed =>
        {
            foreach (var state in parsed.GetValue(all) ? LabState.All() : [LabState.One(parsed.GetValue(name))])
            {
                LabRemoval.Remove(state);
                Console.Error.WriteLine($"{state.Id} is removed");
            }
        });
        return command;
    }

    private static Command Exec()
    {
        var node = new Argument<string>("NODE");
        var words = new Argument<string[]>("COMMAND") { Description = "After --", Arity = ArgumentArity.OneOrMore };
        var lab = LabOption();
        var command = new Command("exec", "Run a command inside a node: appliance lab exec host-a -- ping 10.2.0.2. The product's commands are on its path") { node, words, lab };
        command.SetAction(parsed =>
        {
            var state = LabState.One(parsed.GetValue(lab));
            var inside = state.Node(parsed.GetRequiredValue(node));
            var path = $"PATH={AppContext.BaseDirectory}:{Environment.GetEnvironmentVariable("PATH")}";
            LinuxProcess.Replace("/usr/bin/env", [$"{RuntimePaths.Variable}={state.Runtime}", $"{Instances.Variable}={inside.Instance}", path, "ip", .. Topology.Inside(inside.Namespace, parsed.GetRequiredValue(words))]);
        });
        return command;
    }

    private static Command List()
    {
        var json = new Option<bool>("--json") { Description = "Print JSON" };
        var command = new Command("list", "Labs that are up") { json };
        command.SetAction(parsed =>
        {
            var all = LabState.All();
            if (parsed.GetValue(json))
            {
                Console.WriteLine(ApiClient.Text(new JsonArray([.. all.Select(Describe)])));
                return;
            }

            var table = new TextTable(new("ID"), new("MADE BY"), new("NODES", Fit.Wrap));
            foreach (var state in all) table.Add(state.Id, $"{(state.Transient ? "run" : "up")}, process {state.Owner}{(state.OwnerLives ? "" : " (ended)")}", string.Join(' ', state.Nodes.Select(n => n.Name)));
            Console.Write(table.Text(TextTable.TerminalWidth));
        });
        return command;
    }

    private static Command Run()
    {
        var file = FileArgument();
        var cipher = CipherOption();
        var seconds = new Option<int>("--seconds") { Description = "End after this many seconds of traffic; 0 for Ctrl-C", HelpName = "N" };
        var format = new Option<string>("--format") { Description = "table or json: json prints one object as the last line", DefaultValueFactory = _ => "table" };
        format.AcceptOnlyFromAmong("table", "json");
        var command = new Command("run", "Bring a lab up, ping and run TCP through it, show it live, remove it") { file, cipher, seconds, format };
        command.SetAction(parsed =>
        {
            var json = parsed.GetValue(format) == "json";
            using var signals = new Signals();
            var run = new LabRun(Read(parsed.GetRequiredValue(file), parsed.GetValue(cipher)), Console.Error.WriteLine, signals.Stop);
            var figures = run.Run(parsed.GetValue(seconds), live: !json && AnsiConsole.Profile.Capabilities.Interactive && !Console.IsOutputRedirected);
            if (json) Console.WriteLine(ApiClient.Text(figures));
            else Console.Write(LabReport.Text(figures, TextTable.TerminalWidth));
            return figures["problems"]!.AsArray().Count == 0 ? 0 : Failure.AtRunTime;
        });
        return command;
    }

    private static JsonObject Describe(LabState state)
    {
        var nodes = new JsonObject();
        foreach (var node in state.Nodes)
        {
            nodes[node.Name] = node.Instance is null
                ? new JsonObject { ["kind"] = node.Kind.ToString().ToLowerInvariant(), ["namespace"] = node.Namespace }
                : new JsonObject
                {
                    ["kind"] = "gateway",
                    ["namespace"] = node.Namespace,
                    ["instance"] = node.Instance,
                    ["process"] = node.Process,
                    ["runtime"] = state.Paths(node).Directory,
                    ["log"] = state.Log(node),
                };
        }

        return new JsonObject { ["id"] = state.Id, ["lab"] = state.Lab, ["runtime"] = state.Runtime, ["nodes"] = nodes };
    }
}
