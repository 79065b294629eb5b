namespace Appliance.Ike.Messages;

/// <summary>Writes payloads (RFC 7296 §3.2). The critical bit is clear in all of them, as §2.5 wants, but in an <see cref="UnknownPayload"/> that has it.</summary>
public static class PayloadWriter
{
    /// <summary>A chain of payloads, as it goes into SK.</summary>
    /// <param name="payloads">In their order; SK or SKF only as the last.</param>
    /// <param name="first">Type of the first, <see cref="PayloadType.None"/> when there is none.</param>
    /// <exception cref="ArgumentException">Something in it does not fit its field, or SK is not the last.</exception>
    public static byte[] Write(IReadOnlyList<Payload> payloads, out PayloadType first)
    {
        using var writer = new OctetWriter();
        first = Write(writer, payloads);
        return writer.ToArray();
    }

    /// <summary>A payload without its header, as IDi stands in the octets that AUTH signs (RFC 7296 §2.15).</summary>
    /// <exception cref="ArgumentException">Something in it does not fit its field.</exception>
    public static byte[] WriteBody(Payload payload)
    {
        using var writer = new OctetWriter();
        WriteBody(writer, payload);
        return writer.ToArray();
    }

    /// <summary>Writes the chain and gives the type of its first payload.</summary>
    internal static PayloadType Write(OctetWriter writer, IReadOnlyList<Payload> payloads)
    {
        for (var i = 0; i < payloads.Count; i++)
        {
            var (at, payload) = (writer.Length, payloads[i]);
            var last = i + 1 == payloads.Count;
            var inside = payload switch { EncryptedPayload sealedOne => sealedOne.First, EncryptedFragmentPayload fragment => fragment.First, _ => (PayloadType?)null };
            if (inside != null && !last) throw new ArgumentException($"{PayloadNames.Of(payload.Type)} is not the last payload", nameof(payloads));
            writer.Byte((byte)(inside ?? (last ? PayloadType.None : payloads[i + 1].Type)));
            writer.Byte(payload is UnknownPayload { Critical: true } ? (byte)0x80 : (byte)0);
            writer.Zeros(2);
            WriteBody(writer, payload);
            writer.PatchUInt16(at + 2, writer.Length - at);
        }

        return payloads.Count == 0 ? PayloadType.None : payloads[0].Type;
    }

    private static void WriteBody(OctetWriter writer, Payload payload)
    {
        switch (payload)
        {
            case UnknownPayload unknown:
                writer.Octets(unknown.Data);
                break;
            case EncryptedPayload encrypted:
                writer.Octets(encrypted.Data);
                break;
            case EncryptedFragmentPayload fragment:
                writer.UInt16(fragment.Number);
                writer.UInt16(fragment.Total);
                writer.Octets(fragment.Data);
                break;
            default:
                (PayloadTable.Of(payload.Type) ?? throw new ArgumentException($"payload type {payload.Type} has no writer", nameof(payload))).Encode(writer, payload);
                break;
        }
    }
}
