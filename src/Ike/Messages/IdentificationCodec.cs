namespace Appliance.Ike.Messages;

/// <summary>IDi and IDr (RFC 7296 §3.5).</summary>
internal static class IdentificationCodec
{
    /// <summary>ID_NULL (RFC 7619 §2.1), the only type without octets.</summary>
    private const IdentificationType Null = (IdentificationType)13;

    public static Payload Read(PayloadType type, ref OctetReader reader)
    {
        var idType = (IdentificationType)reader.Byte();
        reader.Skip(3);
        var data = reader.Rest().ToArray();
        if (data.Length > MessageTuning.MaximumIdentity) reader.Fail(MessageErrorKind.TooMany, $"an identity of {data.Length} octets");
        if (!IsLength(idType, data.Length)) reader.Fail(MessageErrorKind.Length, $"an identity of type {idType} with {data.Length} octets");
        return new IdentificationPayload(type == PayloadType.IdentificationInitiator, idType, data);
    }

    public static void Write(OctetWriter writer, IdentificationPayload payload)
    {
        writer.Byte((byte)payload.IdType);
        writer.Zeros(3);
        writer.Octets(payload.Data);
    }

    private static bool IsLength(IdentificationType type, int length) => type switch
    {
        IdentificationType.Ipv4Address => length == 4,
        IdentificationType.Ipv6Address => length == 16,
        Null => true,
        _ => length > 0,
    };
}
