using System.CommandLine;
using System.Security.Cryptography;
using System.Text.Json;
using Appliance.Cli.Api;
using Microsoft.Win32.SafeHandles;

namespace Appliance.Cli.Commands;

/// <summary>
/// appliance sa …: SAs by hand, for labs and tests. Keys come as JSON on standard input or another descriptor, never on the command line, where
/// every process of the machine could read them.
/// </summary>
internal static class SaCommand
{
    private const int MaximumBody = 64 * 1024;

    /// <summary>The command.</summary>
    public static Command Create() => new("sa", "Add and remove SAs through the API; keys come on a descriptor, never as an argument") { Add(), Keys(), Delete() };

    private static Option<int> Descriptor() => new("--fd") { Description = "Descriptor to read JSON from", HelpName = "N", DefaultValueFactory = _ => 0 };

    private static Command Add()
    {
        Option<string?> instance = Instances.Option();
        var fd = Descriptor();
        var command = new Command("add", "Add one SA: {tunnel, direction, spi, cipher, key, esn, replay_window, …} as JSON") { instance, fd };
        command.SetAction(parsed => SendJson(parsed.GetValue(instance), "/sa", parsed.GetValue(fd)));
        return command;
    }

    private static Command Keys()
    {
        Option<string?> instance = Instances.Option();
        var fd = Descriptor();
        var tunnel = new Argument<string>("TUNNEL");
        var command = new Command("keys", "Give a tunnel a new pair of SAs: {cipher, esn, replay_window, outbound: {spi, key}, inbound: {spi, key}} as JSON") { tunnel, instance, fd };
        command.SetAction(parsed => SendJson(parsed.GetValue(instance), $"/tunnels/{Uri.EscapeDataString(parsed.GetRequiredValue(tunnel))}/keys", parsed.GetValue(fd)));
        return command;
    }

    private static Command Delete()
    {
        Option<string?> instance = Instances.Option();
        var direction = new Argument<string>("DIRECTION") { Description = "outbound or inbound" };
        direction.AcceptOnlyFromAmong("outbound", "inbound");
        var spi = new Argument<string>("SPI") { Description = "As show sa prints it" };
        var command = new Command("delete", "Remove an SA") { direction, spi, instance };
        command.SetAction(parsed => Send(parsed.GetValue(instance), HttpMethod.Delete, $"/sa/{parsed.GetRequiredValue(direction)}/{Uri.EscapeDataString(parsed.GetRequiredValue(spi))}", default));
        return command;
    }

    private static void SendJson(string? instance, string path, int descriptor)
    {
        var octets = new byte[MaximumBody];
        try
        {
            Send(instance, HttpMethod.Post, path, octets.AsMemory(0, Read(octets, descriptor)));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(octets);
        }
    }

    private static void Send(string? instance, HttpMethod method, string path, ReadOnlyMemory<byte> body)
    {
        using var api = new ApiClient(Instances.Find(instance).ApiSocket);
        Console.WriteLine(ApiClient.Text(api.Send(method, path, body)));
    }

    /// <summary>Reads one JSON object and returns its length. It stays octets, which can be wiped; no message quotes what was read, which can be a key.</summary>
    private static int Read(Span<byte> octets, int descriptor)
    {
        if (descriptor == 0 && !Console.IsInputRedirected) Console.Error.WriteLine("reading JSON; end it with Ctrl-D");
        var length = 0;
        try
        {
            using var handle = new SafeFileHandle(descriptor, ownsHandle: false);
            using var stream = new FileStream(handle, FileAccess.Read, bufferSize: 0);
            for (int read; length < octets.Length && (read = stream.Read(octets[length..])) > 0;) length += read;
            var reader = new Utf8JsonReader(octets[..length]);
            if (reader.Read() && reader.TokenType != JsonTokenType.StartObject) throw Bad(descriptor, "it is no JSON object");
            while (reader.Read()) { }
            return length;
        }
        catch (JsonException e)
        {
            throw Bad(descriptor, length == 0 ? "nothing was written to it" : $"it is not JSON (line {e.LineNumber + 1}, octet {e.BytePositionInLine + 1})");
        }
        catch (Exception e) when (e is IOException or ArgumentException or UnauthorizedAccessException or NotSupportedException)
        {
            throw Bad(descriptor, "it cannot be read");
        }
    }

    private static Failure Bad(int descriptor, string why) =>
        new("cannot read the SA", $"descriptor {descriptor}{(descriptor == 0 ? " (standard input)" : "")}", why, "write one JSON object to it, as in: appliance sa add < sa.json", Failure.BadInput);
}
