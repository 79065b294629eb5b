using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Appliance.Cli.Api;
using Microsoft.Win32.SafeHandles;

namespace Appliance.Cli.Commands;

/// <summary>
/// appliance sa …: SAs by hand, for labs and tests. Keys come as JSON on standard input or another descriptor, never on the command line, where
/// every process of the machine could read them.
/// </summary>
internal static class SaCommand
{
    /// <summary>The command.</summary>
    public static Command Create() => new("sa", "Add and remove SAs through the API; keys come on a descriptor, never as an argument") { Add(), Keys(), Delete() };

    private static Option<int> Descriptor() => new("--fd") { Description = "Descriptor to read JSON from", HelpName = "N", DefaultValueFactory = _ => 0 };

    private static Command Add()
    {
        Option<string?> instance = Instances.Option();
        var fd = Descriptor();
        var command = new Command("add", "Add one SA: {tunnel, direction, spi, cipher, key, esn, replay_window, …} as JSON") { instance, fd };
        command.SetAction(parsed => Send(parsed.GetValue(instance), HttpMethod.Post, "/sa", ReadJson(parsed.GetValue(fd))));
        return command;
    }

    private static Command Keys()
    {
        Option<string?> instance = Instances.Option();
        var fd = Descriptor();
        var tunnel = new Argument<string>("TUNNEL");
        var command = new Command("keys", "Give a tunnel a new pair of SAs: {cipher, esn, replay_window, outbound: {spi, key}, inbound: {spi, key}} as JSON") { tunnel, instance, fd };
        command.SetAction(parsed => Send(parsed.GetValue(instance), HttpMethod.Post, $"/tunnels/{Uri.EscapeDataString(parsed.GetRequiredValue(tunnel))}/keys", ReadJson(parsed.GetValue(fd))));
        return command;
    }

    private static Command Delete()
    {
        Option<string?> instance = Instances.Option();
        var direction = new Argument<string>("DIRECTION") { Description = "outbound or inbound" };
        direction.AcceptOnlyFromAmong("outbound", "inbound");
        var spi = new Argument<string>("SPI") { Description = "As show sa prints it" };
        var command = new Command("delete", "Remove an SA") { direction, spi, instance };
        command.SetAction(parsed => Send(parsed.GetValue(instance), HttpMethod.Delete, $"/sa/{parsed.GetRequiredValue(direction)}/{Uri.EscapeDataString(parsed.GetRequiredValue(spi))}", null));
        return command;
    }

    private static void Send(string? instance, HttpMethod method, string path, JsonNode? body)
    {
        using var api = new ApiClient(Instances.Find(instance).ApiSocket);
        Console.WriteLine(api.Send(method, path, body).ToJsonString());
    }

    private static JsonNode ReadJson(int descriptor)
    {
        try
        {
            using var handle = new SafeFileHandle(descriptor, ownsHandle: false);
            using var stream = new FileStream(handle, FileAccess.Read, bufferSize: 1);
            return JsonNode.Parse(stream) ?? throw new JsonException("null");
        }
        catch (Exception e) when (e is JsonException or IOException or ArgumentException)
        {
            // The parser's own message may quote what it read, which can be a key.
            var why = e is JsonException json ? $"it is not JSON (line {json.LineNumber + 1}, octet {json.BytePositionInLine + 1})" : "it cannot be read";
            throw new Failure("cannot read the SA", $"descriptor {descriptor}", why, "write one JSON object to it", Failure.BadInput);
        }
    }
}
