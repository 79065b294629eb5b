namespace Appliance.Ike.Messages;

/// <summary>What is wrong with a message.</summary>
public enum MessageErrorKind
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>It ends inside the header, a payload or a part of a payload.</summary>
    Truncated,

    /// <summary>A length or count does not agree with what is there.</summary>
    Length,

    /// <summary>The major version is above 2.</summary>
    HigherVersion,

    /// <summary>The major version is below 2.</summary>
    LowerVersion,

    /// <summary>The header is cut off, or its length, SPIs, flags or message ID cannot be (RFC 7296 §3.1).</summary>
    Header,

    /// <summary>A payload that is not known here has the critical bit (RFC 7296 §2.5).</summary>
    UnknownCritical,

    /// <summary>A field has a value that cannot be.</summary>
    Value,

    /// <summary>More than <see cref="MessageTuning"/> allows.</summary>
    TooMany,

    /// <summary>A payload has no place in this exchange.</summary>
    Unexpected,

    /// <summary>A payload stands there more often than it may.</summary>
    Repeated,

    /// <summary>A payload that the exchange needs is not there.</summary>
    Missing,
}

/// <summary>Why a message was not taken. The text holds nothing of the peer's own words, so it can be logged.</summary>
/// <param name="Kind">What is wrong.</param>
/// <param name="Payload">The payload concerned: the data of UNSUPPORTED_CRITICAL_PAYLOAD; <see cref="PayloadType.None"/> for the header.</param>
/// <param name="Detail">A sentence for the log.</param>
public readonly record struct MessageError(MessageErrorKind Kind, PayloadType Payload, string Detail)
{
    /// <summary>
    /// What RFC 7296 wants answered when the message is a request (§2.21, §2.5), or null for silence. A response is never answered. What is wrong with a datagram as such
    /// (its header, but for the version) is not answered.
    /// </summary>
    public NotifyType? Notify => Kind switch
    {
        MessageErrorKind.None or MessageErrorKind.LowerVersion or MessageErrorKind.Header => null,
        MessageErrorKind.HigherVersion => NotifyType.InvalidMajorVersion,
        MessageErrorKind.UnknownCritical => NotifyType.UnsupportedCriticalPayload,
        MessageErrorKind.Missing when Payload == PayloadType.Authentication => NotifyType.AuthenticationFailed,
        _ => NotifyType.InvalidSyntax,
    };

    /// <inheritdoc/>
    public override string ToString() => Detail;
}
