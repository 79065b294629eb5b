namespace Appliance.Ike.Messages;

/// <summary>AUTH (RFC 7296 §3.8).</summary>
internal static class AuthenticationCodec
{
    public static Payload Read(PayloadType type, ref OctetReader reader)
    {
        var method = (AuthenticationMethod)reader.Byte();
        reader.Skip(3);
        var data = reader.Rest().ToArray();
        if (data.Length == 0) reader.Fail(MessageErrorKind.Length, "no authentication data");
        return new AuthenticationPayload(method, data);
    }

    public static void Write(OctetWriter writer, AuthenticationPayload payload)
    {
        writer.Byte((byte)payload.Method);
        writer.Zeros(3);
        writer.Octets(payload.Data);
    }
}
