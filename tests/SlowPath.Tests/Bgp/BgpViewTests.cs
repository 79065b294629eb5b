using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Appliance.Bgp;
using Appliance.SlowPath.Api;

namespace Appliance.SlowPath.Tests.Bgp;

/// <summary>What the API says of BGP.</summary>
public sealed class BgpViewTests
{
    private static JsonNode Json<T>(T view, Func<ViewJson, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T>> type) => JsonNode.Parse(JsonSerializer.Serialize(view, type(ViewJson.Default)))!;

    [Fact]
    public void NeighborsAndTables()
    {
        var status = new NeighborStatus
        {
            Name = "n", Address = IPAddress.Parse("198.51.100.1"), RemoteAs = 64496, LocalAs = 65001, RouterId = 0xC6336401, State = SessionState.OpenConfirm, LastReason = "why", BfdUp = true,
            Received = new MessageCounts { Updates = 3, Refreshes = 1 }, Families = [new NeighborFamilyStatus { Family = Family.Vpnv4, Accepted = 7 }],
        };
        var json = Json(BgpView.Of(new BgpSummary(65001, 0xC0000201, false, [status], [new TableStatus("red", Family.Ipv6Unicast, 5, 6, true)])), j => j.BgpView);
        Assert.Equal("""{"vrf":"red","family":"ipv6","prefixes":5,"paths":6,"is_complete":true}""", json["tables"]![0]!.ToJsonString());
        Assert.Equal(("192.0.2.1", 65001u), ((string)json["router_id"]!, (uint)json["local_as"]!));
        var n = json["neighbors"]![0]!;
        Assert.Equal(("n", "open_confirm", "why", "198.51.100.1"), ((string)n["name"]!, (string)n["state"]!, (string)n["last_reason"]!, (string)n["router_id"]!));
        Assert.Equal((true, 3, 1, 4, "vpnv4", 7), ((bool)n["bfd_up"]!, (int)n["received"]!["updates"]!, (int)n["received"]!["refreshes"]!, (int)n["received"]!["all"]!, (string)n["families"]![0]!["family"]!, (int)n["families"]![0]!["accepted"]!));
        Assert.Null(n["local_address"]);
    }

    [Fact]
    public void EveryAttributeOfAPath()
    {
        var attributes = new PathAttributes
        {
            Origin = Origin.Incomplete,
            AsPath = [new AsSegment(2, [64496, 64500])],
            NextHop = IPAddress.Parse("2001:db8::1"),
            LinkLocalNextHop = IPAddress.Parse("fe80::1"),
            Med = 5,
            LocalPref = 100,
            AtomicAggregate = true,
            Aggregator = new Aggregator(64500, 0xC0000209),
            Communities = [0xFDE90064, 0xFFFFFF01],
            ExtendedCommunities = [0x0002_FDE9_0000_0007, 0x035e_0000_c000_0201, 0x435e_0000_c000_0202],
            LargeCommunities = [new LargeCommunity(1, 2, 3)],
            OriginatorId = 0xC0000203,
            ClusterList = [0xC0000204],
            TunnelEncapsulation = TunnelEncapsulation.Write([new Tunnel(TunnelType.IpsecTunnel, [TunnelSubTlv.Endpoint(IPAddress.Parse("192.0.2.7"))]), new Tunnel(99, [])]),
            Unknown = [new UnknownAttribute(0xe0, 200, new byte[65])],
        };
        Assert.True(Prefix.TryParse("10.1.0.0/16", out var prefix));
        var route = new RouteStatus("", Family.Vpnv4, new Nlri(prefix, 0x0000_FDE9_0000_0001, 17, 2), [new PathStatus { Attributes = attributes, Neighbor = "n", PathId = 2, IsBest = true, Why = "only path" }]);
        var json = Json(BgpRoutesView.Of("", Family.Vpnv4, [route], 41, true, 0x5e), j => j.BgpRoutesView);
        Assert.Equal("""
            {"vrf":"","family":"vpnv4","routes":[{"prefix":"10.1.0.0/16","route_distinguisher":"65001:1","label":17,"paths":[{"neighbor":"n","best":true,"multipath":false,"stale":false,"is_accepted":true,"is_reachable":false,
            "is_external":false,"is_local":false,"why":"only path","path_id":2,"next_hop":"2001:db8::1","link_local_next_hop":"fe80::1","as_path":"64496 64500","origin":"incomplete","med":5,"local_pref":100,
            "security_gateway":"192.0.2.1","communities":["65001:100","no-export"],"extended_communities":["rt:65001:7","security-gateway:192.0.2.1","security-gateway:192.0.2.2 (non-transitive)"],
            "large_communities":["1:2:3"],"atomic_aggregate":true,"aggregator":"64500 192.0.2.9","originator_id":"192.0.2.3","cluster_list":["192.0.2.4"],"tunnels":["ipsec to 192.0.2.7","type 99"],
            "unknown":["type 200 flags 0xe0 
            """.ReplaceLineEndings("") + new string('0', 128) + "… (65 octets)\"]}]}],\"more\":41,\"is_more_exact\":true}", json.ToJsonString(new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
    }

    [Fact]
    public void OutsideOfVpnThereIsNoDistinguisher()
    {
        var json = Json(BgpRoutesView.Of("red", Family.Ipv4Unicast, [new RouteStatus("red", Family.Ipv4Unicast, default, [new PathStatus { Attributes = new PathAttributes() }])], 0, true, 0x5e), j => j.BgpRoutesView);
        Assert.Null(json["routes"]![0]!["route_distinguisher"]);
        Assert.Null(json["routes"]![0]!["paths"]![0]!["med"]);
    }
}
