using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Appliance.Cli.Show;

/// <summary>BGP's neighbours and tables, in lines that fit 80 columns: what an operator asks first; every field is in the JSON.</summary>
internal static class BgpTable
{
    private const int Indent = 2;

    /// <summary>The answer of <c>GET /bgp</c>; with a <paramref name="vrf"/> its part alone.</summary>
    public static string Summary(JsonNode bgp, int width, string? vrf = null)
    {
        string Of(string field) => SubjectTables.Text(bgp, field);
        var text = new StringBuilder();
        if (vrf is null) text.Append(CultureInfo.InvariantCulture, $"AS {Of("local_as")}, router {Of("router_id")}{(Of("is_restarting") == "yes" ? ", restarting: waits for the neighbours' routes" : "")}\n\n");
        text.Append(Neighbors([.. SubjectTables.Items(bgp, "neighbors").Where(n => vrf is null || SubjectTables.Text(n, "vrf") == vrf)], width)).Append('\n');
        var table = new TextTable(new("TABLE", Fit.Cut), new("FAMILY"), new("PREFIXES", Fit.Right), new("PATHS", Fit.Right), new(""));
        foreach (var t in SubjectTables.Items(bgp, "tables").Where(t => vrf is null || SubjectTables.Text(t, "vrf") == vrf))
        {
            table.Add(SubjectTables.Text(t, "vrf") is { Length: > 0 } name ? name : "global", SubjectTables.Text(t, "family"), SubjectTables.Text(t, "prefixes"), SubjectTables.Text(t, "paths"),
                SubjectTables.Text(t, "is_complete") == "no" ? "waits for routes" : "");
        }

        return text.Append(table.Text(width)).ToString();
    }

    /// <summary>TAKEN: paths that the import policies accepted. SENT: paths that we announced. WHY: of a session that is not established.</summary>
    private static string Neighbors(IReadOnlyList<JsonNode?> neighbors, int width)
    {
        var table = new TextTable(new("NEIGHBOUR", Fit.Cut), new("ADDRESS", Fit.Cut), new("AS", Fit.Right), new("STATE"), new("FOR", Fit.Right), new("TAKEN", Fit.Right), new("SENT", Fit.Right), new("WHY", Fit.Wrap));
        foreach (var n in neighbors)
        {
            string Of(string field) => SubjectTables.Text(n, field);
            var state = Of("is_disabled") == "yes" ? "disabled" : Of("state") == "established" ? "up" : Of("state").Replace('_', '-');
            table.Add(Of("name"), Of("address") == Of("name") ? "" : Of("address"), Of("remote_as") is "0" ? "?" : Of("remote_as"), state, Duration(n, "seconds_in_state"), Sum(n, "accepted"), Sum(n, "sent"),
                state == "up" ? "" : Of("last_reason"));
        }

        return table.Text(width);
    }

    /// <summary>The answer of <c>GET /bgp/neighbors/NAME</c>.</summary>
    public static string Neighbor(JsonNode n, int width)
    {
        string Of(string field) => SubjectTables.Text(n, field);
        var text = new StringBuilder();
        text.Append(Of("name")).Append('\n');
        var kind = new List<string> { Of("is_external") == "yes" ? "EBGP" : "IBGP", $"AS {Of("remote_as")}", $"ours {Of("local_as")}" };
        if (Of("vrf").Length > 0) kind.Add($"VRF {Of("vrf")}");
        if (Of("is_dynamic") == "yes") kind.Add("dynamic");
        if (Of("is_reflector_client") == "yes") kind.Add("reflector client");
        Lines(text, string.Join(", ", kind), width);
        Lines(text, $"{(Of("local_address") is { Length: > 0 } local ? local : "any address of ours")} to {Of("address")}{(Of("router_id").Length > 0 ? $", router {Of("router_id")}" : "")}", width);
        Lines(text, $"{(Of("is_disabled") == "yes" ? "disabled, " : "")}{Of("state").Replace('_', '-')} for {Duration(n, "seconds_in_state")}, established {(Of("times_established") == "1" ? "once" : Of("times_established") + " times")}{(Of("seconds_to_retry").Length > 0 ? $", next attempt in {Duration(n, "seconds_to_retry")}" : "")}", width);
        if (Of("last_reason").Length > 0) Lines(text, $"why: {Of("last_reason")}", width);
        if (Of("last_notification").Length > 0) Lines(text, $"last notification: {Of("last_notification")}", width);
        var bfd = Of("bfd_up") switch { "yes" => ", BFD up", "no" => ", BFD down", _ => "" };
        if (Of("state") == "established") Lines(text, $"hold time {(Of("hold_seconds") == "0" ? "none" : Of("hold_seconds") + "s")}, keepalive {(Of("keepalive_seconds") == "0" ? "none" : Of("keepalive_seconds") + "s")}{bfd}", width);
        else if (bfd.Length > 0) Lines(text, bfd[2..], width);
        Words(text, "capabilities of both: ", n, "capabilities", width);
        Words(text, "it has said: ", n, "remote_capabilities", width);
        if (Of("malformed_updates") is not ("" or "0")) Lines(text, $"{Of("malformed_updates")} malformed updates that did not end a session (RFC 7606): see the log", width);
        if (Of("octets_unsent") is not ("" or "0")) Lines(text, $"{Of("octets_unsent")} octets wait to be sent", width);
        Messages(text, n, width);
        Families(text, n, width);
        return text.ToString();
    }

    private static void Messages(StringBuilder text, JsonNode n, int width)
    {
        var table = new TextTable(new("MESSAGES"), new("OPEN", Fit.Right), new("UPDATE", Fit.Right), new("NOTIFICATION", Fit.Right), new("KEEPALIVE", Fit.Right), new("REFRESH", Fit.Right));
        foreach (var way in (string[])["received", "sent"])
            table.Add(way, SubjectTables.Number(n[way], "opens"), SubjectTables.Number(n[way], "updates"), SubjectTables.Number(n[way], "notifications"), SubjectTables.Number(n[way], "keepalives"), SubjectTables.Number(n[way], "refreshes"));
        Table(text, table, width);
    }

    /// <summary>IMPORT and EXPORT: the policies; of EBGP nothing passes without one (RFC 8212).</summary>
    private static void Families(StringBuilder text, JsonNode n, int width)
    {
        var table = new TextTable(new("FAMILY"), new("USED"), new("RCVD", Fit.Right), new("TAKEN", Fit.Right), new("MAX", Fit.Right), new("SENT", Fit.Right), new("STALE", Fit.Right), new("IMPORT", Fit.Cut), new("EXPORT", Fit.Cut), new("", Fit.Wrap));
        var isExternal = SubjectTables.Text(n, "is_external") == "yes";
        foreach (var f in SubjectTables.Items(n, "families"))
        {
            string Of(string field) => SubjectTables.Text(f, field);
            string Policy(string field) => Of(field) is { Length: > 0 } name ? name : isExternal && Of("family") != "route-target" ? "nothing" : "-";
            var more = new List<string>();
            if (Of("add_path_receive") == "yes" || Of("add_path_send") == "yes") more.Add("add-path");
            if (Of("is_negotiated") == "yes" && Of("end_of_rib_received") == "no") more.Add("no End-of-RIB yet");
            table.Add(Of("family"), Of("is_negotiated"), Of("received"), Of("accepted"), Of("maximum_prefixes") is "0" ? "-" : Of("maximum_prefixes"), Of("sent"), Of("stale"), Policy("import"), Policy("export"), string.Join(", ", more));
        }

        Table(text, table, width);
    }

    private static void Words(StringBuilder text, string what, JsonNode n, string field, int width)
    {
        if (SubjectTables.Items(n, field) is { Count: > 0 } words) Lines(text, what + string.Join(", ", words.Select(w => (string?)w)), width);
    }

    /// <summary>A sentence in lines, indented.</summary>
    internal static void Lines(StringBuilder text, string line, int width)
    {
        var clean = new string([.. line.Select(c => char.IsControl(c) ? ' ' : c)]);
        foreach (var part in TextTable.Wrap(clean, width - Indent)) text.Append(' ', Indent).Append(part).Append('\n');
    }

    private static void Table(StringBuilder text, TextTable table, int width)
    {
        foreach (var row in table.Text(width - Indent).TrimEnd('\n').Split('\n')) text.Append(' ', Indent).Append(row).Append('\n');
    }

    private static string Sum(JsonNode? n, string field) => Units.Short(SubjectTables.Items(n, "families").Aggregate(0UL, (sum, f) => sum + SubjectTables.Value(f, field)));

    private static string Duration(JsonNode? row, string field) =>
        long.TryParse(SubjectTables.Text(row, field), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? Units.Duration(seconds * 1000) : "-";
}
