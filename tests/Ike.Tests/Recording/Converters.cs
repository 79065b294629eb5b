using System.Net;
using System.Text.Json;
using System.Text.Json.Serialization;
using Appliance.Crypto;
using Appliance.Machine;

namespace Appliance.Ike.Recording;

/// <summary>What must not be seen: its number, and what else may be said of it.</summary>
internal sealed class HandleConverter<T>(Func<T, long> number, Func<long, T> stand, Action<Utf8JsonWriter, T>? more = null) : JsonConverter<T>
{
    public override T Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        return stand(document.RootElement.GetProperty("handle").GetInt64());
    }

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WriteNumber("handle", number(value));
        more?.Invoke(writer, value);
        writer.WriteEndObject();
    }
}

/// <summary>Half of a key exchange: its number, and what of it is public.</summary>
internal sealed class ExchangeConverter(SecretHandles<KeyExchange> handles) : JsonConverter<KeyExchange>
{
    public override KeyExchange Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        var fields = document.RootElement;
        return handles.For(fields.GetProperty("handle").GetInt64(), () => new StandInExchange(
            Enum.Parse<KeyExchangeMethod>(fields.GetProperty("method").GetString()!), Convert.FromHexString(fields.GetProperty("public").GetString()!)));
    }

    public override void Write(Utf8JsonWriter writer, KeyExchange value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WriteNumber("handle", handles.Of(value));
        writer.WriteString("method", value.Method.ToString());
        writer.WriteString("public", Convert.ToHexStringLower(value.PublicValue));
        writer.WriteEndObject();
    }
}

/// <summary>Octets that everybody may see, in hexadecimal.</summary>
internal sealed class OctetsConverter : JsonConverter<byte[]>
{
    public override byte[] Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => Convert.FromHexString(reader.GetString()!);

    public override void Write(Utf8JsonWriter writer, byte[] value, JsonSerializerOptions options) => writer.WriteStringValue(Convert.ToHexStringLower(value));
}

internal sealed class AddressConverter : JsonConverter<IPAddress>
{
    public override IPAddress Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => IPAddress.Parse(reader.GetString()!);

    public override void Write(Utf8JsonWriter writer, IPAddress value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());

    public override bool CanConvert(Type typeToConvert) => typeof(IPAddress).IsAssignableFrom(typeToConvert);
}

internal sealed class EndpointConverter : JsonConverter<IPEndPoint>
{
    public override IPEndPoint Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => IPEndPoint.Parse(reader.GetString()!);

    public override void Write(Utf8JsonWriter writer, IPEndPoint value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
