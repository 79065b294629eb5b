using System.Buffers.Binary;

namespace Appliance.Ike.Messages;

/// <summary>The IKE header (RFC 7296 §3.1).</summary>
public static class HeaderCodec
{
    /// <summary>
    /// Reads the header of a whole datagram. After <see cref="MessageErrorKind.HigherVersion"/> the fields are filled in all the same, for the INVALID_MAJOR_VERSION that copies
    /// them (§1.5).
    /// </summary>
    /// <param name="datagram">The whole message, without the non-ESP marker.</param>
    /// <param name="header">The header.</param>
    /// <param name="error">Why not.</param>
    public static bool TryRead(ReadOnlySpan<byte> datagram, out IkeHeader header, out MessageError error)
    {
        header = default;
        error = default;
        if (datagram.Length < IkeHeader.Size) return Refuse($"header: {datagram.Length} octets are fewer than its {IkeHeader.Size}", out error);
        header = new IkeHeader(
            BinaryPrimitives.ReadUInt64BigEndian(datagram),
            BinaryPrimitives.ReadUInt64BigEndian(datagram[8..]),
            (PayloadType)datagram[16],
            datagram[17],
            (ExchangeType)datagram[18],
            (HeaderFlags)datagram[19],
            BinaryPrimitives.ReadUInt32BigEndian(datagram[20..]),
            BinaryPrimitives.ReadUInt32BigEndian(datagram[24..]));
        var major = header.Version >> 4;
        if (major != 2)
        {
            error = new MessageError(major > 2 ? MessageErrorKind.HigherVersion : MessageErrorKind.LowerVersion, PayloadType.None, $"header: major version {major}, not 2");
            return false;
        }

        if (header.Length != datagram.Length || datagram.Length > MessageTuning.MaximumMessage)
            return Refuse($"header: length {header.Length} in a datagram of {datagram.Length} octets", out error);
        return Wrong(header) is not { } wrong || Refuse($"header: {wrong}", out error);
    }

    /// <summary>Writes a header as it stands.</summary>
    internal static void Write(OctetWriter writer, IkeHeader header)
    {
        writer.UInt64(header.InitiatorSpi);
        writer.UInt64(header.ResponderSpi);
        writer.Byte((byte)header.NextPayload);
        writer.Byte(header.Version);
        writer.Byte((byte)header.Exchange);
        writer.Byte((byte)header.Flags);
        writer.UInt32(header.MessageId);
        writer.UInt32(header.Length);
    }

    /// <summary>
    /// Rules on SPIs, flags and message ID (§3.1, §2.2, §2.6). Only the unprotected INVALID_SPI of §1.5, an INFORMATIONAL request, may have an initiator's SPI of zero.
    /// </summary>
    private static string? Wrong(in IkeHeader header) => header switch
    {
        { Exchange: ExchangeType.IkeSaInit, MessageId: not 0 } => "IKE_SA_INIT with a message ID that is not 0",
        { InitiatorSpi: 0, Exchange: not ExchangeType.Informational } or { InitiatorSpi: 0, IsResponse: true } => "the initiator's SPI is 0",
        { Exchange: ExchangeType.IkeSaInit, IsResponse: false, FromInitiator: false } => "an IKE_SA_INIT request that is not from the initiator",
        { Exchange: ExchangeType.IkeSaInit, IsResponse: true, FromInitiator: true } => "an IKE_SA_INIT response from the initiator",
        { Exchange: ExchangeType.IkeSaInit, IsResponse: false, ResponderSpi: not 0 } => "an IKE_SA_INIT request with a responder's SPI",
        { Exchange: ExchangeType.IkeSaInit or ExchangeType.Informational } => null,
        { ResponderSpi: 0 } => "the responder's SPI is 0",
        _ => null,
    };

    private static bool Refuse(string detail, out MessageError error)
    {
        error = new MessageError(MessageErrorKind.Header, PayloadType.None, detail);
        return false;
    }
}
