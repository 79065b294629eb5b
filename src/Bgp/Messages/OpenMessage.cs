using System.Buffers.Binary;

namespace Appliance.Bgp;

/// <summary>OPEN (RFC 4271 §4.2) with its capabilities (RFC 5492).</summary>
/// <param name="As">The AS: of the 4-octet capability where it is, else My Autonomous System.</param>
/// <param name="HoldSeconds">Hold time: 0 or at least 3.</param>
/// <param name="Identifier">BGP Identifier; not 0 (RFC 6286).</param>
/// <param name="Capabilities">Capabilities.</param>
public sealed record OpenMessage(uint As, ushort HoldSeconds, uint Identifier, Capabilities Capabilities)
{
    /// <summary>Stands in My Autonomous System for an AS that does not fit (RFC 6793 §9).</summary>
    public const ushort AsTrans = 23456;

    private const byte Version = 4;
    private const byte CapabilitiesParameter = 2;
    private const byte ExtendedLength = 255;
    private const int FixedLength = 10;

    /// <summary>Reads what stands behind the header and checks it by itself (RFC 4271 §6.2). False: the NOTIFICATION to send.</summary>
    public static bool TryRead(ReadOnlySpan<byte> body, out OpenMessage? open, out NotificationMessage? error)
    {
        open = null;
        error = null;
        if (body.Length < FixedLength)
        {
            error = NotificationMessage.BadMessageLength(MessageHeader.Size + body.Length);
            return false;
        }

        if (body[0] != Version) return Refuse(OpenError.UnsupportedVersion, out error, 0, Version);
        var capabilities = new CapabilityReader();
        var wrong = ReadParameters(body[(FixedLength - 1)..], capabilities);
        if (wrong >= 0) return Refuse((byte)wrong, out error);
        var found = capabilities.Result;
        var two = BinaryPrimitives.ReadUInt16BigEndian(body[1..]);
        var hold = BinaryPrimitives.ReadUInt16BigEndian(body[3..]);
        var identifier = BinaryPrimitives.ReadUInt32BigEndian(body[5..]);
        var autonomous = found.FourOctetAs ?? two;
        // RFC 7607 §2 and RFC 6793 §4.2.1: zero is nobody's; AS_TRANS is nobody's either, where four octets are spoken.
        if (autonomous == 0 || two == 0 || found.FourOctetAs == AsTrans) return Refuse(OpenError.BadPeerAs, out error);
        if (hold is 1 or 2) return Refuse(OpenError.UnacceptableHoldTime, out error);
        if (identifier == 0) return Refuse(OpenError.BadIdentifier, out error);
        open = new OpenMessage(autonomous, hold, identifier, found);
        return true;
    }

    /// <summary>Writes the whole message; its length. Parameters beyond 255 octets take the form of RFC 9072.</summary>
    /// <param name="buffer">At least <see cref="MessageHeader.MaximumLength"/> octets.</param>
    public int Write(Span<byte> buffer)
    {
        Span<byte> scratch = stackalloc byte[MessageHeader.MaximumLength - MessageHeader.Size - FixedLength - 6];
        var inside = new OctetWriter(scratch);
        CapabilityWriter.Write(ref inside, Capabilities);
        var to = new OctetWriter(buffer[MessageHeader.Size..MessageHeader.MaximumLength]);
        to.Write(Version);
        to.Write16(As > ushort.MaxValue ? AsTrans : (int)As);
        to.Write16(HoldSeconds);
        to.Write32(Identifier);
        if (inside.Length + 2 > byte.MaxValue)
        {
            to.Write(ExtendedLength);
            to.Write(ExtendedLength);
            to.Write16(inside.Length + 3);
            to.Write(CapabilitiesParameter);
            to.Write16(inside.Length);
        }
        else
        {
            to.Write((byte)(inside.Length == 0 ? 0 : inside.Length + 2));
            if (inside.Length > 0)
            {
                to.Write(CapabilitiesParameter);
                to.Write((byte)inside.Length);
            }
        }

        to.Write(inside.Written);
        var length = MessageHeader.Size + to.Length;
        MessageHeader.Write(buffer[..length], MessageType.Open);
        return length;
    }

    private static bool Refuse(byte subcode, out NotificationMessage? error, params byte[] data)
    {
        error = new NotificationMessage(NotificationCode.OpenMessage, subcode, data);
        return false;
    }

    /// <summary>Reads from Optional Parameters Length on; the subcode of what is wrong, or -1.</summary>
    private static int ReadParameters(ReadOnlySpan<byte> octets, CapabilityReader capabilities)
    {
        int length = octets[0];
        octets = octets[1..];
        // RFC 9072 §2: the first parameter's type says which of the two forms it is.
        var isExtended = length != 0 && octets.Length >= 3 && octets[0] == ExtendedLength;
        if (isExtended)
        {
            length = BinaryPrimitives.ReadUInt16BigEndian(octets[1..]);
            octets = octets[3..];
        }

        if (octets.Length != length) return OpenError.Unspecific;
        var header = isExtended ? 3 : 2;
        while (!octets.IsEmpty)
        {
            if (octets.Length < header) return OpenError.Unspecific;
            var type = octets[0];
            int size = isExtended ? BinaryPrimitives.ReadUInt16BigEndian(octets[1..]) : octets[1];
            if (octets.Length < header + size) return OpenError.Unspecific;
            if (type != CapabilitiesParameter) return OpenError.UnsupportedParameter;
            if (!capabilities.TryRead(octets.Slice(header, size))) return OpenError.Unspecific;
            octets = octets[(header + size)..];
        }

        return -1;
    }
}
