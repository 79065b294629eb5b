using System.Text.Json.Nodes;
using Appliance.Cli.Show;

namespace Appliance.CliTests;

/// <summary>What <c>appliance show</c> prints fits 80 columns with the longest names, addresses and numbers, and loses no number.</summary>
public sealed class TableTests
{
    private const int Width = 80;
    private const string Address = "2001:db8:1111:2222:3333:4444:5555:6666";

    public static TheoryData<string, string> Longest => new()
    {
        { "sa", """[{"direction":"outbound","spi":"0xffffffff","tunnel":"a-tunnel-with-a-name-of-31-char","in_use":true,"worker":15,"packets":18446744073709551615,"bytes":18446744073709551615,"drops":18446744073709551615,"idle_milliseconds":86400000,"cipher":"aes-256-cbc-hmac-sha2-256-128"}]""" },
        { "spd", $$"""[{"order":8192,"name":"a-policy-with-a-name-of-31-char","action":"protect","tunnel":"a-tunnel-with-a-name-of-31-char","local":"{{Address}}/128","remote":"{{Address}}-{{Address}}","protocol":"255","local_ports":"10000-60000","remote_ports":"10000-60000"}]""" },
        { "routes", $$"""[{"prefix":"{{Address}}/128","kind":"adjacent","protected":false,"port":"a-port-with-31-chars-in-its-name","neighbour":"{{Address}}"}]""" },
        { "routes", $$"""[{"prefix":"{{Address}}/128","kind":"tunnel","protected":true,"tunnel":"a-group-with-a-name-of-28-chs.v6","group":"a-group-with-a-name-of-28-chs","outer":"{{Address}}","port":"a-port-with-31-chars-in-its-name","neighbour":"{{Address}}","learned":true}]""" },
        { "ports", """[{"name":"a-port-with-31-chars-in-its-name","kind":"af_xdp","side":"unprotected","state":"starting","mode":"generic","queues":16,"mtu":65535,"rx_packets":18446744073709551615,"rx_bytes":18446744073709551615,"tx_packets":18446744073709551615,"tx_bytes":18446744073709551615,"drops":999999999,"kernel_drops":1}]""" },
        { "workers", "[" + string.Join(',', Enumerable.Range(0, 16).Select(w => $$"""{"worker":{{w}},"core":{{w}},"sleeping":false,"heartbeat_age_milliseconds":18446744073709551615}""")) + "]" },
        { "drops", """[{"reason":"integrity_check_failed","worker":0,"count":18446744073709551615,"severity":"security","text":"The integrity check value of the packet is not the one that was computed over it, so that somebody changed it","source":"RFC 4303 §3.4.4.1"}]""" },
        { "tunnels", $$"""[{"name":"a-tunnel-with-a-name-of-31-char","mode":"transport","remote":"{{Address}}","port":"a-port-with-31-chars-in-its-name","next_hop":"{{Address}}","next_hop_resolved":false,"outbound_spis":["0x1"],"inbound_spis":[],"inner_mtu":65535,"routes":["{{Address}}/128","10.0.0.0/8"]}]""" },
    };

    [Theory]
    [MemberData(nameof(Longest))]
    public void LongestValuesFit80Columns(string subject, string answer)
    {
        var text = Build(subject, answer);
        Assert.All(Lines(text), line => Assert.True(line.Length <= Width, $"{line.Length}: {line}"));
        Assert.True(Lines(text).Count >= 2, text);
    }

    [Fact]
    public void EntriesOfRoutesStandBelowTheRulesAndSayWhoMadeThem()
    {
        var since = DateTimeOffset.UtcNow.AddMinutes(-3).ToString("O");
        var entry = $$"""{"order":2,"name":"route","action":"protect","tunnel":"ce-198.51.100.1","local":"10.1.0.0/16","remote":"{{Address}}/128","protocol":"any","local_ports":"any","remote_ports":"any","gateways":["198.51.100.1","198.51.100.2"],"neighbors":["pe1"],"since":"{{since}}","why":"announced by pe1 with Security Gateway Identity 198.51.100.1, 198.51.100.2"}""";
        var text = SubjectTables.Spd(JsonNode.Parse($$"""[{"order":1,"name":"ce-protect-1","action":"protect","tunnel":"by-route","local":"10.1.0.0/16","remote":"any","protocol":"any","local_ports":"any","remote_ports":"any"},{{entry}}]""")!.AsArray(), Width);
        Assert.All(Lines(text), line => Assert.True(line.Length <= Width, $"{line.Length}: {line}"));
        Assert.Contains(Lines(text), l => l.StartsWith("1  ce-protect-1", StringComparison.Ordinal));
        Assert.Contains("3m", text, StringComparison.Ordinal);
        text = SubjectTables.Protected(JsonNode.Parse($$"""[{"prefix":"10.2.0.0/16","remembered":true,"state":"discard","gateways":[],"neighbors":[],"since":"{{since}}","why":"no longer announced"},{"prefix":"{{Address}}/128","remembered":true,"state":"restarting","gateways":["198.51.100.1"],"neighbors":["pe1"],"why":"announced by pe1 with Security Gateway Identity 198.51.100.1"}]""")!.AsArray(), Width);
        Assert.All(Lines(text), line => Assert.True(line.Length <= Width, $"{line.Length}: {line}"));
        Assert.Contains("10.2.0.0/16*", text, StringComparison.Ordinal);
        Assert.Equal("none\n", SubjectTables.Protected([], Width));
    }

    [Theory]
    [MemberData(nameof(Longest))]
    public void NothingSaysNone(string subject, string longest)
    {
        _ = longest;
        Assert.EndsWith("none\n", Build(subject, "[]"), StringComparison.Ordinal);
    }

    [Fact]
    public void Sas_ReadInOneLineEach_NumbersBelowTheEndOfTheirHeader()
    {
        var lines = Lines(Build("sa", """
            [{"direction":"outbound","spi":"0x00001001","tunnel":"to-b","in_use":true,"worker":0,"packets":7,"bytes":123456,"drops":0,"idle_milliseconds":1500,"cipher":"aes-128-gcm"},
             {"direction":"inbound","spi":"0x00001002","tunnel":"to-b","in_use":true,"worker":0,"packets":12345,"bytes":5,"drops":2,"cipher":"aes-128-gcm"}]
            """));
        Assert.Equal(
            ["DIR  SPI         TUNNEL  USE  W   PKTS   BYTES  DROPS  IDLE  CIPHER",
             "out  0x00001001  to-b    yes  0      7  123.5k      0    1s  aes-128-gcm",
             "in   0x00001002  to-b    yes  0  12345       5      2     -  aes-128-gcm"], lines);
    }

    [Fact]
    public void Routes_ToMembersSayGroupMemberAndNeighbour()
    {
        var lines = Lines(Build("routes", """
            [{"prefix":"10.2.0.0/16","kind":"tunnel","protected":true,"tunnel":"mesh.v4","group":"mesh","outer":"198.51.100.1","port":"wan","neighbour":"192.0.2.254","learned":true},
             {"prefix":"10.1.0.0/24","kind":"glean","protected":false,"port":"lan","learned":false}]
            """));
        Assert.Equal(
            ["PREFIX       KIND    VIA   MEMBER        PROT  NEIGHBOUR    FROM",
             "10.2.0.0/16  tunnel  mesh  198.51.100.1  yes   192.0.2.254  learned",
             "10.1.0.0/24  glean   lan                 no                 static"], lines);
    }

    [Fact]
    public void Drops_AreSumsOverWorkers_MostFirst()
    {
        var lines = Lines(Build("drops", """
            [{"reason":"replayed","worker":0,"count":1,"severity":"security","text":"seen before","source":"RFC 4303 §3.4.3"},
             {"reason":"no_route","worker":0,"count":1500,"severity":"normal","text":"no way","source":"RFC 1812"},
             {"reason":"no_route","worker":1,"count":500,"severity":"normal","text":"no way","source":"RFC 1812"}]
            """));
        Assert.Equal(3, lines.Count);
        Assert.StartsWith("2 000  no_route", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("    1  replayed", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public void LongText_GoesOnBelowItself_AndIsWhole()
    {
        var words = string.Join(' ', Enumerable.Range(0, 60).Select(n => $"word{n}"));
        var lines = Lines(new TextTable(new("A"), new Column("B", Fit.Wrap)).Add("a", words).Text(Width));
        Assert.Equal(words, string.Join(' ', lines.Skip(1).Select(l => l[2..])));
        Assert.All(lines.Skip(2), l => Assert.StartsWith("  word", l, StringComparison.Ordinal));
    }

    [Fact]
    public void ControlCharacters_DoNotReachTheTerminal() =>
        Assert.DoesNotContain('\e', new TextTable(new Column("A", Fit.Cut)).Add("x\e[31m").Text(Width));

    [Fact]
    public void LiveTable_Fits80Columns()
    {
        var figures = new GatewayFigures(1000, 8192, 8192, ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, 0, 0,
            [.. Enum.GetValues<Shared.DropReason>().Skip(1).Take(9).Select(r => (r, 999_999_999UL))]);
        var text = LiveTable.Text([("a-gateway-with-a-name-of-31-char", figures with { Tick = 0, InboundBytes = ulong.MaxValue, OutboundBytes = ulong.MaxValue - 12_345_678_900 }, figures), ("gone", null, null)], [("tcp", "1 Mbit/s")], Width);
        Assert.All(Lines(text), line => Assert.True(line.Length <= Width, $"{line.Length}: {line}"));
        Assert.Contains("98765.4", text, StringComparison.Ordinal);
        Assert.Contains("5 other reasons", text, StringComparison.Ordinal);
        Assert.Contains("gone: no region", text, StringComparison.Ordinal);
    }

    private static string Build(string subject, string answer) => SubjectTables.All.Single(s => s.Name == subject).Table(JsonNode.Parse(answer)!.AsArray(), Width);

    private static List<string> Lines(string text) => [.. text.TrimEnd('\n').Split('\n')];
}
