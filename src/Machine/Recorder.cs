using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Appliance.Machine;

/// <summary>
/// A machine that steps another and writes each step down: a line of JSON with the time, the seed, the event and the actions. The host steps it like the machine itself, but gives the
/// seed that it drew instead of the entropy made of it.
/// </summary>
/// <param name="machine">What is recorded.</param>
/// <param name="format">How events and actions are written.</param>
/// <param name="write">Takes the lines, without their ends. It is called within the step.</param>
/// <typeparam name="TEvent">The machine's events.</typeparam>
/// <typeparam name="TAction">The machine's actions.</typeparam>
public sealed class Recorder<TEvent, TAction>(IMachine<TEvent, TAction> machine, IRecordingFormat<TEvent, TAction> format, Action<string> write)
{
    private readonly List<TAction> taken = [];
    private readonly ArrayBufferWriter<byte> buffer = new();

    /// <inheritdoc cref="IMachine{TEvent, TAction}.NextDue"/>
    public Instant NextDue => machine.NextDue;

    /// <summary>Steps the machine. The event is written down before the step, since the machine may wipe what it holds; the line goes out also when the step fails.</summary>
    /// <param name="now">The host's clock.</param>
    /// <param name="seed">A fresh seed of <see cref="Entropy.SeedLength"/> octets.</param>
    /// <param name="e">What happened.</param>
    /// <param name="actions">What shall be done is added here.</param>
    public void Step(Instant now, ReadOnlySpan<byte> seed, TEvent e, ICollection<TAction> actions)
    {
        ArgumentNullException.ThrowIfNull(actions);
        buffer.ResetWrittenCount();
        taken.Clear();
        using var writer = new Utf8JsonWriter(buffer);
        writer.WriteStartObject();
        writer.WriteNumber(RecordingFields.Now, now.Milliseconds);
        writer.WriteString(RecordingFields.Seed, Convert.ToHexStringLower(seed));
        writer.WritePropertyName(RecordingFields.Event);
        format.WriteEvent(writer, e);
        try
        {
            machine.Step(new StepContext(now, new Entropy(seed)), e, taken);
        }
        finally
        {
            writer.WriteStartArray(RecordingFields.Actions);
            foreach (var action in taken) format.WriteAction(writer, action);
            writer.WriteEndArray();
            writer.WriteEndObject();
            writer.Flush();
            write(Encoding.UTF8.GetString(buffer.WrittenSpan));
        }

        foreach (var action in taken) actions.Add(action);
    }
}
