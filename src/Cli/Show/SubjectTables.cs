using System.Globalization;
using System.Text.Json.Nodes;

namespace Appliance.Cli.Show;

/// <summary>The API's answers as tables that fit 80 columns: what an operator asks first; every field is in the JSON.</summary>
internal static class SubjectTables
{
    private const int WorkerGap = 2;

    /// <summary>The subjects of <c>appliance show</c> with what they tell, and their tables: answer and width to lines of text.</summary>
    public static IReadOnlyList<(string Name, string Description, Func<JsonArray, int, string> Table)> All { get; } =
    [
        ("sa", "Security associations with their counters; never their keys", Sas),
        ("spd", "Security policy database in order", Spd),
        ("routes", "Routes of the data plane: to tunnels, neighbours and this machine", Routes),
        ("ports", "Ports: how they run and what they counted", Ports),
        ("workers", "Workers with every counter", Workers),
        ("drops", "Dropped packets by reason", Drops),
        ("bfd", "BFD sessions: which neighbours are alive, and why not", Bfd),
        ("tunnels", "Tunnels, their MTU and their SAs", Tunnels),
    ];

    /// <summary>
    /// USE: whether packets take it now, which an SA that is being retired no longer does. IDLE: since its last packet. A group's SA stands here once as inbound, whichever worker opens what comes,
    /// and once as outbound for each worker and outer family.
    /// </summary>
    public static string Sas(JsonArray sas, int width)
    {
        var table = new TextTable(new("DIR"), new("SPI"), new("TUNNEL", Fit.Cut), new("USE"), new("W", Fit.Right), new("PKTS", Fit.Right), new("BYTES", Fit.Right), new("DROPS", Fit.Right),
            new("IDLE", Fit.Right), new("CIPHER", Fit.Cut));
        foreach (var sa in sas)
        {
            var isShared = Text(sa, "group").Length > 0 && Text(sa, "direction") == "inbound";
            table.Add(Text(sa, "direction") == "outbound" ? "out" : "in", Text(sa, "spi"), Text(sa, isShared ? "group" : "tunnel"), Text(sa, "in_use"), isShared ? "any" : Text(sa, "worker"), Number(sa, "packets"), Number(sa, "bytes"),
                Number(sa, "drops"), sa?["idle_milliseconds"] is { } idle ? Units.Duration((long)idle) : "-", Text(sa, "cipher"));
        }

        return table.Text(width);
    }

    /// <summary>PORTS: local to remote; for ICMP the types and codes.</summary>
    public static string Spd(JsonArray rules, int width)
    {
        var table = new TextTable(new("#", Fit.Right), new("NAME", Fit.Cut), new("ACTION"), new("TUNNEL", Fit.Cut), new("LOCAL", Fit.Cut), new("REMOTE", Fit.Cut), new("PROTO"), new("PORTS", Fit.Cut));
        foreach (var rule in rules.Where(r => r?["since"] is null))
        {
            var (local, remote) = (Text(rule, "local_ports"), Text(rule, "remote_ports"));
            table.Add(Text(rule, "order"), Text(rule, "name"), Text(rule, "action"), Text(rule, "tunnel"), Text(rule, "local"), Text(rule, "remote"), Text(rule, "protocol"),
                local == "any" && remote == "any" ? "any" : $"{local} to {remote}");
        }

        return table.Text(width) + (rules.Any(r => r?["since"] is not null) ? "\n" + ByRoutes(rules, width) : "");
    }

    /// <summary>Entries that routes made: which gateway, from which neighbour, since when; and why a prefix is discarded.</summary>
    private static string ByRoutes(JsonArray rules, int width)
    {
        var table = new TextTable(new("PREFIX", Fit.Cut), new("ACTION"), new("GATEWAY", Fit.Cut), new("SINCE"), new("WHY", Fit.Wrap));
        foreach (var rule in rules.Where(r => r?["since"] is not null))
            table.Add(Text(rule, "remote"), Text(rule, "action"), string.Join(' ', Items(rule, "gateways").Select(g => (string?)g)), Since(rule), Text(rule, "why"));
        return table.Text(width);
    }

    /// <summary>PREFIX: a star stands behind those that are remembered until they are cleared.</summary>
    public static string Protected(JsonArray prefixes, int width)
    {
        var table = new TextTable(new("PREFIX", Fit.Cut), new("STATE"), new("GATEWAY", Fit.Cut), new("SINCE"), new("WHY", Fit.Wrap));
        foreach (var prefix in prefixes)
            table.Add(Text(prefix, "prefix") + (Text(prefix, "remembered") == "yes" ? "*" : ""), Text(prefix, "state"), string.Join(' ', Items(prefix, "gateways").Select(g => (string?)g)), Since(prefix), Text(prefix, "why"));
        return prefixes.Count == 0 ? "none\n" : table.Text(width);
    }

    private static string Since(JsonNode? row) =>
        DateTimeOffset.TryParse(Text(row, "since"), CultureInfo.InvariantCulture, out var since) ? Units.Duration(Math.Max(0, (long)(DateTimeOffset.UtcNow - since).TotalMilliseconds)) : "-";

    /// <summary>PROT: protected, nothing leaves that way in the clear. MEMBER: of the group that VIA names, the ESP address. FROM: of the configuration and the kernel, or learned.</summary>
    public static string Routes(JsonArray routes, int width)
    {
        var hasMembers = routes.Any(r => Text(r, "outer").Length > 0);
        var table = new TextTable([new("PREFIX", hasMembers ? Fit.Cut : Fit.Left), new("KIND"), new("VIA", Fit.Cut), .. hasMembers ? [new Column("MEMBER", Fit.Cut)] : Array.Empty<Column>(), new("PROT"), new("NEIGHBOUR", Fit.Cut), new("FROM")]);
        foreach (var route in routes)
        {
            var via = Text(route, "group") is { Length: > 0 } group ? group : Text(route, "tunnel") is { Length: > 0 } tunnel ? tunnel : Text(route, "port");
            table.Add([Text(route, "prefix"), Text(route, "kind"), via, .. hasMembers ? [Text(route, "outer")] : Array.Empty<string>(), Text(route, "protected"), Text(route, "neighbour"), Text(route, "learned") == "yes" ? "learned" : "static"]);
        }

        return table.Text(width);
    }

    /// <summary>DROPS: ours and those of the kernel and the card before us.</summary>
    public static string Ports(JsonArray ports, int width)
    {
        var table = new TextTable(new("PORT", Fit.Cut), new("SIDE"), new("STATE"), new("MODE"), new("MTU", Fit.Right), new("RX-PKT", Fit.Right), new("RX-BYTE", Fit.Right), new("TX-PKT", Fit.Right),
            new("TX-BYTE", Fit.Right), new("DROPS", Fit.Right));
        foreach (var port in ports)
        {
            var mode = Text(port, "kind") == "af_xdp" ? Text(port, "mode") : Text(port, "kind");
            table.Add(Text(port, "name"), Text(port, "side"), Text(port, "state"), Text(port, "queues") == "1" ? mode : $"{mode}×{Text(port, "queues")}", Text(port, "mtu"), Number(port, "rx_packets"),
                Number(port, "rx_bytes"), Number(port, "tx_packets"), Number(port, "tx_bytes"), Units.Short(Value(port, "drops") + Value(port, "kernel_drops")));
        }

        return table.Text(width);
    }

    /// <summary>A row for each counter, a column for each worker; as many tables as the width needs.</summary>
    public static string Workers(JsonArray workers, int width)
    {
        var names = workers.OfType<JsonObject>().SelectMany(w => w.Select(f => f.Key)).Distinct().Where(n => n != "worker").ToList();
        var longest = names.Select(n => n.Length).DefaultIfEmpty(0).Max();
        var figures = workers.SelectMany(w => names.Select(n => Figure(w, n).Length)).DefaultIfEmpty(0).Max();
        var inOne = Math.Max(1, (width - longest) / (Math.Max(figures, 9) + WorkerGap));
        var tables = workers.Chunk(inOne).Select(part =>
        {
            var table = new TextTable([new Column("COUNTER"), .. part.Select(w => new Column("WORKER " + Text(w, "worker"), Fit.Right))]);
            foreach (var name in names) table.Add([name, .. part.Select(w => Figure(w, name))]);
            return table.Text(width);
        });
        return workers.Count == 0 ? "none\n" : string.Join('\n', tables);
    }

    /// <summary>Sums over the workers, most first.</summary>
    public static string Drops(JsonArray drops, int width)
    {
        var table = new TextTable(new("COUNT", Fit.Right), new("REASON"), new("SEVERITY"), new("WHAT IT MEANS", Fit.Wrap));
        foreach (var reason in drops.GroupBy(d => Text(d, "reason")).Select(g => (First: g.First(), Sum: g.Aggregate(0UL, (sum, d) => sum + Value(d, "count")))).OrderByDescending(r => r.Sum))
            table.Add(Units.Count(reason.Sum), Text(reason.First, "reason"), Text(reason.First, "severity"), $"{Text(reason.First, "text")} ({Text(reason.First, "source")})");
        return table.Text(width);
    }

    /// <summary>SAS: outbound/inbound. MTU: largest inner packet. PATH: whether the next hop towards the peer is resolved; a group's packets go where their routes say.</summary>
    public static string Tunnels(JsonArray tunnels, int width)
    {
        var table = new TextTable(new("TUNNEL", Fit.Cut), new("MODE"), new("REMOTE", Fit.Cut), new("PORT", Fit.Cut), new("PATH"), new("SAS", Fit.Right), new("MTU", Fit.Right), new("INSIDE ROUTES", Fit.Wrap));
        foreach (var tunnel in tunnels)
        {
            var resolved = Text(tunnel, "group").Length > 0 ? "routes" : Text(tunnel, "next_hop_resolved") == "yes" ? "ok" : Text(tunnel, "next_hop").Length > 0 ? "no-mac" : "none";
            table.Add(Text(tunnel, "name"), Text(tunnel, "mode"), Text(tunnel, "remote"), Text(tunnel, "port"), resolved, $"{Items(tunnel, "outbound_spis").Count}/{Items(tunnel, "inbound_spis").Count}",
                Text(tunnel, "inner_mtu"), string.Join(' ', Items(tunnel, "routes").Select(r => (string?)r)));
        }

        return table.Text(width);
    }

    /// <summary>EVERY: milliseconds between our packets before jitter. DETECT: milliseconds of silence after which the other side is dead.</summary>
    public static string Bfd(JsonArray sessions, int width)
    {
        var table = new TextTable(new("REMOTE", Fit.Cut), new("HOPS"), new("STATE"), new("EVERY", Fit.Right), new("DETECT", Fit.Right), new("FOR", Fit.Right), new("DOWNS", Fit.Right), new("WANTED BY", Fit.Cut), new("WHY", Fit.Wrap));
        foreach (var s in sessions)
        {
            table.Add(Text(s, "remote"), Text(s, "multihop") == "yes" ? "multi" : "one", Text(s, "state"), Text(s, "transmit_milliseconds"), Text(s, "detection_milliseconds"),
                Units.Duration((long)Value(s, "milliseconds_in_state")), Number(s, "downs"), string.Join(", ", Items(s, "for").Select(k => (string?)k)), Text(s, "state") == "up" ? "" : Text(s, "diagnostic"));
        }

        return table.Text(width);
    }

    /// <summary>A field as text: yes and no for what is true and false, nothing for what is not there.</summary>
    public static string Text(JsonNode? row, string field) => row?[field] switch
    {
        null => "",
        var value when value.GetValueKind() == System.Text.Json.JsonValueKind.True => "yes",
        var value when value.GetValueKind() == System.Text.Json.JsonValueKind.False => "no",
        var value => value.ToString(),
    };

    /// <summary>A field that is a list; empty where it is not there.</summary>
    public static JsonArray Items(JsonNode? row, string field) => row?[field] as JsonArray ?? [];

    /// <summary>A field that is a number; 0 where it is none.</summary>
    public static ulong Value(JsonNode? row, string field) => ulong.TryParse(Text(row, field), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    /// <summary>The same, in at most six characters.</summary>
    public static string Number(JsonNode? row, string field) => Units.Short(Value(row, field));

    private static string Figure(JsonNode? row, string field) => row?[field]?.GetValueKind() == System.Text.Json.JsonValueKind.Number ? Units.Count(Value(row, field)) : Text(row, field);
}
