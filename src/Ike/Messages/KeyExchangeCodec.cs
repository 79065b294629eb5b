namespace Appliance.Ike.Messages;

/// <summary>KE (RFC 7296 §3.4). Whether the value has the length of its group is for the key exchange to say.</summary>
internal static class KeyExchangeCodec
{
    public static Payload Read(PayloadType type, ref OctetReader reader)
    {
        var method = reader.UInt16();
        reader.Skip(2);
        var data = reader.Rest().ToArray();
        if (data.Length == 0) reader.Fail(MessageErrorKind.Length, "no key exchange data");
        return new KeyExchangePayload(method, data);
    }

    public static void Write(OctetWriter writer, KeyExchangePayload payload)
    {
        writer.UInt16(payload.Method);
        writer.Zeros(2);
        writer.Octets(payload.Data);
    }
}
