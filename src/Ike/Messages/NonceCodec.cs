namespace Appliance.Ike.Messages;

/// <summary>Ni and Nr (RFC 7296 §3.9): 16 to 256 octets.</summary>
internal static class NonceCodec
{
    private const int Minimum = 16;
    private const int Maximum = 256;

    public static Payload Read(PayloadType type, ref OctetReader reader)
    {
        var data = reader.Rest();
        if (data.Length is < Minimum or > Maximum) reader.Fail(MessageErrorKind.Length, $"a nonce of {data.Length} octets, not {Minimum} to {Maximum}");
        return new NoncePayload(reader.Failed ? [] : data.ToArray());
    }
}
