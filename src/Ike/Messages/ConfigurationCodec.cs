namespace Appliance.Ike.Messages;

/// <summary>CP (RFC 7296 §3.15). Attributes that are not known here are kept as they come; an empty value asks for one.</summary>
internal static class ConfigurationCodec
{
    private const ushort Reserved = 0x8000;

    public static Payload Read(PayloadType type, ref OctetReader reader)
    {
        var kind = (ConfigurationKind)reader.Byte();
        reader.Skip(3);
        if (!reader.Failed && !Enum.IsDefined(kind)) reader.Fail(MessageErrorKind.Value, $"CFG type {(byte)kind}");
        var attributes = new List<ConfigurationAttribute>();
        while (reader.Left > 0)
        {
            var number = (ushort)(reader.UInt16() & ~Reserved);
            var value = reader.Take(reader.UInt16());
            if (!IsLength(number, value.Length)) reader.Fail(MessageErrorKind.Length, $"attribute {number} with {value.Length} octets");
            if (attributes.Count == MessageTuning.MaximumConfigurationAttributes) reader.Fail(MessageErrorKind.TooMany, $"more than {attributes.Count} attributes");
            if (!reader.Failed) attributes.Add(new ConfigurationAttribute(number, value.ToArray()));
        }

        return new ConfigurationPayload(kind, attributes);
    }

    public static void Write(OctetWriter writer, ConfigurationPayload payload)
    {
        writer.Byte((byte)payload.Kind);
        writer.Zeros(3);
        foreach (var attribute in payload.Attributes)
        {
            writer.UInt16((ushort)(attribute.Type & ~Reserved));
            writer.Zeros(2);
            writer.PatchUInt16(writer.Length - 2, attribute.Value.Length);
            writer.Octets(attribute.Value);
        }
    }

    /// <summary>
    /// Lengths of §3.15.1: addresses, netmask, DNS, NBNS and DHCP of IPv4; the address of IPv6 with its prefix (16 octets: an old way that some still have), DNS and DHCP of IPv6; subnets.
    /// </summary>
    private static bool IsLength(ushort attribute, int length) => length == 0 || attribute switch
    {
        1 or 2 or 3 or 4 or 6 => length == 4,
        8 => length is 16 or 17,
        10 or 12 => length == 16,
        13 => length == 8,
        15 => length == 17,
        _ => true,
    };
}
