namespace Appliance.Ike.Messages;

/// <summary>Writes whole messages in the clear (RFC 7296 §3.1): IKE_SA_INIT and what is sent outside of an IKE SA.</summary>
public static class MessageWriter
{
    private const int LengthOffset = 24;
    private const int NextPayloadOffset = 16;

    /// <summary>The datagram. NextPayload and Length of the header are computed.</summary>
    /// <exception cref="ArgumentException">Something does not fit its field.</exception>
    public static byte[] Write(IkeHeader header, IReadOnlyList<Payload> payloads)
    {
        var writer = new OctetWriter();
        HeaderCodec.Write(writer, header);
        writer.PatchByte(NextPayloadOffset, (byte)PayloadWriter.Write(writer, payloads));
        writer.PatchUInt32(LengthOffset, (uint)writer.Length);
        return writer.ToArray();
    }
}
