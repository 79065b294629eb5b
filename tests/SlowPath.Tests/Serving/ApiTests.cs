using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Tests.Serving;

/// <summary>The API over its real socket, over a real region.</summary>
public sealed class ApiTests : IDisposable
{
    private const string KeyA = "00112233445566778899aabbccddeeff01020304", KeyB = "10112233445566778899aabbccddeeff01020304";
    private readonly Bench bench = new();
    private readonly HttpClient http;

    public ApiTests() => http = bench.Client();

    public void Dispose()
    {
        http.Dispose();
        bench.Dispose();
    }

    private static string Pair(string outKey, string inKey, int spi = 5000, string cipher = "aes-128-gcm") =>
        $"{{\"cipher\":\"{cipher}\",\"esn\":true,\"replay_window\":1024,\"outbound\":{{\"spi\":{spi},\"key\":\"{outKey}\"}},\"inbound\":{{\"spi\":{spi + 1},\"key\":\"{inKey}\"}}}}";

    private string Metrics()
    {
        using var answer = http.Send(new HttpRequestMessage(HttpMethod.Get, "/metrics"));
        return new StreamReader(answer.Content.ReadAsStream()).ReadToEnd();
    }

    private (int Status, JsonNode Body, string Text) Send(string method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = http.Send(request);
        var text = new StreamReader(answer.Content.ReadAsStream()).ReadToEnd();
        return ((int)answer.StatusCode, JsonNode.Parse(text)!, text);
    }

    [Fact]
    [System.Runtime.Versioning.SupportedOSPlatform("linux")]
    public void SocketIsItsOwnersAlone() => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(bench.Paths.ApiSocket) & (UnixFileMode)0x1ff);

    [Fact]
    public void KeysBecomeSasAndAreNeverShown()
    {
        var (status, body, _) = Send("POST", "/tunnels/to-b/keys", Pair(KeyA, KeyB));
        Assert.Equal(200, status);
        var slot = (uint)body["outbound_slot"]!;
        ref var sa = ref bench.Region.OutboundSa(slot);
        Assert.Equal(SlotState.Live, sa.State);
        Assert.Equal(5000u, sa.Spi);
        Assert.Equal(slot, bench.Region.Tunnel(sa.Tunnel).OutboundSas[0]);
        Assert.Equal((byte)0x00, ((ReadOnlySpan<byte>)sa.Key)[0]);
        Assert.Equal((byte)0x11, ((ReadOnlySpan<byte>)sa.Key)[1]);
        Assert.Equal((uint)body["inbound_slot"]!, bench.Region.SaLookup.Find(5001, FakeKernel.Ip("192.0.2.1"), FakeKernel.Ip("198.51.100.1")));
        Assert.Equal(0xfe, (byte)(bench.Region.Adjacency(sa.Adjacency).MacFirst >> 40));
        foreach (var path in new[] { "/sa", "/health", "/tunnels", "/spd", "/routes", "/ports", "/workers", "/drops" })
        {
            var (code, _, text) = Send("GET", path);
            Assert.Equal(200, code);
            Assert.DoesNotContain("00112233445566", text, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("10112233445566", text, StringComparison.OrdinalIgnoreCase);
        }

        Assert.Equal(2, Send("GET", "/sa").Body.AsArray().Count);
        Assert.Contains("appliance_sa_packets_total{direction=\"outbound\",spi=\"0x00001388\",tunnel=\"to-b\"} 0", Metrics(), StringComparison.Ordinal);
    }

    [Fact]
    public void RoutesSayWhereAnAddressGoesAndShowSomeOfTheLearned()
    {
        var target = new LearnedTarget(LearnedKind.Via, [FakeKernel.Ip("192.0.2.254")], []);
        bench.On(() =>
        {
            bench.Gateway.Learn([.. Enumerable.Range(0, 5).Select(n => new LearnedChange(new IpPrefix(FakeKernel.Ip($"20.{n}.0.0"), 16), target))]);
            return true;
        });
        JsonArray Routes(string query) => Send("GET", "/routes" + query).Body.AsArray();
        Assert.Equal(5, Routes("").Count(r => (bool)r!["learned"]!));
        Assert.Equal(2, Routes("?learned=2").Count(r => (bool)r!["learned"]!));
        Assert.DoesNotContain(Routes("?learned=0"), r => (bool)r!["learned"]!);
        var one = Assert.Single(Routes("?to=20.3.9.9"))!;
        Assert.Equal(("20.3.0.0/16", "192.0.2.254", true), ((string)one["prefix"]!, (string)one["neighbour"]!, (bool)one["learned"]!));
        Assert.False((bool)Assert.Single(Routes("?to=10.2.0.9"))!["learned"]!);
        Assert.Empty(Routes("?to=2001:db8:ffff::1"));
        Assert.Contains("is no address", Send("GET", "/routes?to=here").Text, StringComparison.Ordinal);
        Assert.Equal(400, Send("GET", "/routes?learned=-1").Status);
    }

    [Fact]
    public void Rfc4106_2_AKeyIsNeverUsedTwice()
    {
        Assert.Equal(200, Send("POST", "/tunnels/to-b/keys", Pair(KeyA, KeyB)).Status);
        var again = Send("POST", "/tunnels/to-c/keys", Pair(KeyA, KeyB.Replace("10", "20", StringComparison.Ordinal), 6000));
        Assert.Equal(409, again.Status);
        Assert.Contains("repeat IVs", (string)again.Body["error"]!, StringComparison.Ordinal);
        Assert.DoesNotContain("00112233", again.Text, StringComparison.Ordinal);
        Assert.Equal(200, Send("DELETE", "/sa/outbound/5000").Status);
        Assert.Equal(409, Send("POST", "/tunnels/to-b/keys", Pair(KeyA, KeyB.Replace("10", "30", StringComparison.Ordinal), 7000)).Status);
        Assert.Equal(409, Send("POST", "/tunnels/to-b/keys", Pair("aa" + KeyA[2..], "aa" + KeyA[2..], 8000)).Status);
    }

    [Fact]
    public void Rfc4106_2_AKeyIsNotUsedTwiceAcrossARestart()
    {
        Assert.Equal(200, Send("POST", "/tunnels/to-b/keys", Pair(KeyA, KeyB)).Status);
        bench.Restart();
        Assert.Equal(409, Send("POST", "/tunnels/to-c/keys", Pair(KeyA, "ab" + KeyB[2..], 6000)).Status);
    }

    [Fact]
    public void NewKeysTakeOverAndOldOnesEnd()
    {
        Send("POST", "/tunnels/to-b/keys", Pair(KeyA, KeyB));
        var second = Send("POST", "/tunnels/to-b/keys", Pair("aa" + KeyA[2..], "bb" + KeyB[2..], 6000).Replace("\"esn\"", "\"retire_seconds\":0,\"esn\"", StringComparison.Ordinal));
        Assert.Equal(200, second.Status);
        var slot = (uint)second.Body["outbound_slot"]!;
        Assert.Equal(slot, bench.Region.Tunnel(bench.Region.OutboundSa(slot).Tunnel).OutboundSas[0]);
        bench.Sweep();
        Assert.Equal([6001u, 6000u], bench.On(() => bench.Gateway.Sas.Select(s => s.Spi).Order().Reverse().ToArray()));
        Assert.Equal(SaLookup.None, bench.Region.SaLookup.Find(5001, FakeKernel.Ip("192.0.2.1"), default));
        bench.Sweep();
        for (uint i = 0; i < 64; i++)
            if (bench.Region.OutboundSa(i).State == SlotState.Free)
                Assert.False(((ReadOnlySpan<byte>)bench.Region.OutboundSa(i).Key).ContainsAnyExcept((byte)0), "a free slot holds a key");
    }

    [Theory]
    [InlineData("/tunnels/nobody/keys", "x", 404, "there is no tunnel 'nobody'")]
    [InlineData("/tunnels/to-b/keys", "{", 400, "not valid JSON")]
    [InlineData("/tunnels/to-b/keys", "[]", 400, "no JSON object")]
    [InlineData("/tunnels/to-b/keys", "{}", 400, "'inbound' is missing")]
    [InlineData("/tunnels/to-b/keys", "{\"chiper\":\"x\"}", 400, "'chiper' is not known here")]
    [InlineData("/sa", "{\"tunnel\":\"to-b\",\"direction\":\"sideways\"}", 400, "'direction' is missing or wrong")]
    [InlineData("/sa", "{\"tunnel\":\"to-b\",\"direction\":\"inbound\",\"cipher\":\"aes-128-gcm\",\"spi\":255}", 400, "'spi' is no SPI")]
    [InlineData("/sa", "{\"tunnel\":\"to-b\",\"direction\":\"inbound\",\"cipher\":\"aes-128-gcm\",\"spi\":300,\"key\":\"00zz\"}", 400, "not made of pairs")]
    [InlineData("/sa", "{\"tunnel\":\"to-b\",\"direction\":\"inbound\",\"cipher\":\"aes-128-gcm\",\"spi\":300,\"key\":\"0011\"}", 400, "the key has 2 octets, aes-128-gcm takes 20")]
    [InlineData("/sa", "{\"tunnel\":\"to-b\",\"direction\":\"inbound\",\"cipher\":\"rot13\",\"spi\":300,\"key\":\"0011\"}", 400, "cipher 'rot13' is not known")]
    [InlineData("/sa", "{\"tunnel\":\"to-b\",\"direction\":\"inbound\",\"cipher\":\"aes-128-gcm\",\"replay_window\":65,\"spi\":300,\"key\":\"" + KeyA + "\"}", 400, "a replay window of 65 packets")]
    [InlineData("/sa", "{\"tunnel\":\"to-b\",\"direction\":\"inbound\",\"cipher\":\"aes-128-gcm\",\"worker\":7,\"spi\":300,\"key\":\"" + KeyA + "\"}", 400, "there is no worker 7")]
    [InlineData("/nowhere", "{}", 404, "there is no POST /nowhere")]
    public void WrongRequestsChangeNothing(string path, string body, int status, string error)
    {
        if (body == "x") body = Pair(KeyA, KeyB);
        var answer = Send("POST", path, body);
        Assert.Equal(status, answer.Status);
        Assert.Contains(error, (string)answer.Body["error"]!, StringComparison.Ordinal);
        Assert.NotEqual("", (string)answer.Body["hint"]!);
        Assert.DoesNotContain(KeyA, answer.Text, StringComparison.Ordinal);
        Assert.Empty(bench.On(() => bench.Gateway.Sas.ToList()));
    }

    [Fact]
    public void BodiesAreBounded() => Assert.Equal((int)HttpStatusCode.RequestEntityTooLarge, Send("POST", "/sa", new string(' ', 70_000)).Status);

    [Fact]
    public void DuplicateSpiIsRefused()
    {
        Send("POST", "/tunnels/to-b/keys", Pair(KeyA, KeyB));
        var answer = Send("POST", "/tunnels/to-c/keys", Pair("aa" + KeyA[2..], "bb" + KeyB[2..]));
        Assert.Equal(409, answer.Status);
        Assert.Contains("SPI 0x00001389 is in use by tunnel 'to-b'", (string)answer.Body["error"]!, StringComparison.Ordinal);
    }

    [Fact]
    public void HealthSaysDownWithoutADataPlane()
    {
        var health = Send("GET", "/health").Body;
        Assert.Equal("down", (string)health["status"]!);
        Assert.NotEmpty(health["problems"]!.AsArray());
    }
}
