using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Appliance.Bgp.Tests.Machine.Rig;
using Appliance.Machine;

namespace Appliance.Bgp.Tests.Recording;

/// <summary>
/// Events and actions of BGP as JSON: their properties, with the record's name as <c>kind</c>; octets in hexadecimal. Keys of TCP-MD5 are handles. Policies are named; a replay has the one
/// that takes everything.
/// </summary>
internal sealed class BgpRecordingFormat : IRecordingFormat<BgpEvent, BgpAction>
{
    private readonly SecretHandles<byte[]> keys = new();
    private readonly JsonSerializerOptions options;

    public BgpRecordingFormat() => options = new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        IgnoreReadOnlyProperties = true,
        IncludeFields = true,
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { Kinds, Handles } },
        Converters =
        {
            new OctetsConverter(), new MemoryConverter(), new JsonStringEnumConverter(), new PolicyConverter(), new FamilyConverter(),
            new TextConverter<IPAddress>(IPAddress.Parse), new TextConverter<IPEndPoint>(IPEndPoint.Parse), new TextConverter<IPNetwork>(IPNetwork.Parse),
        },
    };

    /// <summary>A key of the configuration by its number.</summary>
    public byte[] Key(long number) => keys.For(number, () => Stand(number));

    public void WriteEvent(Utf8JsonWriter writer, BgpEvent e) => JsonSerializer.Serialize(writer, e, options);

    public BgpEvent ReadEvent(JsonElement element) => element.Deserialize<BgpEvent>(options) ?? throw new JsonException("no event");

    public void WriteAction(Utf8JsonWriter writer, BgpAction action)
    {
        if (action is not SendOctets send)
        {
            JsonSerializer.Serialize(writer, action, options);
            return;
        }

        // A buffer is longer than what is sent of it.
        writer.WriteStartObject();
        writer.WriteString("kind", nameof(SendOctets));
        writer.WriteNumber("connection", send.Connection);
        writer.WriteString("octets", Convert.ToHexStringLower(send.Buffer.AsSpan(0, send.Length)));
        writer.WriteEndObject();
    }

    private static byte[] Stand(long number) => [.. "key "u8, (byte)('0' + number)];

    /// <summary>Events and actions say which they are.</summary>
    private static void Kinds(JsonTypeInfo info)
    {
        if (info.Type != typeof(BgpEvent) && info.Type != typeof(BgpAction)) return;
        info.PolymorphismOptions = new JsonPolymorphismOptions { TypeDiscriminatorPropertyName = "kind" };
        foreach (var type in info.Type.Assembly.GetTypes().Where(t => !t.IsAbstract && t.IsSubclassOf(info.Type)))
            info.PolymorphismOptions.DerivedTypes.Add(new JsonDerivedType(type, type.Name));
    }

    private void Handles(JsonTypeInfo info)
    {
        if (info.Type != typeof(TransportOptions)) return;
        foreach (var property in info.Properties.Where(p => p.PropertyType == typeof(byte[]))) property.CustomConverter = new KeyConverter(keys, Stand);
    }

    private sealed class KeyConverter(SecretHandles<byte[]> keys, Func<long, byte[]> stand) : JsonConverter<byte[]>
    {
        public override byte[] Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
        {
            var number = reader.GetInt64();
            return keys.For(number, () => stand(number));
        }

        public override void Write(Utf8JsonWriter writer, byte[] value, JsonSerializerOptions options) => writer.WriteNumberValue(keys.Of(value));
    }

    private sealed class OctetsConverter : JsonConverter<byte[]>
    {
        public override byte[] Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => Convert.FromHexString(reader.GetString()!);

        public override void Write(Utf8JsonWriter writer, byte[] value, JsonSerializerOptions options) => writer.WriteStringValue(Convert.ToHexStringLower(value));
    }

    private sealed class MemoryConverter : JsonConverter<ReadOnlyMemory<byte>>
    {
        public override ReadOnlyMemory<byte> Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => Convert.FromHexString(reader.GetString()!);

        public override void Write(Utf8JsonWriter writer, ReadOnlyMemory<byte> value, JsonSerializerOptions options) => writer.WriteStringValue(Convert.ToHexStringLower(value.Span));
    }

    private sealed class PolicyConverter : JsonConverter<IRoutePolicy>
    {
        public override IRoutePolicy Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) =>
            reader.GetString() == Samples.All.Name ? Samples.All : throw new JsonException("a replay knows no such policy");

        public override void Write(Utf8JsonWriter writer, IRoutePolicy value, JsonSerializerOptions options) => writer.WriteStringValue(value.Name);

        public override bool CanConvert(Type typeToConvert) => typeof(IRoutePolicy).IsAssignableFrom(typeToConvert);
    }

    private sealed class FamilyConverter : JsonConverter<Family>
    {
        public override Family Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
        {
            var name = reader.GetString();
            return Family.All.First(f => f.ToString() == name);
        }

        public override void Write(Utf8JsonWriter writer, Family value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }

    private sealed class TextConverter<T>(Func<string, T> parse) : JsonConverter<T>
        where T : notnull
    {
        public override T Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => parse(reader.GetString()!);

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());

        public override bool CanConvert(Type typeToConvert) => typeof(T).IsAssignableFrom(typeToConvert);
    }
}
