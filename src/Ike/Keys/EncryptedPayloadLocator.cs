using System.Buffers.Binary;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Keys;

/// <summary>Where in a datagram the Encrypted payload is, which is always the last one (RFC 7296 §3.14), and how a header is written in front of one.</summary>
internal static class EncryptedPayloadLocator
{
    private const int GenericHeader = 4;
    private const int FragmentHeader = 8;
    private const int MostClearPayloads = 32;

    /// <summary>Walks the clear payloads, of which there are hardly ever any. False for anything that is not whole to the last octet.</summary>
    internal static bool TryFind(ReadOnlySpan<byte> datagram, out Place place)
    {
        place = default;
        if (datagram.Length < IkeHeader.Size + GenericHeader || BinaryPrimitives.ReadUInt32BigEndian(datagram[24..]) != (uint)datagram.Length)
            return false;
        var type = (PayloadType)datagram[16];
        var at = IkeHeader.Size;
        for (var i = 0; i <= MostClearPayloads && datagram.Length - at >= GenericHeader; i++)
        {
            var length = BinaryPrimitives.ReadUInt16BigEndian(datagram[(at + 2)..]);
            if (length < GenericHeader || length > datagram.Length - at)
                return false;
            if (type is PayloadType.Encrypted or PayloadType.EncryptedFragment)
                return at + length == datagram.Length && Read(datagram, at, type, out place);
            type = (PayloadType)datagram[at];
            at += length;
        }

        return false;
    }

    /// <summary>The 28 octets of a header (RFC 7296 §3.1), with this next payload and length.</summary>
    internal static void WriteHeader(Span<byte> octets, IkeHeader header, PayloadType next, uint length)
    {
        BinaryPrimitives.WriteUInt64BigEndian(octets, header.InitiatorSpi);
        BinaryPrimitives.WriteUInt64BigEndian(octets[8..], header.ResponderSpi);
        octets[16] = (byte)next;
        octets[17] = header.Version;
        octets[18] = (byte)header.Exchange;
        octets[19] = (byte)header.Flags;
        BinaryPrimitives.WriteUInt32BigEndian(octets[20..], header.MessageId);
        BinaryPrimitives.WriteUInt32BigEndian(octets[24..], length);
    }

    private static bool Read(ReadOnlySpan<byte> datagram, int at, PayloadType type, out Place place)
    {
        var first = (PayloadType)datagram[at];
        place = new Place(at + GenericHeader, first, default);
        if (type == PayloadType.Encrypted)
            return true;
        if (datagram.Length - at < FragmentHeader)
            return false;
        var number = BinaryPrimitives.ReadUInt16BigEndian(datagram[(at + 4)..]);
        var total = BinaryPrimitives.ReadUInt16BigEndian(datagram[(at + 6)..]);
        place = new Place(at + FragmentHeader, first, (number, total));
        return number > 0 && number <= total;
    }

    /// <summary>Where the IV begins (all before is authenticated), and what the payload's header says.</summary>
    internal readonly record struct Place(int BodyOffset, PayloadType First, (ushort Number, ushort Total) Fragment);
}
