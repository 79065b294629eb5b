using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Appliance.Cli.Show;

/// <summary>Groups with their multi-point SAs, and who is in them, in lines that fit 80 columns.</summary>
internal static class GroupTable
{
    private const int Indent = 2;

    /// <summary>The answer of <c>GET /groups</c>.</summary>
    public static string Text(JsonArray groups, int width)
    {
        var text = new StringBuilder();
        foreach (var group in groups)
        {
            text.Append(text.Length > 0 ? "\n" : "").Append(Of(group, "name")).Append('\n');
            Lines(text, string.Join(", ", Facts(group)), width);
            if (SubjectTables.Items(group, "local") is { Count: > 0 } local) Lines(text, "ESP addresses " + string.Join(' ', local.Select(a => (string?)a)), width);
            if (Of(group, "problem") is { Length: > 0 } problem) Lines(text, "PROBLEM: " + problem, width);
            if (SubjectTables.Items(group, "sas") is { Count: > 0 } sas) Sas(text, sas, width);
            else Lines(text, "no SA: nothing is sent into the group", width);
        }

        return text.Length > 0 ? text.ToString() : "none\n";
    }

    /// <summary>Answers of <c>GET /groups/NAME/members</c>: at a gateway its members, elsewhere the senders that were heard.</summary>
    public static string Members(IEnumerable<JsonNode?> groups, int width)
    {
        var text = new StringBuilder();
        foreach (var group in groups)
        {
            text.Append(text.Length > 0 ? "\n" : "").Append(Of(group, "group")).Append('\n');
            var rows = Of(group, "role") == "gateway" ? MemberRows(SubjectTables.Items(group, "members"), width - Indent) : SenderRows(SubjectTables.Items(group, "senders"), width - Indent);
            foreach (var row in rows.TrimEnd('\n').Split('\n')) text.Append(' ', Indent).Append(row).Append('\n');
        }

        return text.Length > 0 ? text.ToString() : "none\n";
    }

    /// <summary>MEMBER: who it proved to be. FROM: where its packets came from last, else its IKE SA. IDS: how many Sender-IDs it has. Below: why one is refused.</summary>
    private static string MemberRows(JsonArray members, int width)
    {
        if (members.Count == 0) return "no member has an IKE SA";
        var table = new TextTable(new("MEMBER", Fit.Cut), new("STATE"), new("FROM", Fit.Cut), new("IDS", Fit.Right), new("RCVD", Fit.Right), new("REPLAY", Fit.Right), new("IDLE", Fit.Right), new("AGE", Fit.Right));
        var why = new StringBuilder();
        foreach (var member in members)
        {
            var from = Of(member, "last_source") is { Length: > 0 } heard ? heard : Of(member, "remote");
            var name = Of(member, "identity") is { Length: > 0 } identity ? identity : Of(member, "peer");
            table.Add(name, Of(member, "state"), from, SubjectTables.Items(member, "sender_ids").Count.ToString(CultureInfo.InvariantCulture), SubjectTables.Number(member, "packets"), Replays(member), Idle(member), Seconds(member, "age_seconds"));
            if (Of(member, "problem") is { Length: > 0 } problem) why.AppendJoin('\n', TextTable.Wrap(Clean($"{name}: {problem}"), width)).Append('\n');
        }

        return table.Text(width) + why;
    }

    /// <summary>FROM: where its packets came from last; it is not authenticated.</summary>
    private static string SenderRows(JsonArray senders, int width)
    {
        if (senders.Count == 0) return "nobody was heard (AES-CBC has no Sender-IDs to tell senders apart)";
        var table = new TextTable(new("SPI"), new("SENDER-ID", Fit.Right), new("FROM", Fit.Cut), new("W", Fit.Right), new("RCVD", Fit.Right), new("BYTES", Fit.Right), new("REPLAY", Fit.Right), new("IDLE", Fit.Right));
        foreach (var sender in senders)
            table.Add(Of(sender, "spi"), Of(sender, "sender_id"), Of(sender, "last_source"), Of(sender, "worker"), SubjectTables.Number(sender, "packets"), SubjectTables.Number(sender, "bytes"), Replays(sender), Idle(sender));
        return table.Text(width);
    }

    private static IEnumerable<string> Facts(JsonNode? group)
    {
        yield return Of(group, "role");
        if (Of(group, "role") != "gateway") yield break;
        var pending = SubjectTables.Value(group, "pending");
        yield return $"{Of(group, "members")} members" + (pending > 0 ? $" ({pending} not yet with the newest SA)" : "");
        yield return $"rekey {(Of(group, "rekey_seconds").Length > 0 ? "in " + Seconds(group, "rekey_seconds") : "under way")}";
        yield return $"{Of(group, "rekeys")} rekeys" + (Of(group, "last_rekey") is { Length: > 0 } why ? $", the last for {why}" : "");
        if (Of(group, "distribution_milliseconds").Length > 0) yield return $"told to all in {Units.Duration((long)SubjectTables.Value(group, "distribution_milliseconds"))}";
        if (SubjectTables.Items(group, "sas").Any(s => Of(s, "sender_id_bits") != "0")) yield return $"{Of(group, "sender_ids_left")} Sender-IDs left";
    }

    /// <summary>USE: packets go out by it. HEARD: senders. LEFT: of its lifetime. THEN: when it is sent by, or not taken in any more.</summary>
    private static void Sas(StringBuilder text, JsonArray sas, int width)
    {
        var table = new TextTable(new("SPI"), new("STATE"), new("USE"), new("SENT", Fit.Right), new("RCVD", Fit.Right), new("DROPS", Fit.Right), new("HEARD", Fit.Right), new("LEFT", Fit.Right), new("THEN", Fit.Cut),
            new("FROM", Fit.Cut), new("CIPHER", Fit.Cut));
        foreach (var sa in sas)
        {
            var drops = SubjectTables.Value(sa, "integrity_failed") + SubjectTables.Value(sa, "replayed") + SubjectTables.Value(sa, "too_old") + SubjectTables.Value(sa, "other_drops") + SubjectTables.Value(sa, "send_drops");
            var then = Of(sa, "activates_seconds").Length > 0 ? "sends " + Seconds(sa, "activates_seconds") : Of(sa, "ends_seconds").Length > 0 ? "ends " + Seconds(sa, "ends_seconds") : "-";
            var cipher = Of(sa, "integrity") is { Length: > 0 } and not "none" ? $"{Of(sa, "encryption")}/{Of(sa, "integrity")}" : Of(sa, "encryption");
            table.Add(Of(sa, "spi"), Of(sa, "state"), Of(sa, "in_use"), SubjectTables.Number(sa, "sent_packets"), SubjectTables.Number(sa, "received_packets"), Units.Short(drops), Of(sa, "senders_heard"),
                Seconds(sa, "lifetime_seconds"), then, Of(sa, "gateway"), cipher);
        }

        foreach (var row in table.Text(width - Indent).TrimEnd('\n').Split('\n')) text.Append(' ', Indent).Append(row).Append('\n');
    }

    private static string Of(JsonNode? row, string field) => SubjectTables.Text(row, field);

    private static string Replays(JsonNode? row) => Units.Short(SubjectTables.Value(row, "replayed") + SubjectTables.Value(row, "too_old"));

    private static string Idle(JsonNode? row) => row?["idle_milliseconds"] is { } idle ? Units.Duration((long)idle) : "-";

    private static string Seconds(JsonNode? row, string field) =>
        long.TryParse(Of(row, field), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds) ? Units.Duration(Math.Max(0, seconds) * 1000) : "-";

    private static void Lines(StringBuilder text, string line, int width)
    {
        foreach (var part in TextTable.Wrap(Clean(line), width - Indent)) text.Append(' ', Indent).Append(part).Append('\n');
    }

    private static string Clean(string line) => new([.. line.Select(c => char.IsControl(c) ? ' ' : c)]);
}
