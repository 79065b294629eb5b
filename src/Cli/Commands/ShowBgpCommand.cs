using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json.Nodes;
using Appliance.Cli.Api;
using Appliance.Cli.Show;

namespace Appliance.Cli.Commands;

/// <summary>appliance show bgp …: neighbours, routes, a neighbour, a VRF.</summary>
internal static class ShowBgpCommand
{
    private const int DefaultLimit = 100, MaximumLimit = 10_000;

    /// <summary>The command; without a subject it is the summary.</summary>
    public static Command Create()
    {
        var bgp = Subject("bgp", "BGP: neighbours and tables", [], [], SummaryOf, (json, _) => BgpTable.Summary(json, TextTable.TerminalWidth));
        bgp.Add(Subject("summary", "Neighbours and tables", [], [], SummaryOf, (json, _) => BgpTable.Summary(json, TextTable.TerminalWidth)));
        bgp.Add(Routes());
        var name = new Argument<string>("NEIGHBOUR") { Description = "Its name or address" };
        bgp.Add(Subject("neighbor", "One neighbour: state and why, capabilities, messages, families", [name], [],
            (api, parsed) => api.Get($"/bgp/neighbors/{Uri.EscapeDataString(parsed.GetRequiredValue(name))}"), (json, _) => BgpTable.Neighbor(json, TextTable.TerminalWidth)));
        bgp.Add(Vrf());
        return bgp;
    }

    private static JsonNode SummaryOf(ApiClient api, ParseResult parsed) => api.Get("/bgp");

    private static Command Routes()
    {
        var prefix = new Argument<string?>("PREFIX") { Description = "This one and those inside of it", Arity = ArgumentArity.ZeroOrOne };
        var vrf = new Option<string>("--vrf") { Description = "A VRF's table, not the global one", DefaultValueFactory = _ => "", HelpName = "NAME" };
        var family = new Option<string>("--family") { Description = "ipv4 (unless the prefix is another), ipv6, vpnv4, vpnv6, ipv4-encapsulation, ipv6-encapsulation, route-target", DefaultValueFactory = _ => "", HelpName = "FAMILY" };
        var neighbor = new Option<string>("--neighbor") { Description = "Prefixes that this neighbour, by name or address, announced", DefaultValueFactory = _ => "", HelpName = "N" };
        var details = new Option<bool>("--details") { Description = "Every attribute of every path, and why it is the best or not" };
        Option<int> limit = Limit();
        return Subject("routes", "Routes with all their paths, the best first", [prefix], [vrf, family, neighbor, details, limit],
            (api, parsed) => api.Get(Query(parsed.GetValue(vrf)!, parsed.GetValue(family)!, parsed.GetValue(prefix), parsed.GetValue(limit), parsed.GetValue(neighbor)!)),
            (json, parsed) => parsed.GetValue(details) ? BgpRouteTable.Details(json, TextTable.TerminalWidth) : BgpRouteTable.Text(json, TextTable.TerminalWidth));
    }

    private static Command Vrf()
    {
        var name = new Argument<string>("VRF") { Description = "Its name" };
        Option<int> limit = Limit();
        return Subject("vrf", "A VRF: its neighbours, tables and routes", [name], [limit], (api, parsed) =>
        {
            var vrf = parsed.GetRequiredValue(name);
            var (bgp, routes) = (api.Get("/bgp"), new JsonArray());
            foreach (var family in (string[])["ipv4", "ipv6"]) routes.Add(api.Get(Query(vrf, family, null, parsed.GetValue(limit))));
            return new JsonObject { ["vrf"] = vrf, ["neighbors"] = Of(bgp, "neighbors", vrf), ["tables"] = Of(bgp, "tables", vrf), ["routes"] = routes };
        }, (json, parsed) => VrfText(json, parsed.GetRequiredValue(name)));
    }

    /// <summary>Neighbours, tables, then routes of each family that has some.</summary>
    internal static string VrfText(JsonNode json, string vrf)
    {
        var routes = json["routes"]!.AsArray().Where(r => r!["routes"] is JsonArray { Count: > 0 }).Select(r => "\n" + BgpRouteTable.Text(r!, TextTable.TerminalWidth));
        return BgpTable.Summary(json, TextTable.TerminalWidth, vrf) + string.Concat(routes);
    }

    /// <summary>The request for routes; without a family that of the prefix.</summary>
    internal static string Query(string vrf, string family, string? prefix, int limit, string neighbor = "")
    {
        if (family.Length == 0) family = prefix?.Contains(':', StringComparison.Ordinal) == true ? "ipv6" : "ipv4";
        var query = $"/bgp/routes?family={Uri.EscapeDataString(family)}&limit={limit}";
        if (vrf.Length > 0) query += "&vrf=" + Uri.EscapeDataString(vrf);
        if (neighbor.Length > 0) query += "&neighbor=" + Uri.EscapeDataString(neighbor);
        return prefix is null ? query : query + "&prefix=" + Uri.EscapeDataString(prefix);
    }

    private static Option<int> Limit()
    {
        var limit = new Option<int>("--limit") { Description = $"Prefixes at most, up to {MaximumLimit}", DefaultValueFactory = _ => DefaultLimit, HelpName = "N" };
        limit.Validators.Add(result =>
        {
            if (result.Tokens.Count > 0 && (!int.TryParse(result.Tokens[0].Value, out var number) || number is < 1 or > MaximumLimit)) result.AddError($"--limit is 1 to {MaximumLimit}");
        });
        return limit;
    }

    private static JsonArray Of(JsonNode bgp, string field, string vrf) => [.. (bgp[field] as JsonArray ?? []).Where(n => SubjectTables.Text(n, "vrf") == vrf).Select(n => n!.DeepClone())];

    private static Command Subject(string name, string description, Argument[] arguments, Option[] options, Func<ApiClient, ParseResult, JsonNode> ask, Func<JsonNode, ParseResult, string> text)
    {
        Option<string?> instance = Instances.Option();
        Option<bool> json = Instances.Json();
        var command = new Command(name, description) { instance, json };
        foreach (var argument in arguments) command.Add(argument);
        foreach (var option in options) command.Add(option);
        command.SetAction(parsed =>
        {
            using var api = new ApiClient(Instances.Find(parsed.GetValue(instance)).ApiSocket);
            var answer = ask(api, parsed);
            if (parsed.GetValue(json)) Console.WriteLine(ApiClient.Text(answer, indented: true));
            else Console.Write(text(answer, parsed));
        });
        return command;
    }
}
