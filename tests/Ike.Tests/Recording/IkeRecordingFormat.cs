using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Appliance.Crypto;
using Appliance.Machine;

namespace Appliance.Ike.Recording;

/// <summary>
/// Events and actions of IKE as JSON: their properties, with the record's name as <c>kind</c>; octets in hexadecimal. Shared keys, secrets, halves of key exchanges and kept contexts
/// (which hold keys) are handles. In a replay, <see cref="StandIns"/> of the handle's number take their places; a context must be one that the replay made itself.
/// </summary>
internal sealed class IkeRecordingFormat : IRecordingFormat<IkeEvent, IkeAction>
{
    private readonly SecretHandles<byte[]> keys = new();
    private readonly SecretHandles<byte[]> contexts = new();
    private readonly SecretHandles<KeyExchange> exchanges = new();
    private readonly SecretHandles<Secret> given = new();
    private readonly SecretHandles<Secret> made = new();
    private readonly JsonSerializerOptions events;
    private readonly JsonSerializerOptions actions;

    public IkeRecordingFormat() => (events, actions) = (Options(given), Options(made));

    /// <summary>A key of the configuration by its number.</summary>
    public byte[] Key(long number) => keys.For(number, () => StandIns.Key(number));

    /// <summary>A secret that work gives, by its number.</summary>
    public Secret Secret(long number) => given.For(number, () => StandIns.Secret(number));

    public void WriteEvent(Utf8JsonWriter writer, IkeEvent e) => JsonSerializer.Serialize(writer, e, events);

    public IkeEvent ReadEvent(JsonElement element) => element.Deserialize<IkeEvent>(events) ?? throw new JsonException("no event");

    public void WriteAction(Utf8JsonWriter writer, IkeAction action) => JsonSerializer.Serialize(writer, action, actions);

    private JsonSerializerOptions Options(SecretHandles<Secret> secrets) => new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        IgnoreReadOnlyProperties = true,
        IncludeFields = true,
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { Kinds, Handles } },
        Converters =
        {
            new OctetsConverter(), new AddressConverter(), new EndpointConverter(), new JsonStringEnumConverter(),
            new HandleConverter<Secret>(secrets.Of, n => secrets.For(n, () => StandIns.Secret(n)), (w, s) => w.WriteNumber("length", s.Length)),
            new ExchangeConverter(exchanges),
        },
    };

    /// <summary>Events and actions say which they are.</summary>
    private static void Kinds(JsonTypeInfo info)
    {
        if (info.Type != typeof(IkeEvent) && info.Type != typeof(IkeAction)) return;
        info.PolymorphismOptions = new JsonPolymorphismOptions { TypeDiscriminatorPropertyName = "kind" };
        foreach (var type in info.Type.Assembly.GetTypes().Where(t => !t.IsAbstract && t.IsSubclassOf(info.Type)))
            info.PolymorphismOptions.DerivedTypes.Add(new JsonDerivedType(type, type.Name));
    }

    /// <summary>Octets that are keys, or hold some.</summary>
    private void Handles(JsonTypeInfo info)
    {
        var table = info.Type == typeof(IkePeer) || info.Type == typeof(PostQuantumKey) ? keys
            : info.Type == typeof(SaveContext) || info.Type == typeof(ContextRestored) ? contexts : null;
        if (table is null) return;
        foreach (var property in info.Properties.Where(p => p.Name is "shared_key" or "key" or "context"))
            property.CustomConverter = new HandleConverter<byte[]>(table.Of, n => table.For(n, () => table == keys ? StandIns.Key(n) : throw new JsonException($"context {n} was not made in this replay")));
    }
}
