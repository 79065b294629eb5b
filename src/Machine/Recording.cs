using System.Text.Json;

namespace Appliance.Machine;

/// <summary>
/// How the events and actions of a machine are written to a recording. A key, or whatever else must not be seen, is written as a handle: a number that says only whether it is the same
/// one as before.
/// </summary>
/// <typeparam name="TEvent">The machine's events.</typeparam>
/// <typeparam name="TAction">The machine's actions.</typeparam>
public interface IRecordingFormat<TEvent, in TAction>
{
    /// <summary>Writes an event as one JSON value, complete enough for <see cref="ReadEvent"/>.</summary>
    void WriteEvent(Utf8JsonWriter writer, TEvent e);

    /// <summary>Makes the event again; handles become what the replay has for them.</summary>
    /// <exception cref="JsonException">It is no event.</exception>
    TEvent ReadEvent(JsonElement element);

    /// <summary>Writes an action as one JSON value. It is never read, only compared.</summary>
    void WriteAction(Utf8JsonWriter writer, TAction action);
}

/// <summary>Names of the fields of a line: when, the seed of the step's entropy, the event, the actions that came of it.</summary>
internal static class RecordingFields
{
    public const string Now = "now";
    public const string Seed = "seed";
    public const string Event = "event";
    public const string Actions = "actions";
}
