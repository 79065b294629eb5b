using System.Buffers.Binary;
using System.Text;

namespace Appliance.Bgp;

/// <summary>NOTIFICATION (RFC 4271 §4.5).</summary>
/// <param name="Code">Error code.</param>
/// <param name="Subcode">Error subcode, 0 for none.</param>
/// <param name="Data">What the subcode says stands here.</param>
public sealed record NotificationMessage(NotificationCode Code, byte Subcode, byte[] Data)
{
    /// <summary>Longest text of a shutdown (RFC 9003 §2, which made RFC 8203's 128 longer), in octets of UTF-8.</summary>
    public const int MaximumText = 255;

    /// <summary>Without data.</summary>
    public NotificationMessage(NotificationCode code, byte subcode = 0)
        : this(code, subcode, [])
    {
    }

    /// <summary>What the operator over there wrote (RFC 8203), with what a terminal must not get replaced; null without.</summary>
    public string? Text
    {
        get
        {
            if (Code != NotificationCode.Cease || Subcode is not (CeaseReason.AdministrativeShutdown or CeaseReason.AdministrativeReset)) return null;
            if (Data.Length < 2 || Data[0] == 0 || Data[0] >= Data.Length) return null;
            var text = Encoding.UTF8.GetString(Data, 1, Data[0]);
            return string.Create(text.Length, text, static (span, from) =>
            {
                for (var i = 0; i < span.Length; i++) span[i] = char.IsControl(from[i]) || from[i] is >= '\u202a' and <= '\u202e' or >= '\u2066' and <= '\u2069' ? '?' : from[i];
            });
        }
    }

    /// <summary>Bad Message Length, with the length that was said.</summary>
    public static NotificationMessage BadMessageLength(int length) => new(NotificationCode.MessageHeader, HeaderError.BadMessageLength, [(byte)(length >> 8), (byte)length]);

    /// <summary>An unexpected message in a state (RFC 6608); any other state gives subcode 0.</summary>
    public static NotificationMessage Unexpected(SessionState state, MessageType type) => new(NotificationCode.FiniteStateMachine, state switch
    {
        SessionState.OpenSent => StateMachineError.InOpenSent,
        SessionState.OpenConfirm => StateMachineError.InOpenConfirm,
        SessionState.Established => StateMachineError.InEstablished,
        _ => 0,
    }, [(byte)type]);

    /// <summary>Cease because of too many prefixes (RFC 4486 §4).</summary>
    public static NotificationMessage MaximumPrefixes(Family family, uint bound)
    {
        var data = new byte[7];
        BinaryPrimitives.WriteUInt16BigEndian(data, family.Afi);
        data[2] = family.Safi;
        BinaryPrimitives.WriteUInt32BigEndian(data.AsSpan(3), bound);
        return new NotificationMessage(NotificationCode.Cease, CeaseReason.MaximumPrefixes, data);
    }

    /// <summary>Cease with a text for the operator over there (RFC 8203), cut at a character to what fits.</summary>
    /// <param name="subcode">Administrative shutdown or reset.</param>
    /// <param name="text">The text; empty for none.</param>
    public static NotificationMessage Shutdown(byte subcode, string text)
    {
        var octets = new byte[1 + MaximumText];
        Encoding.UTF8.GetEncoder().Convert(text, octets.AsSpan(1), true, out _, out var used, out _);
        octets[0] = (byte)used;
        return new NotificationMessage(NotificationCode.Cease, subcode, octets[..(used == 0 ? 0 : 1 + used)]);
    }

    /// <summary>Reads what stands behind the header. False: too short, which the header's check has refused before.</summary>
    public static bool TryRead(ReadOnlySpan<byte> body, out NotificationMessage message)
    {
        message = body.Length < 2 ? new NotificationMessage(0) : new NotificationMessage((NotificationCode)body[0], body[1], body[2..].ToArray());
        return body.Length >= 2;
    }

    /// <summary>Writes the whole message; its length. Data that would make it longer than 4096 octets is cut (RFC 8654 §5).</summary>
    /// <param name="buffer">At least <see cref="MessageHeader.MaximumLength"/> octets, or as many as are needed.</param>
    public int Write(Span<byte> buffer)
    {
        var data = Data.AsSpan(0, Math.Min(Data.Length, MessageHeader.MaximumLength - MessageHeader.Size - 2));
        var length = MessageHeader.Size + 2 + data.Length;
        buffer[19] = (byte)Code;
        buffer[20] = Subcode;
        data.CopyTo(buffer[21..]);
        MessageHeader.Write(buffer[..length], MessageType.Notification);
        return length;
    }

    /// <summary>Equal when code, subcode and data are.</summary>
    public bool Equals(NotificationMessage? other) => other is not null && Code == other.Code && Subcode == other.Subcode && Data.AsSpan().SequenceEqual(other.Data);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Code, Subcode, Data.Length);

    /// <summary>As a log says it: "Cease (6): Administrative Shutdown (2): maintenance until 6".</summary>
    public override string ToString()
    {
        var text = $"{NotificationNames.OfCode(Code)} ({(byte)Code})";
        if (Subcode != 0) text += $": {NotificationNames.OfSubcode(Code, Subcode)} ({Subcode})";
        if (Text is { } said) return $"{text}: {said}";
        return Data.Length == 0 ? text : $"{text}, data {Convert.ToHexStringLower(Data.AsSpan(0, Math.Min(Data.Length, 32)))}{(Data.Length > 32 ? "…" : "")}";
    }
}
