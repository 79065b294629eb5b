using System.Net;
using System.Text.Json;
using Appliance.Bgp;
using Appliance.SlowPath.Tests.Ike;
using Appliance.SlowPath.Tests.Serving;

namespace Appliance.SlowPath.Tests.Bgp;

/// <summary>The endpoints of BGP over a real socket.</summary>
public sealed class BgpApiTests : IDisposable
{
    private readonly Bench bench = new();
    private readonly HttpClient client;

    public BgpApiTests() => client = bench.Client();

    public void Dispose()
    {
        client.Dispose();
        bench.Dispose();
    }

    [Theory]
    [InlineData("GET", "/bgp")]
    [InlineData("GET", "/bgp/neighbors/they")]
    [InlineData("GET", "/bgp/routes")]
    [InlineData("POST", "/bgp/clear/they")]
    public async Task WithoutItsSectionThereIsNoBgp(string method, string path)
    {
        var (status, answer) = await AskAsync(method, path);
        Assert.Equal(HttpStatusCode.NotFound, status);
        Assert.Contains("no 'bgp' section", answer.GetProperty("hint").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("appliance_bgp", await client.GetStringAsync("/metrics"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RoutesAreAskedByTablePrefixAndNeighbour()
    {
        Start();
        await Waiting.For(() => bench.On(() => bench.Bgp.Routes("", Family.Ipv4Unicast, null).Count() == 3), "the routes");
        Assert.Equal(3, (await RoutesAsync("/bgp/routes")).GetProperty("routes").GetArrayLength());
        var one = await RoutesAsync("/bgp/routes?limit=1");
        Assert.Equal((1, 2, true), (one.GetProperty("routes").GetArrayLength(), one.GetProperty("more").GetInt32(), one.GetProperty("is_more_exact").GetBoolean()));
        Assert.Equal(["10.1.0.0/16", "10.1.2.0/24"], Prefixes(await RoutesAsync("/bgp/routes?prefix=10.1.0.0/16")));
        Assert.Equal(1, (await RoutesAsync("/bgp/routes?prefix=10.1.0.0/16&limit=1")).GetProperty("more").GetInt32());
        Assert.Empty(Prefixes(await RoutesAsync("/bgp/routes?neighbor=they")));
        Assert.Empty(Prefixes(await RoutesAsync("/bgp/routes?prefix=2001:db8::/32")));
        Assert.Empty(Prefixes(await RoutesAsync("/bgp/routes?family=vpnv4")));
        Assert.Equal(["10.9.0.0/16"], Prefixes(await RoutesAsync("/bgp/routes?vrf=red")));
    }

    [Theory]
    [InlineData("?limit=0", "from 1")]
    [InlineData("?limit=10001", "from 1")]
    [InlineData("?limit=x", "from 1")]
    [InlineData("?prefix=10.0.0.0/33", "no prefix")]
    [InlineData("?family=ipx", "no family")]
    [InlineData("?family=ipv6&prefix=10.0.0.0/8", "none of ipv6")]
    [InlineData("?vrf=blue", "no VRF")]
    [InlineData("?neighbor=nobody", "no BGP neighbour")]
    [InlineData("?colour=red", "no 'colour'")]
    public async Task AWrongQuestionIsAnsweredWithWhatIsWrong(string query, string expected)
    {
        Start();
        var (status, answer) = await AskAsync("GET", "/bgp/routes" + query);
        Assert.InRange((int)status, 400, 499);
        Assert.Contains(expected, answer.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.NotEmpty(answer.GetProperty("hint").GetString()!);
    }

    [Fact]
    public async Task VerbsAndMetrics()
    {
        Start();
        foreach (var verb in (string[])["disable", "enable", "clear", "refresh"]) Assert.Equal(HttpStatusCode.OK, (await AskAsync("POST", $"/bgp/{verb}/they")).Status);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync("POST", "/bgp/disable/127.0.0.1")).Status);
        var (_, they) = await AskAsync("GET", "/bgp/neighbors/they");
        Assert.Equal((true, "idle"), (they.GetProperty("is_disabled").GetBoolean(), they.GetProperty("state").GetString()));
        Assert.Equal(65001u, (await AskAsync("GET", "/bgp")).Answer.GetProperty("local_as").GetUInt32());
        Assert.Equal(HttpStatusCode.NotFound, (await AskAsync("POST", "/bgp/clear/nobody")).Status);
        var metrics = await client.GetStringAsync("/metrics");
        Assert.Contains("appliance_bgp_sessions{state=\"idle\"} 1\n", metrics, StringComparison.Ordinal);
        Assert.Contains("appliance_bgp_prefixes{vrf=\"\",family=\"ipv4\"} 3\n", metrics, StringComparison.Ordinal);
    }

    private static IEnumerable<string?> Prefixes(JsonElement answer) => answer.GetProperty("routes").EnumerateArray().Select(r => r.GetProperty("prefix").GetString()).Order(StringComparer.Ordinal);

    private static OriginatedRoute Network(string text) => new(Family.Ipv4Unicast, Prefix.TryParse(text, out var prefix) ? prefix : throw new FormatException(text), new PathAttributes());

    private void Start() => bench.On(() =>
    {
        bench.Bgp.Start(new BgpConfiguration
        {
            LocalAs = 65001, RouterId = 1, ListenPort = BgpNode.FreePort(),
            Networks = [Network("10.1.0.0/16"), Network("10.1.2.0/24"), Network("10.2.0.0/16")],
            Vrfs = [new VrfConfiguration { Name = "red", RouteDistinguisher = 65001UL << 32 | 1, Label = 16, Networks = [Network("10.9.0.0/16")] }],
            Neighbors = [new NeighborConfiguration { Name = "they", Address = IPAddress.Loopback, RemoteAs = 65002, Passive = true, Families = [new FamilyConfiguration { Family = Family.Ipv4Unicast }] }],
        }, restarted: false);
        return true;
    });

    private async Task<JsonElement> RoutesAsync(string path)
    {
        var (status, answer) = await AskAsync("GET", path);
        Assert.Equal(HttpStatusCode.OK, status);
        return answer;
    }

    private async Task<(HttpStatusCode Status, JsonElement Answer)> AskAsync(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var response = await client.SendAsync(request);
        return (response.StatusCode, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement);
    }
}
