using System.Buffers.Binary;

namespace Appliance.Ike.Messages;

/// <summary>D (RFC 7296 §3.11).</summary>
internal static class DeleteCodec
{
    public static Payload Read(PayloadType type, ref OctetReader reader)
    {
        var (protocol, size, count) = ((ProtocolId)reader.Byte(), reader.Byte(), reader.UInt16());
        if (!IsSize(protocol, size)) reader.Fail(MessageErrorKind.Length, $"SPIs of {size} octets for protocol {protocol}");
        else if (size == 0 && count > 0) reader.Fail(MessageErrorKind.Length, $"{count} SPIs without octets");
        else if (size * count != reader.Left && !reader.Failed) reader.Fail(MessageErrorKind.Length, $"{count} SPIs of {size} octets in {reader.Left} octets");
        else if (count > MessageTuning.MaximumDeletedSpis) reader.Fail(MessageErrorKind.TooMany, $"{count} SPIs");
        if (reader.Failed) return new DeletePayload(protocol, []);
        var spis = new uint[count];
        Span<byte> padded = stackalloc byte[4];
        for (var i = 0; i < count; i++)
        {
            padded.Clear();
            reader.Take(size).CopyTo(padded[(4 - size)..]);
            spis[i] = BinaryPrimitives.ReadUInt32BigEndian(padded);
        }

        return new DeletePayload(protocol, spis) { SpiSize = size };
    }

    public static void Write(OctetWriter writer, DeletePayload payload)
    {
        if (!IsSize(payload.Protocol, payload.SpiSize) || (payload.SpiSize == 0 && payload.Spis.Count > 0))
            throw new ArgumentException($"a delete for protocol {payload.Protocol} with {payload.Spis.Count} SPIs of {payload.SpiSize} octets cannot be sent", nameof(payload));
        writer.Byte((byte)payload.Protocol);
        writer.Byte(payload.SpiSize);
        writer.Zeros(2);
        writer.PatchUInt16(writer.Length - 2, payload.Spis.Count);
        Span<byte> padded = stackalloc byte[4];
        foreach (var spi in payload.Spis)
        {
            BinaryPrimitives.WriteUInt32BigEndian(padded, spi);
            writer.Octets(padded[(4 - payload.SpiSize)..]);
        }
    }

    private static bool IsSize(ProtocolId protocol, byte size) => protocol switch
    {
        ProtocolId.Ike => size == 0,
        ProtocolId.Ah or ProtocolId.Esp => size == 4,
        _ => size is >= 1 and <= 4,
    };
}
