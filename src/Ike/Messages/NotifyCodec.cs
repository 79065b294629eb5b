namespace Appliance.Ike.Messages;

/// <summary>N (RFC 7296 §3.10). What its data means is for <see cref="NotifyRules"/> and for who reads it.</summary>
internal static class NotifyCodec
{
    public static Payload Read(PayloadType type, ref OctetReader reader)
    {
        var (protocol, spiLength, notify) = ((ProtocolId)reader.Byte(), reader.Byte(), (NotifyType)reader.UInt16());
        var spi = reader.Take(spiLength).ToArray();
        return new NotifyPayload(protocol, spi, notify, reader.Rest().ToArray());
    }

    public static void Write(OctetWriter writer, NotifyPayload payload)
    {
        writer.Byte((byte)payload.Protocol);
        writer.Zeros(1);
        writer.PatchByte(writer.Length - 1, payload.Spi.Length);
        writer.UInt16((ushort)payload.NotifyType);
        writer.Octets(payload.Spi);
        writer.Octets(payload.Data);
    }
}
