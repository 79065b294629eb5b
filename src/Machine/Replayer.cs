using System.Buffers;
using System.Text.Json;

namespace Appliance.Machine;

/// <summary>Where a replay did something else than the recording says.</summary>
/// <param name="Line">Line of the recording, from 1.</param>
/// <param name="Expected">The actions that were recorded, as JSON.</param>
/// <param name="Actual">The actions of the replay, as JSON.</param>
public sealed record ReplayDifference(int Line, string Expected, string Actual);

/// <summary>Steps a machine by a recording and compares what it does.</summary>
public static class Replayer
{
    /// <summary>
    /// Runs a recording from its first line. The machine must be as it was when the recording began.
    /// </summary>
    /// <param name="machine">A new machine.</param>
    /// <param name="format">As it was recorded.</param>
    /// <param name="lines">The recording.</param>
    /// <param name="done">Called after each step with its actions, before they are compared; a harness disposes of what they hold here.</param>
    /// <returns>The first difference, or null.</returns>
    /// <exception cref="InvalidDataException">A line is no step.</exception>
    /// <typeparam name="TEvent">The machine's events.</typeparam>
    /// <typeparam name="TAction">The machine's actions.</typeparam>
    public static ReplayDifference? Run<TEvent, TAction>(
        IMachine<TEvent, TAction> machine, IRecordingFormat<TEvent, TAction> format, IEnumerable<string> lines, Action<TEvent, IReadOnlyList<TAction>>? done = null)
    {
        ArgumentNullException.ThrowIfNull(machine);
        ArgumentNullException.ThrowIfNull(format);
        ArgumentNullException.ThrowIfNull(lines);
        var number = 0;
        foreach (var line in lines)
        {
            number++;
            var (now, seed, e, expected) = Read(format, line, number);
            var actions = new List<TAction>();
            machine.Step(new StepContext(now, new Entropy(seed)), e, actions);
            var actual = Text(format, actions);
            done?.Invoke(e, actions);
            if (!string.Equals(actual, expected, StringComparison.Ordinal)) return new ReplayDifference(number, expected, actual);
        }

        return null;
    }

    private static (Instant Now, byte[] Seed, TEvent Event, string Actions) Read<TEvent, TAction>(IRecordingFormat<TEvent, TAction> format, string line, int number)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var fields = document.RootElement;
            var seed = Convert.FromHexString(fields.GetProperty(RecordingFields.Seed).GetString()!);
            if (seed.Length != Entropy.SeedLength) throw new FormatException($"a seed of {seed.Length} octets");
            return (new Instant(fields.GetProperty(RecordingFields.Now).GetInt64()), seed, format.ReadEvent(fields.GetProperty(RecordingFields.Event)),
                JsonSerializer.Serialize(fields.GetProperty(RecordingFields.Actions)));
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new InvalidDataException($"line {number} of the recording is no step: {exception.Message}", exception);
        }
    }

    private static string Text<TEvent, TAction>(IRecordingFormat<TEvent, TAction> format, List<TAction> actions)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartArray();
        foreach (var action in actions) format.WriteAction(writer, action);
        writer.WriteEndArray();
        writer.Flush();
        using var document = JsonDocument.Parse(buffer.WrittenMemory);
        return JsonSerializer.Serialize(document.RootElement);
    }
}
