using System.Buffers;
using System.Net.Mime;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Appliance.Bgp;
using Appliance.Ike;
using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Bfd;
using Appliance.SlowPath.Bgp;
using Appliance.SlowPath.Configuration;
using Appliance.SlowPath.CustomerEdge;
using Appliance.SlowPath.Ike;
using Appliance.SlowPath.Sas;
using Appliance.SlowPath.Serving;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Api;

/// <summary>HTTP/JSON on a Unix socket that its owner alone may use. What a request asks for runs on the loop; bodies are bounded; errors are {error, hint}.</summary>
internal sealed class ApiServer : IAsyncDisposable
{
    private const int MaximumBody = 64 * 1024;
    private const int RetireSeconds = 10;

    /// <summary>Nobody puts these answers into HTML: an apostrophe stays one.</summary>
    private static readonly ViewJson Json = new(new JsonSerializerOptions(ViewJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
    private readonly WebApplication application;
    private readonly EventLoop loop;
    private readonly Gateway gateway;
    private readonly IkeService ike;
    private readonly BfdService bfd;
    private readonly BgpService bgp;
    private readonly ILogger log;
    private readonly string socket;

    public ApiServer(EventLoop loop, Gateway gateway, IkeService ike, BfdService bfd, BgpService bgp, string socket, ILogger log)
    {
        this.loop = loop;
        this.gateway = gateway;
        this.ike = ike;
        this.bfd = bfd;
        this.bgp = bgp;
        this.socket = socket;
        this.log = log;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            options.Limits.MaxRequestBodySize = MaximumBody;
            options.Limits.MaxConcurrentConnections = 64;
            options.ListenUnixSocket(socket, listen => listen.Protocols = HttpProtocols.Http1);
        });
        application = builder.Build();
        application.Run(AnswerAsync);
    }

    /// <summary>The customer edge, if any.</summary>
    public SecurityGatewayService? Edge { get; init; }

    private SecurityGatewayService TheEdge => Edge ?? throw new RefusedException("this gateway is no customer edge", "only with a 'ce' section prefixes are remembered", 404);

    /// <summary>Opens the socket, mode 0600; one that a dead slow path left is replaced.</summary>
    public async Task StartAsync()
    {
        File.Delete(socket);
        await application.StartAsync();
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(socket, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await application.StopAsync(limit.Token);
        await application.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        try
        {
            await RouteAsync(context);
        }
        catch (RefusedException refused)
        {
            await SendAsync(context, refused.Status, new ErrorView(refused.Message, refused.Hint), Json.ErrorView);
        }
        catch (Microsoft.AspNetCore.Http.BadHttpRequestException bad)
        {
            await SendAsync(context, bad.StatusCode, new ErrorView(bad.Message, $"a body has at most {MaximumBody} octets"), Json.ErrorView);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            log.LogError("{Method} {Path}: {Kind}: {Problem}", context.Request.Method, context.Request.Path, exception.GetType().Name, exception.Message);
            await SendAsync(context, 500, new ErrorView("the slow path failed at this request", "see its log"), Json.ErrorView);
        }
    }

    private Task RouteAsync(HttpContext context)
    {
        var path = (context.Request.Path.Value ?? "/").Trim('/').Split('/');
        return (context.Request.Method, path) switch
        {
            ("GET", ["health"]) => GetAsync(context, () => Health.Of(gateway, ike, bfd, bgp, Edge), Json.HealthView),
            ("GET", ["sa"]) => GetAsync(context, () => ViewBuilder.Sas(gateway), Json.IReadOnlyListSaView),
            ("GET", ["spd"]) => GetAsync(context, () => ViewBuilder.Rules(gateway, Edge), Json.IReadOnlyListRuleView),
            ("GET", ["routes"]) => ForwardingAsync(context),
            ("GET", ["ports"]) => GetAsync(context, () => ViewBuilder.Ports(gateway.Region), Json.IReadOnlyListPortView),
            ("GET", ["workers"]) => GetAsync(context, () => ViewBuilder.Workers(gateway.Region), Json.IReadOnlyListWorkerView),
            ("GET", ["drops"]) => GetAsync(context, () => ViewBuilder.Drops(gateway.Region), Json.IReadOnlyListDropView),
            ("GET", ["tunnels"]) => GetAsync(context, () => ViewBuilder.Tunnels(gateway), Json.IReadOnlyListTunnelView),
            ("GET", ["ike"]) => GetAsync(context, () => IkeView.Of(ike), Json.IkeView),
            ("GET", ["groups"]) => GetAsync(context, () => GroupViews.All(gateway, ike), Json.IReadOnlyListGroupView),
            ("GET", ["groups", var name, "members"]) => GetAsync(context, () => GroupViews.Members(gateway, ike, name), Json.GroupMembersView),
            ("POST", ["groups", var name, "rekey"]) => RekeyGroupAsync(context, name),
            ("GET", ["bfd"]) => GetAsync(context, () => BfdView.Of(bfd), Json.IReadOnlyListBfdView),
            ("GET", ["bgp"]) => GetAsync(context, () => BgpView.Of(bgp.Running.Summary), Json.BgpView),
            ("GET", ["bgp", "neighbors", var name]) => GetAsync(context, () => BgpNeighborView.Of(bgp.Running.Neighbor(name)), Json.BgpNeighborView),
            ("GET", ["bgp", "routes"]) => RoutesAsync(context),
            ("POST", ["bgp", "clear" or "refresh" or "disable" or "enable", var name]) => BgpAsync(context, BgpRequests.Verb(path[1]), name),
            ("GET", ["metrics"]) => MetricsAsync(context),
            ("POST", ["ike", "up" or "down" or "rekey", var name]) => IkeAsync(context, path[1] switch { "up" => OperatorVerb.Up, "down" => OperatorVerb.Down, _ => OperatorVerb.Rekey }, name),
            ("POST", ["drain", "on" or "off"]) => DrainAsync(context, path[1] == "on"),
            ("GET", ["drain"]) => GetAsync(context, () => DrainView.Of(ike.Draining), Json.DrainView),
            ("POST", ["sa"]) => PostSaAsync(context),
            ("POST", ["tunnels", var tunnel, "keys"]) => PostKeysAsync(context, tunnel),
            ("GET", ["protected"]) => GetAsync(context, () => EdgeViews.Protected(TheEdge), Json.IReadOnlyListProtectedView),
            ("DELETE", ["protected", "all"]) => ClearAsync(context, null),
            ("DELETE", ["protected", var address, var length]) => ClearAsync(context, $"{address}/{length}"),
            ("DELETE", ["sa", "outbound" or "inbound", var spi]) => DeleteSaAsync(context, path[1] == "outbound", spi),
            ("POST", ["reload"]) => ReloadAsync(context),
            ("GET" or "POST" or "DELETE", _) => throw new RefusedException($"there is no {context.Request.Method} /{Spelling.Shorten(string.Join('/', path))}",
                "GET /health /ike /groups /groups/NAME/members /bfd /bgp /bgp/neighbors/NAME /bgp/routes /drain /sa /spd /routes /ports /workers /drops /tunnels /protected /metrics; POST /sa /tunnels/NAME/keys /ike/up|down|rekey/NAME /groups/NAME/rekey /bgp/clear|refresh|disable|enable/NAME /drain/on|off /reload; DELETE /sa/DIRECTION/SPI /protected/PREFIX /protected/all", 404),
            _ => throw new RefusedException($"{Spelling.Shorten(context.Request.Method)} is not used here", "GET, POST or DELETE", 405),
        };
    }

    private async Task GetAsync<T>(HttpContext context, Func<T> view, JsonTypeInfo<T> type) => await SendAsync(context, 200, await loop.RunAsync(view), type);

    private Task ForwardingAsync(HttpContext context)
    {
        var view = RouteViews.Of(context.Request.Query);
        return GetAsync(context, () => view(gateway), Json.IReadOnlyListRouteView);
    }

    private async Task MetricsAsync(HttpContext context)
    {
        var text = await loop.RunAsync(() => Metrics.Text(gateway, ike, bfd, bgp, Edge));
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        await context.Response.WriteAsync(text);
    }

    private async Task PostSaAsync(HttpContext context)
    {
        var request = await WithBodyAsync(context, octets =>
        {
            var body = SaBody.Read(octets.Span, "tunnel", "direction", "spi", "cipher", "key", "esn", "replay_window", "worker", "soft_sequence", "hard_sequence", "lifetime_seconds");
            try
            {
                var outbound = body.Direction switch { "outbound" => true, "inbound" => false, _ => throw new RefusedException("'direction' is missing or wrong", "outbound or inbound") };
                return body.ToRequest(body, body.Tunnel ?? throw new RefusedException("'tunnel' is missing", "GET /tunnels lists them"), outbound);
            }
            catch (RefusedException)
            {
                body.Wipe();
                throw;
            }
        });
        var slots = await loop.RunAsync(() => gateway.InstallAsync([request]));
        await SendAsync(context, 200, new SlotView(slots[0]), Json.SlotView);
    }

    private async Task PostKeysAsync(HttpContext context, string tunnel)
    {
        var (requests, retire) = await WithBodyAsync(context, octets =>
        {
            var body = SaBody.Read(octets.Span, "cipher", "esn", "replay_window", "outbound", "inbound", "soft_sequence", "hard_sequence", "lifetime_seconds", "retire_seconds");
            try
            {
                var (inbound, outbound) = (body.Inbound ?? throw new RefusedException("'inbound' is missing", "{ \"spi\": …, \"key\": … }"), body.Outbound ?? throw new RefusedException("'outbound' is missing", "{ \"spi\": …, \"key\": … }"));
                return (new[] { inbound.ToRequest(body, tunnel, false), outbound.ToRequest(body, tunnel, true, servesTunnel: true) }, (int)(body.RetireSeconds ?? RetireSeconds));
            }
            catch (RefusedException)
            {
                body.Wipe();
                throw;
            }
        });
        var slots = await loop.RunAsync(() => gateway.ReplaceKeysAsync(tunnel, requests, retire));
        await SendAsync(context, 200, new SlotsView(slots[1], slots[0]), Json.SlotsView);
    }

    private async Task DeleteSaAsync(HttpContext context, bool isOutbound, string spi)
    {
        if (!SpiText.TryParse(spi, out var number)) throw new RefusedException($"'{Spelling.Shorten(spi)}' is no SPI", "decimal or 0x…");
        await loop.RunAsync(() =>
        {
            gateway.Delete(isOutbound, number);
            return true;
        });
        await SendAsync(context, 200, new DoneView(true), Json.DoneView);
    }

    /// <summary>Forgets a remembered prefix, or all.</summary>
    private async Task ClearAsync(HttpContext context, string? text)
    {
        var prefix = default(IpPrefix);
        if (text is not null && !IpPrefix.TryParse(text, host: false, out prefix, out _, out var problem)) throw new RefusedException(problem, "GET /protected lists what is remembered");
        var cleared = await loop.RunAsync(() =>
        {
            if (text is null) return TheEdge.ClearAll();
            TheEdge.Clear(prefix);
            return 1;
        });
        await SendAsync(context, 200, new DoneView(true, $"{cleared} prefixes forgotten"), Json.DoneView);
    }

    private async Task IkeAsync(HttpContext context, OperatorVerb verb, string name)
    {
        await loop.RunAsync(() => ike.AskAsync(verb, name));
        await SendAsync(context, 200, new DoneView(true), Json.DoneView);
    }

    private async Task RekeyGroupAsync(HttpContext context, string group)
    {
        await loop.RunAsync(() => ike.RekeyGroupAsync(group));
        await SendAsync(context, 200, new DoneView(true), Json.DoneView);
    }

    private async Task RoutesAsync(HttpContext context)
    {
        var routes = BgpRequests.Routes(context.Request.Query);
        await GetAsync(context, () => routes(bgp.Running), Json.BgpRoutesView);
    }

    private async Task BgpAsync(HttpContext context, BgpVerb verb, string name)
    {
        await loop.RunAsync(() =>
        {
            bgp.Running.Ask(verb, name);
            return true;
        });
        await SendAsync(context, 200, new DoneView(true), Json.DoneView);
    }

    private async Task DrainAsync(HttpContext context, bool draining)
    {
        var drain = await loop.RunAsync(() => DrainView.Of(ike.Drain(draining)));
        await SendAsync(context, 200, drain, Json.DrainView);
    }

    private async Task ReloadAsync(HttpContext context)
    {
        await loop.RunAsync(gateway.ReloadAsync);
        await SendAsync(context, 200, new DoneView(true), Json.DoneView);
    }

    /// <summary>Reads the whole body into one buffer, which is wiped after <paramref name="use"/>.</summary>
    private static async Task<T> WithBodyAsync<T>(HttpContext context, Func<ReadOnlyMemory<byte>, T> use)
    {
        var buffer = new byte[MaximumBody];
        try
        {
            var length = await context.Request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, context.RequestAborted);
            return use(buffer.AsMemory(0, length));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(buffer);
        }
    }

    private static async Task SendAsync<T>(HttpContext context, int status, T view, JsonTypeInfo<T> type)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = MediaTypeNames.Application.Json;
        await JsonSerializer.SerializeAsync(context.Response.Body, view, type, context.RequestAborted);
    }
}
