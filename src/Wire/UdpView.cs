using System.Buffers.Binary;

namespace Appliance.Wire;

/// <summary>A UDP datagram (RFC 768). What <see cref="TryParse"/> lets through has a whole header and a length that covers it and is there.</summary>
public readonly ref struct UdpView
{
    /// <summary>Octets of the header.</summary>
    public const int HeaderLength = 8;

    private readonly ReadOnlySpan<byte> datagram;

    private UdpView(ReadOnlySpan<byte> datagram) => this.datagram = datagram;

    /// <summary>Source port.</summary>
    public ushort SourcePort => BinaryPrimitives.ReadUInt16BigEndian(datagram);

    /// <summary>Destination port.</summary>
    public ushort DestinationPort => BinaryPrimitives.ReadUInt16BigEndian(datagram[2..]);

    /// <summary>Octets of header and payload.</summary>
    public int Length => datagram.Length;

    /// <summary>Checksum; 0 for none.</summary>
    public ushort Checksum => BinaryPrimitives.ReadUInt16BigEndian(datagram[6..]);

    /// <summary>What the datagram carries.</summary>
    public ReadOnlySpan<byte> Payload => datagram[HeaderLength..];

    /// <summary>False when the octets are no whole datagram.</summary>
    public static bool TryParse(ReadOnlySpan<byte> octets, out UdpView view)
    {
        view = default;
        if (octets.Length < HeaderLength) return false;
        var length = BinaryPrimitives.ReadUInt16BigEndian(octets[4..]);
        if (length < HeaderLength || length > octets.Length) return false;
        view = new UdpView(octets[..length]);
        return true;
    }
}

/// <summary>Writes UDP headers.</summary>
public static class UdpHeader
{
    /// <summary>Writes eight octets; the checksum is left 0 (none). False when there is no room or the length does not fit.</summary>
    public static bool TryWrite(Span<byte> destination, ushort sourcePort, ushort destinationPort, int length)
    {
        if (destination.Length < UdpView.HeaderLength || length is < UdpView.HeaderLength or > 65535) return false;
        BinaryPrimitives.WriteUInt16BigEndian(destination, sourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], destinationPort);
        BinaryPrimitives.WriteUInt32BigEndian(destination[4..], (uint)length << 16);
        return true;
    }
}
