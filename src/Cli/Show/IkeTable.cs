using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Appliance.Cli.Show;

/// <summary>IKE SAs, each with its children, and peers that have none, in lines that fit 80 columns.</summary>
internal static class IkeTable
{
    private const int Indent = 2;

    /// <summary>The answer of <c>GET /ike</c>; <paramref name="sas"/> (<c>GET /sa</c>) brings the octets of children.</summary>
    public static string Text(JsonNode ike, JsonArray sas, int width)
    {
        var text = new StringBuilder();
        foreach (var sa in Items(ike, "sas").OrderBy(s => SubjectTables.Text(s, "peer"), StringComparer.Ordinal)) Sa(text, sa!, sas, width);
        var waiting = Peers(ike, width);
        if (waiting.Length > 0) text.Append(text.Length > 0 ? "\n" : "").Append(waiting);
        return text.Length > 0 ? text.ToString() : "none\n";
    }

    /// <summary>Peers without an IKE SA and why, or nothing when every peer has one.</summary>
    public static string Peers(JsonNode ike, int width)
    {
        var peers = Items(ike, "peers");
        if (peers.Count == 0) return "";
        var table = new TextTable(new("PEER", Fit.Cut), new("STATE"), new("TRIES", Fit.Right), new("NEXT", Fit.Right), new("LAST PROBLEM", Fit.Wrap));
        foreach (var peer in peers)
        {
            var problem = SubjectTables.Text(peer, "last_problem");
            table.Add(SubjectTables.Text(peer, "peer"), SubjectTables.Text(peer, "state"), SubjectTables.Text(peer, "attempts"), Seconds(peer, "next_attempt_seconds"), problem.Length > 0 ? problem : "none");
        }

        return table.Text(width);
    }

    private static void Sa(StringBuilder text, JsonNode sa, JsonArray sas, int width)
    {
        string Of(string field) => SubjectTables.Text(sa, field);
        var peer = Of("peer") is { Length: > 0 } name ? name : "unknown peer";
        text.Append(text.Length > 0 ? "\n" : "").Append(peer).Append('\n');
        var line = new List<string> { Of("state"), Of("is_initiator") == "yes" ? "initiator" : "responder" };
        if (Of("state") != "connecting") line.AddRange([$"age {Seconds(sa, "age_seconds")}", $"rekey {(Of("rekey_seconds").Length > 0 ? "in " + Seconds(sa, "rekey_seconds") : "never")}"]);
        Lines(text, string.Join(", ", line), width);
        Lines(text, $"{End(sa, "local")} to {End(sa, "remote")}", width);
        line = [Of("suite").Length > 0 ? Of("suite") : "no suite yet", Of("nat") is "" or "none" ? "no NAT" : $"NAT {Of("nat")}", .. Items(sa, "extensions").Select(e => (string?)e ?? "")];
        Lines(text, string.Join(", ", line), width);
        Lines(text, $"SPIs {Of("initiator_spi")} {Of("responder_spi")}", width);
        if (Items(sa, "children") is { Count: > 0 } children) Children(text, children, sas, width);
    }

    /// <summary>SENT and RCVD: octets, as the SAs count them.</summary>
    private static void Children(StringBuilder text, JsonArray children, JsonArray sas, int width)
    {
        var table = new TextTable(new("CHILD", Fit.Cut), new("STATE", Fit.Cut), new("OUT-SPI"), new("IN-SPI"), new("SENT", Fit.Right), new("RCVD", Fit.Right), new("AGE", Fit.Right), new("REKEY", Fit.Right),
            new("CIPHER", Fit.Cut));
        foreach (var child in children)
        {
            string Of(string field) => SubjectTables.Text(child, field);
            var name = Of("instance") is { Length: > 0 } instance ? instance : Of("tunnel");
            var cipher = Of("integrity") is { Length: > 0 } and not "none" ? $"{Of("encryption")}/{Of("integrity")}" : Of("encryption");
            table.Add(Of("worker").Length > 0 ? $"{name}#{Of("worker")}" : name, Of("state") == "established" ? "up" : Of("state"), Of("outbound_spi"), Of("inbound_spi"), Octets(sas, "outbound", Of("outbound_spi")),
                Octets(sas, "inbound", Of("inbound_spi")), Seconds(child, "age_seconds"), Of("rekey_seconds").Length > 0 ? Seconds(child, "rekey_seconds") : "-", cipher);
        }

        foreach (var row in table.Text(width - Indent).TrimEnd('\n').Split('\n')) text.Append(' ', Indent).Append(row).Append('\n');
    }

    private static string End(JsonNode sa, string side)
    {
        var identity = SubjectTables.Text(sa, side + "_identity");
        return identity.Length > 0 ? $"{SubjectTables.Text(sa, side)} ({identity})" : SubjectTables.Text(sa, side);
    }

    private static string Octets(JsonArray sas, string direction, string spi) =>
        sas.FirstOrDefault(s => SubjectTables.Text(s, "direction") == direction && SubjectTables.Text(s, "spi") == spi) is { } sa
        && ulong.TryParse(SubjectTables.Text(sa, "bytes"), NumberStyles.None, CultureInfo.InvariantCulture, out var octets) ? Units.Short(octets) : "-";

    private static string Seconds(JsonNode? row, string field) =>
        long.TryParse(SubjectTables.Text(row, field), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds) ? Units.Duration(Math.Max(0, seconds) * 1000) : "-";

    private static void Lines(StringBuilder text, string line, int width)
    {
        var clean = new string([.. line.Select(c => char.IsControl(c) ? ' ' : c)]);
        foreach (var part in TextTable.Wrap(clean, width - Indent)) text.Append(' ', Indent).Append(part).Append('\n');
    }

    private static JsonArray Items(JsonNode? row, string field) => row?[field] as JsonArray ?? [];
}
