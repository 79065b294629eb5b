using System.Buffers.Binary;

namespace Appliance.Ike.Messages;

/// <summary>
/// Reads a chain of payloads (RFC 7296 §3.2): what follows the header of a message, or what was inside SK. Never throws and never reads past the end; what it keeps is bounded by
/// the octets given and by <see cref="MessageTuning"/>. Payloads come in any order (§2.5); which may be there is for <see cref="ExchangeRules"/>.
/// </summary>
public static class PayloadReader
{
    private const int HeaderLength = 4;
    private const byte Critical = 0x80;

    /// <summary>Reads all payloads. SK and SKF can only be the last; they come out as they stand.</summary>
    /// <param name="first">Type of the first payload; with <see cref="PayloadType.None"/> there must be no octets.</param>
    /// <param name="octets">The chain, nothing before and nothing behind.</param>
    /// <param name="payloads">The payloads in their order, also those that are not known here and are not critical; empty after an error.</param>
    /// <param name="error">Why not.</param>
    public static bool TryRead(PayloadType first, ReadOnlySpan<byte> octets, out List<Payload> payloads, out MessageError error)
    {
        payloads = [];
        error = default;
        var budget = new MessageBudget();
        var type = first;
        var rest = octets;
        while (type != PayloadType.None && error.Kind == MessageErrorKind.None)
        {
            if (!TryFrame(type, rest, out var length, out error)) break;
            var (next, critical) = ((PayloadType)rest[0], (rest[1] & Critical) != 0);
            var body = rest[HeaderLength..length];
            rest = rest[length..];
            error = budget.Spend(type, body.Length);
            if (error.Kind != MessageErrorKind.None) break;
            if (type is PayloadType.Encrypted or PayloadType.EncryptedFragment)
            {
                error = TakeEncrypted(type, next, body, rest, payloads);
                if (error.Kind == MessageErrorKind.None) return true;
                break;
            }

            error = Take(type, critical, body, payloads);
            type = next;
        }

        if (error.Kind == MessageErrorKind.None && rest.Length > 0) error = new MessageError(MessageErrorKind.Length, PayloadType.None, $"message: {rest.Length} octets behind the last payload");
        if (error.Kind != MessageErrorKind.None) payloads = [];
        return error.Kind == MessageErrorKind.None;
    }

    /// <summary>The octets of a payload by its length field.</summary>
    private static bool TryFrame(PayloadType type, ReadOnlySpan<byte> rest, out int length, out MessageError error)
    {
        length = rest.Length < HeaderLength ? 0 : BinaryPrimitives.ReadUInt16BigEndian(rest[2..]);
        error = rest.Length < HeaderLength ? new MessageError(MessageErrorKind.Truncated, type, $"{PayloadNames.Of(type)}: announced, but {rest.Length} octets are left")
            : length < HeaderLength ? new MessageError(MessageErrorKind.Length, type, $"{PayloadNames.Of(type)}: length {length} is less than its header")
            : length > rest.Length ? new MessageError(MessageErrorKind.Truncated, type, $"{PayloadNames.Of(type)}: length {length}, but {rest.Length} octets are left")
            : default;
        return error.Kind == MessageErrorKind.None;
    }

    /// <summary>The critical bit of a payload that is known here means nothing (§2.5).</summary>
    private static MessageError Take(PayloadType type, bool critical, ReadOnlySpan<byte> body, List<Payload> payloads)
    {
        if (PayloadTable.Of(type) is not { } row)
        {
            if (critical) return new MessageError(MessageErrorKind.UnknownCritical, type, $"{PayloadNames.Of(type)}: not known here and critical");
            payloads.Add(new UnknownPayload(type, critical, body.ToArray()));
            return default;
        }

        var reader = new OctetReader(body, type);
        var payload = row.Decode(type, ref reader);
        if (reader.Failed) return reader.Error;
        payloads.Add(payload);
        return default;
    }

    /// <summary>SK and SKF: the next-payload field is that of the first payload inside (§3.14, RFC 7383 §2.5).</summary>
    private static MessageError TakeEncrypted(PayloadType type, PayloadType inside, ReadOnlySpan<byte> body, ReadOnlySpan<byte> behind, List<Payload> payloads)
    {
        if (behind.Length > 0) return new MessageError(MessageErrorKind.Length, type, $"{PayloadNames.Of(type)}: {behind.Length} octets behind what must be the last payload");
        if (type == PayloadType.Encrypted)
        {
            payloads.Add(new EncryptedPayload(inside, body.ToArray()));
            return default;
        }

        var reader = new OctetReader(body, type);
        var (number, total) = (reader.UInt16(), reader.UInt16());
        if (!reader.Failed && !FragmentAssembly.IsPossible(number, total)) reader.Fail(MessageErrorKind.Value, $"fragment {number} of {total}");
        payloads.Add(new EncryptedFragmentPayload(inside, number, total, reader.Rest().ToArray()));
        return reader.Error;
    }
}
