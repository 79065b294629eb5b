using System.Buffers.Binary;

namespace Appliance.Bgp;

/// <summary>Types of messages (RFC 4271 §4.1, RFC 2918).</summary>
public enum MessageType : byte
{
    /// <summary>OPEN.</summary>
    Open = 1,

    /// <summary>UPDATE.</summary>
    Update = 2,

    /// <summary>NOTIFICATION.</summary>
    Notification = 3,

    /// <summary>KEEPALIVE.</summary>
    Keepalive = 4,

    /// <summary>ROUTE-REFRESH (RFC 2918).</summary>
    RouteRefresh = 5,
}

/// <summary>The header of a message (RFC 4271 §4.1).</summary>
/// <param name="Length">Octets of the whole message.</param>
/// <param name="Type">Its type.</param>
public readonly record struct MessageHeader(int Length, MessageType Type)
{
    /// <summary>Octets of a header.</summary>
    public const int Size = 19;

    /// <summary>Longest message (RFC 4271 §4.1).</summary>
    public const int MaximumLength = 4096;

    /// <summary>Longest message with the Extended Message capability (RFC 8654); never OPEN and KEEPALIVE.</summary>
    public const int ExtendedLength = 65535;

    /// <summary>
    /// Takes the next message from the front of <paramref name="rest"/> and checks its header (RFC 4271 §6.1, RFC 8654 §5). False when there is nothing left (then
    /// <paramref name="error"/> is null) and when the header is wrong or the message is cut off (then it is the NOTIFICATION to send).
    /// </summary>
    /// <param name="rest">Whole messages; what was taken is gone from it.</param>
    /// <param name="maximum">Longest message that we take: <see cref="ExtendedLength"/> when we offered the capability.</param>
    /// <param name="header">The header.</param>
    /// <param name="body">What stands behind it.</param>
    /// <param name="error">What is wrong.</param>
    public static bool TryNext(ref ReadOnlySpan<byte> rest, int maximum, out MessageHeader header, out ReadOnlySpan<byte> body, out NotificationMessage? error)
    {
        header = default;
        body = default;
        error = null;
        if (rest.IsEmpty) return false;
        if (rest.Length < Size)
        {
            error = NotificationMessage.BadMessageLength(rest.Length);
            return false;
        }

        if (!HasMarker(rest))
        {
            error = new NotificationMessage(NotificationCode.MessageHeader, HeaderError.ConnectionNotSynchronized);
            return false;
        }

        var length = BinaryPrimitives.ReadUInt16BigEndian(rest[16..]);
        header = new MessageHeader(length, (MessageType)rest[18]);
        if (header.Type is < MessageType.Open or > MessageType.RouteRefresh)
        {
            error = new NotificationMessage(NotificationCode.MessageHeader, HeaderError.BadMessageType, [rest[18]]);
            return false;
        }

        if (!header.HasPossibleLength(maximum) || length > rest.Length)
        {
            error = NotificationMessage.BadMessageLength(length);
            return false;
        }

        body = rest[Size..length];
        rest = rest[length..];
        return true;
    }

    /// <summary>Writes the header of a message whose body stands behind it.</summary>
    public static void Write(Span<byte> message, MessageType type)
    {
        message[..16].Fill(0xff);
        BinaryPrimitives.WriteUInt16BigEndian(message[16..], (ushort)message.Length);
        message[18] = (byte)type;
    }

    internal static bool HasMarker(ReadOnlySpan<byte> octets) => BinaryPrimitives.ReadUInt128BigEndian(octets) == UInt128.MaxValue;

    private bool HasPossibleLength(int maximum) => Type switch
    {
        MessageType.Open => Length is >= 29 and <= MaximumLength,
        MessageType.Update => Length >= 23 && Length <= maximum,
        MessageType.Notification => Length >= 21 && Length <= maximum,
        MessageType.Keepalive => Length == Size,
        _ => Length >= 23 && Length <= maximum,
    };
}
