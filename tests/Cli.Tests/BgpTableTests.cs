using System.Text.Json.Nodes;
using Appliance.Cli.Commands;
using Appliance.Cli.Show;

namespace Appliance.CliTests;

/// <summary>What <c>appliance show bgp</c> makes of answers of the API.</summary>
public sealed class BgpTableTests
{
    private const int Width = 80;
    private const string Address = "2001:db8:1111:2222:3333:4444:5555:6666";

    private static readonly JsonNode Bgp = JsonNode.Parse("""
        {"local_as":65001,"router_id":"192.0.2.1","is_restarting":false,
         "neighbors":[
          {"name":"transit","address":"198.51.100.1","vrf":"","remote_as":64496,"state":"established","seconds_in_state":7300,"last_reason":"KeepAliveMsg","families":[{"family":"ipv4","accepted":950000,"sent":7},{"family":"ipv6","accepted":3,"sent":1}]},
          {"name":"192.0.2.2","address":"192.0.2.2","vrf":"","remote_as":65001,"state":"active","seconds_in_state":9,"last_reason":"198.51.100.2 refuses the connection: is its BGP running, and are we its neighbour?","families":[]},
          {"name":"ce","address":"10.7.0.2","vrf":"red","remote_as":64500,"is_disabled":true,"state":"idle","seconds_in_state":1,"last_reason":"disabled by the operator","families":[]}],
         "tables":[{"vrf":"","family":"ipv4","prefixes":950001,"paths":950003,"is_complete":true},{"vrf":"red","family":"ipv4","prefixes":2,"paths":2,"is_complete":false}]}
        """)!;

    private static readonly JsonNode Routes = JsonNode.Parse("""
        {"vrf":"","family":"ipv4","routes":[
         {"prefix":"10.1.0.0/16","paths":[
          {"neighbor":"transit","best":true,"is_reachable":true,"is_external":true,"next_hop":"198.51.100.1","as_path":"64496 64500","origin":"igp","med":5,"communities":["64496:1","no-export"],"extended_communities":["rt:65001:7"],"why":"only path of EBGP"},
          {"neighbor":"rr","best":false,"stale":true,"is_reachable":false,"next_hop":"192.0.2.9","as_path":"64500","origin":"incomplete","local_pref":100,"path_id":3}]},
         {"prefix":"10.2.0.0/16","paths":[{"neighbor":"","best":true,"is_reachable":true,"is_local":true,"next_hop":"0.0.0.0","as_path":"","origin":"igp"},
          {"neighbor":"rr","best":false,"is_accepted":false,"is_reachable":false,"next_hop":"192.0.2.9","as_path":"65001","origin":"igp"}]}],
         "more":12345,"is_more_exact":true}
        """)!;

    [Fact]
    public void TheSummary() => Assert.Equal("""
        AS 65001, router 192.0.2.1

        NEIGHBOUR ADDRESS         AS STATE    FOR  TAKEN SENT WHY
        transit   198.51.100.1 64496 up        2h 950.0k    8
        192.0.2.2              65001 active    9s      0    0 198.51.100.2 refuses the
                                                              connection: is its BGP
                                                              running, and are we its
                                                              neighbour?
        ce        10.7.0.2     64500 disabled  1s      0    0 disabled by the operator

        TABLE   FAMILY  PREFIXES   PATHS
        global  ipv4      950001  950003
        red     ipv4           2       2  waits for routes

        """, BgpTable.Summary(Bgp, Width));

    [Fact]
    public void AVrfAloneWithItsRoutes()
    {
        var text = ShowBgpCommand.VrfText(new JsonObject { ["neighbors"] = Bgp["neighbors"]!.DeepClone(), ["tables"] = Bgp["tables"]!.DeepClone(), ["routes"] = new JsonArray(Routes.DeepClone(), JsonNode.Parse("""{"routes":[]}""")) }, "red");
        Assert.StartsWith("NEIGHBOUR  ADDRESS      AS  STATE", text, StringComparison.Ordinal);
        Assert.DoesNotContain("transit   198", text, StringComparison.Ordinal);
        Assert.DoesNotContain("global", text, StringComparison.Ordinal);
        Assert.Contains("10.1.0.0/16", text, StringComparison.Ordinal);
        Assert.DoesNotContain("none", text, StringComparison.Ordinal);
    }

    [Fact]
    public void RoutesALinePerPath() => Assert.Equal("""
            PREFIX       NEXT HOP      NEIGHBOUR  PREF  MED  AS PATH
        >   10.1.0.0/16  198.51.100.1  transit            5  64496 64500 i
        s!               192.0.2.9     rr          100       64500 ?
        >   10.2.0.0/16  ours                                i
        x                192.0.2.9     rr                    65001 i
        > best, = used beside it, s stale, x not taken, ! next hop unreachable
        12 345 more prefixes: name one, or an outer one, or write --limit N

        """, BgpRouteTable.Text(Routes, Width));

    [Fact]
    public void RoutesWithEveryAttribute() => Assert.Equal("""
        10.1.0.0/16
          from transit (EBGP), next hop 198.51.100.1, best
            decision: only path of EBGP
            as path: 64496 64500 igp
            med: 5
            communities: 64496:1 no-export
            extended: rt:65001:7
          from rr (IBGP), next hop 192.0.2.9, stale, next hop unreachable, path 3
            as path: 64500 incomplete
            local pref: 100

        10.2.0.0/16
          ours, best
            as path: igp
          from rr (IBGP), next hop 192.0.2.9, not taken
            as path: 65001 igp
        12 345 more prefixes: name one, or an outer one, or write --limit N

        """, BgpRouteTable.Details(Routes, Width));

    [Fact]
    public void VpnRoutesAndGateways()
    {
        var text = BgpRouteTable.Text(JsonNode.Parse("""
            {"routes":[{"prefix":"10.1.0.0/16","route_distinguisher":"65001:1","label":17,"paths":[{"neighbor":"pe","best":true,"is_reachable":true,"next_hop":"192.0.2.9","as_path":"","origin":"igp","local_pref":100,"security_gateway":"203.0.113.1"}]}],"more":3,"is_more_exact":false}
            """)!, Width);
        Assert.Equal("""
               PREFIX       RD       NEXT HOP   NEIGHBOUR  PREF  MED  GATEWAY      AS PATH
            >  10.1.0.0/16  65001:1  192.0.2.9  pe          100       203.0.113.1  i
            > best, = used beside it, s stale, x not taken, ! next hop unreachable
            at least 3 more prefixes: name one, or an outer one, or write --limit N

            """, text);
    }

    [Fact]
    public void ANeighbor() => Assert.Equal("""
        transit
          EBGP, AS 64496, ours 65001
          192.0.2.1 to 198.51.100.1, router 198.51.100.1
          established for 2h, established 3 times
          why: KeepAliveMsg
          last notification: received Cease/Administrative Reset
          hold time 90s, keepalive 30s, BFD up
          capabilities of both: 4-octet-as, route-refresh
          2 malformed updates that did not end a session (RFC 7606): see the log
          MESSAGES  OPEN  UPDATE  NOTIFICATION  KEEPALIVE  REFRESH
          received     3  123.5k             1          9        0
          sent         3       2             0          9        1
          FAMILY USED RCVD TAKEN  MAX SENT STALE IMPORT EXPORT
          ipv4   yes  1000   990 2000    7     0 in     nothing no End-of-RIB yet

        """, BgpTable.Neighbor(JsonNode.Parse("""
        {"name":"transit","address":"198.51.100.1","local_address":"192.0.2.1","vrf":"","remote_as":64496,"local_as":65001,"router_id":"198.51.100.1","is_external":true,"is_dynamic":false,"is_disabled":false,
         "is_reflector_client":false,"state":"established","seconds_in_state":7300,"times_established":3,"last_reason":"KeepAliveMsg","last_notification":"received Cease/Administrative Reset","hold_seconds":90,
         "keepalive_seconds":30,"capabilities":["4-octet-as","route-refresh"],"remote_capabilities":[],"bfd_up":true,"octets_unsent":0,
         "received":{"opens":3,"updates":123456,"notifications":1,"keepalives":9,"refreshes":0},"sent":{"opens":3,"updates":2,"notifications":0,"keepalives":9,"refreshes":1},"malformed_updates":2,
         "families":[{"family":"ipv4","is_negotiated":true,"received":1000,"accepted":990,"sent":7,"stale":0,"maximum_prefixes":2000,"import":"in","export":"","end_of_rib_received":false}]}
        """)!, Width));

    [Fact]
    public void TheLongestFits80Columns()
    {
        var bgp = Bgp.DeepClone();
        foreach (var n in bgp["neighbors"]!.AsArray())
        {
            (n!["name"], n["address"], n["remote_as"], n["state"]) = ("a-neighbour-with-a-name-of-31-ch", Address, 4294967294, "open_confirm");
            n["last_reason"] = new string('r', 300) + "\e[31m";
        }

        bgp["tables"]![0]!["vrf"] = "a-vrf-with-a-name-of-31-letters";
        Fits(BgpTable.Summary(bgp, Width));
        var routes = Routes.DeepClone();
        routes["routes"]![0]!["prefix"] = "2001:db8:1111:2222::/64";
        foreach (var p in routes["routes"]![0]!["paths"]!.AsArray()) (p!["next_hop"], p["neighbor"], p["as_path"]) = (Address, "a-neighbour-with-a-name-of-31-ch", string.Join(' ', Enumerable.Repeat(4200000000, 200)));
        Fits(BgpRouteTable.Text(routes, Width));
        Fits(BgpRouteTable.Details(routes, Width));
        static void Fits(string text)
        {
            Assert.All(text.Split('\n'), line => Assert.True(line.Length <= Width, $"{line.Length}: {line}"));
            Assert.DoesNotContain('\e', text);
        }
    }

    [Fact]
    public void NothingSaysNone()
    {
        Assert.Equal("none\n", BgpRouteTable.Text(JsonNode.Parse("{}")!, Width));
        Assert.Equal("none\n", BgpRouteTable.Details(JsonNode.Parse("""{"routes":[],"more":0}""")!, Width));
        Assert.Contains("none", BgpTable.Summary(JsonNode.Parse("{}")!, Width), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "", null, "/bgp/routes?family=ipv4&limit=100")]
    [InlineData("", "", "fd00::/8", "/bgp/routes?family=ipv6&limit=100&prefix=fd00%3A%3A%2F8")]
    [InlineData("r/d", "vpnv4", "10.0.0.0/8", "/bgp/routes?family=vpnv4&limit=100&vrf=r%2Fd&prefix=10.0.0.0%2F8")]
    public void TheRequestForRoutes(string vrf, string family, string? prefix, string path)
    {
        Assert.Equal(path, ShowBgpCommand.Query(vrf, family, prefix, 100));
        Assert.Equal("/bgp/routes?family=ipv4&limit=7&neighbor=a%20b", ShowBgpCommand.Query("", "", null, 7, "a b"));
    }
}
