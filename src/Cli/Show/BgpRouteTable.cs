using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Appliance.Cli.Show;

/// <summary>BGP's routes as a table, or with all their attributes.</summary>
internal static class BgpRouteTable
{
    /// <summary>What the first column means.</summary>
    public const string Legend = "> best, = used beside it, s stale, x not taken, ! next hop unreachable\n";

    /// <summary>The answer of <c>GET /bgp/routes</c>: a line a path; what was left out is said in the last line.</summary>
    public static string Text(JsonNode answer, int width)
    {
        var routes = SubjectTables.Items(answer, "routes");
        if (routes.Count == 0) return "none\n" + More(answer);
        var isVpn = routes.Any(r => SubjectTables.Text(r, "route_distinguisher").Length > 0);
        var hasGateway = routes.Any(r => SubjectTables.Items(r, "paths").Any(p => SubjectTables.Text(p, "security_gateway").Length > 0));
        var columns = new List<Column> { new(""), new("PREFIX") };
        var hasMembers = routes.Any(r => SubjectTables.Items(r, "paths").Any(p => SubjectTables.Text(p, "group").Length > 0));
        if (isVpn) columns.Add(new("RD"));
        columns.AddRange([new("NEXT HOP", Fit.Cut), new("NEIGHBOUR", Fit.Cut), new("PREF", Fit.Right), new("MED", Fit.Right)]);
        if (hasGateway) columns.Add(new("GATEWAY"));
        if (hasMembers) columns.AddRange([new("GROUP", Fit.Cut), new("MEMBER", Fit.Cut)]);
        columns.Add(new("AS PATH", Fit.Wrap));
        var table = new TextTable([.. columns]);
        foreach (var route in routes)
        {
            var first = true;
            foreach (var path in SubjectTables.Items(route, "paths"))
            {
                string Of(string field) => SubjectTables.Text(path, field);
                var cells = new List<string> { Flags(path), first ? SubjectTables.Text(route, "prefix") : "" };
                if (isVpn) cells.Add(first ? SubjectTables.Text(route, "route_distinguisher") : "");
                cells.AddRange([Of("is_local") == "yes" ? "ours" : Of("next_hop"), Of("neighbor"), Of("local_pref"), Of("med")]);
                if (hasGateway) cells.Add(Of("security_gateway"));
                if (hasMembers) cells.AddRange([Of("group"), Of("egress")]);
                cells.Add($"{Of("as_path")} {Of("origin") switch { "igp" => "i", "egp" => "e", _ => "?" }}".TrimStart());
                table.Add([.. cells]);
                first = false;
            }
        }

        return table.Text(width) + Legend + More(answer);
    }

    /// <summary>The same answer with every attribute of every path, and by which step of the decision it won or lost.</summary>
    public static string Details(JsonNode answer, int width)
    {
        var text = new StringBuilder();
        foreach (var route in SubjectTables.Items(answer, "routes"))
        {
            var distinguisher = SubjectTables.Text(route, "route_distinguisher");
            text.Append(text.Length > 0 ? "\n" : "").Append(SubjectTables.Text(route, "prefix"));
            if (distinguisher.Length > 0) text.Append(CultureInfo.InvariantCulture, $" rd {distinguisher} label {SubjectTables.Text(route, "label")}");
            text.Append('\n');
            foreach (var path in SubjectTables.Items(route, "paths")) Path(text, path!, width);
        }

        return (text.Length > 0 ? text.ToString() : "none\n") + More(answer);
    }

    private static void Path(StringBuilder text, JsonNode path, int width)
    {
        string Of(string field) => SubjectTables.Text(path, field);
        var flags = (string[])[Of("best") == "yes" ? "best" : "", Of("multipath") == "yes" ? "multipath" : "", Of("stale") == "yes" ? "stale" : "", Of("is_accepted") == "no" ? "not taken" : Of("is_reachable") == "no" ? "next hop unreachable" : ""];
        var from = Of("is_local") == "yes" ? "ours" : $"from {Of("neighbor")} ({(Of("is_external") == "yes" ? "EBGP" : "IBGP")}), next hop {Of("next_hop")}{(Of("link_local_next_hop").Length > 0 ? " " + Of("link_local_next_hop") : "")}";
        BgpTable.Lines(text, string.Join(", ", flags.Where(f => f.Length > 0).Prepend(from)) + (Of("path_id") is "" or "0" ? "" : $", path {Of("path_id")}"), width);
        if (Of("why").Length > 0) Attribute(text, "decision", Of("why"), width);
        Attribute(text, "as path", $"{Of("as_path")} {Of("origin")}".TrimStart(), width);
        foreach (var (name, field) in new[] { ("local pref", "local_pref"), ("med", "med"), ("security gateway", "security_gateway"), ("group", "group"), ("member", "egress"), ("aggregator", "aggregator"), ("originator", "originator_id") })
            if (Of(field).Length > 0)
                Attribute(text, name, Of(field), width);
        if (Of("atomic_aggregate") == "yes") Attribute(text, "aggregate", "atomic", width);
        foreach (var (name, field) in new[] { ("communities", "communities"), ("extended", "extended_communities"), ("large", "large_communities"), ("cluster list", "cluster_list"), ("tunnels", "tunnels"), ("unknown", "unknown") })
            if (SubjectTables.Items(path, field) is { Count: > 0 } list)
                Attribute(text, name, string.Join(field is "tunnels" or "unknown" ? ", " : " ", list.Select(v => (string?)v)), width);
    }

    private static void Attribute(StringBuilder text, string name, string value, int width) => BgpTable.Lines(text, $"  {name}: {value}", width);

    private static string More(JsonNode answer)
    {
        if (SubjectTables.Value(answer, "more") is not (> 0 and var more)) return "";
        var least = SubjectTables.Text(answer, "is_more_exact") == "no" ? "at least " : "";
        return $"{least}{Units.Count(more)} more {(more == 1 ? "prefix" : "prefixes")}: name one, or an outer one, or write --limit N\n";
    }

    private static string Flags(JsonNode? path)
    {
        var use = SubjectTables.Text(path, "best") == "yes" ? ">" : SubjectTables.Text(path, "multipath") == "yes" ? "=" : "";
        return use + (SubjectTables.Text(path, "stale") == "yes" ? "s" : "") + (SubjectTables.Text(path, "is_accepted") == "no" ? "x" : SubjectTables.Text(path, "is_reachable") == "no" ? "!" : "");
    }
}
