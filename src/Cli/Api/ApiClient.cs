using System.Net.Http.Headers;
using System.Net.Mime;
using System.Net.Sockets;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Appliance.Cli.Api;

/// <summary>HTTP/JSON over an instance's Unix socket.</summary>
internal sealed class ApiClient : IDisposable
{
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonSerializerOptions Indented = new(Plain) { WriteIndented = true };
    private readonly string socket;
    private readonly HttpClient http;

    /// <summary>A client of the socket at that path.</summary>
    public ApiClient(string socket, int limitSeconds = 5)
    {
        this.socket = socket;
        var handler = new SocketsHttpHandler { UseProxy = false, ConnectCallback = (_, _) => ValueTask.FromResult<Stream>(Connect(socket)) };
        http = new HttpClient(handler) { BaseAddress = new Uri("http://appliance"), Timeout = TimeSpan.FromSeconds(limitSeconds) };
    }

    /// <summary>GET.</summary>
    /// <exception cref="Failure">No answer, or an answer that says no.</exception>
    public JsonNode Get(string path) => Send(HttpMethod.Get, path);

    /// <summary>Any request; a body is JSON, as octets so that the caller can wipe the keys in it. An empty answer comes back as an empty object.</summary>
    /// <exception cref="Failure">No answer, or an answer that says no; its reason and hint are the server's.</exception>
    public JsonNode Send(HttpMethod method, string path, ReadOnlyMemory<byte> body = default)
    {
        using var request = new HttpRequestMessage(method, path);
        if (!body.IsEmpty) request.Content = new ReadOnlyMemoryContent(body) { Headers = { ContentType = new MediaTypeHeaderValue(MediaTypeNames.Application.Json) } };
        string text;
        int status;
        try
        {
            using var answer = http.Send(request);
            using var reader = new StreamReader(answer.Content.ReadAsStream(), Encoding.UTF8);
            text = reader.ReadToEnd();
            status = (int)answer.StatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException or IOException)
        {
            throw new Failure("the slow path does not answer", socket, e is TaskCanceledException ? "no answer in time" : e.InnerException?.Message ?? e.Message,
                "look whether it runs: appliance show health");
        }

        var json = Parse(text);
        if (status is >= 200 and < 300) return json ?? new JsonObject();
        throw new Failure($"{method} {path} was refused", socket, (string?)json?["error"] ?? $"HTTP {status}", (string?)json?["hint"] ?? "correct the request",
            status is >= 400 and < 500 ? Failure.BadInput : Failure.AtRunTime);
    }

    /// <summary>JSON on one line or several, with characters as they are: it goes to a terminal or a file, not into a web page.</summary>
    public static string Text(JsonNode node, bool indented = false) => node.ToJsonString(indented ? Indented : Plain);

    /// <inheritdoc/>
    public void Dispose() => http.Dispose();

    private static NetworkStream Connect(string socket)
    {
        var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            connection.Connect(new UnixDomainSocketEndPoint(socket));
            return new NetworkStream(connection, ownsSocket: true);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static JsonNode? Parse(string text)
    {
        try
        {
            return text.Length == 0 ? null : JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
