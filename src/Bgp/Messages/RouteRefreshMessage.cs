namespace Appliance.Bgp;

/// <summary>Message subtypes of ROUTE-REFRESH (RFC 7313 §3.2).</summary>
public enum RefreshSubtype : byte
{
    /// <summary>A request (RFC 2918).</summary>
    Request = 0,

    /// <summary>BoRR: the beginning of a route refresh.</summary>
    Begin = 1,

    /// <summary>EoRR: its end.</summary>
    End = 2,
}

/// <summary>ROUTE-REFRESH (RFC 2918, RFC 7313).</summary>
/// <param name="Family">The family.</param>
/// <param name="Subtype">What it is; one that is not known is to be ignored (RFC 7313 §5).</param>
public readonly record struct RouteRefreshMessage(Family Family, RefreshSubtype Subtype)
{
    /// <summary>Octets of the whole message.</summary>
    public const int Size = MessageHeader.Size + 4;

    /// <summary>
    /// Reads what stands behind the header. False: the length is wrong, with the NOTIFICATION that RFC 7313 §5 wants. Behind a request filters may stand (RFC 5291), which were never
    /// offered here and are ignored.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> body, out RouteRefreshMessage message, out NotificationMessage? error)
    {
        message = default;
        error = null;
        if (body.Length < 4)
        {
            error = NotificationMessage.BadMessageLength(MessageHeader.Size + body.Length);
            return false;
        }

        message = new RouteRefreshMessage(new Family((ushort)(body[0] << 8 | body[1]), body[3]), (RefreshSubtype)body[2]);
        if (body.Length == 4 || message.Subtype is not (RefreshSubtype.Begin or RefreshSubtype.End)) return true;
        var whole = new byte[MessageHeader.Size + body.Length];
        body.CopyTo(whole.AsSpan(MessageHeader.Size));
        MessageHeader.Write(whole, MessageType.RouteRefresh);
        error = new NotificationMessage(NotificationCode.RouteRefresh, RefreshError.InvalidMessageLength, whole);
        return false;
    }

    /// <summary>Writes the whole message; its length.</summary>
    public int Write(Span<byte> buffer)
    {
        buffer[19] = (byte)(Family.Afi >> 8);
        buffer[20] = (byte)Family.Afi;
        buffer[21] = (byte)Subtype;
        buffer[22] = Family.Safi;
        MessageHeader.Write(buffer[..Size], MessageType.RouteRefresh);
        return Size;
    }
}
