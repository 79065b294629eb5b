using System.Buffers.Binary;

namespace Appliance.TcpAo;

/// <summary>
/// What a traffic key is derived from besides the master key (RFC 5925 §5.2): the connection as the sender of the segments sees it. A SYN has 0 for the destination's ISN; a SYN-ACK and what
/// follows have both.
/// </summary>
/// <param name="Source">Source address of the segments: 4 or 16 octets.</param>
/// <param name="Destination">Destination address, of the same family.</param>
/// <param name="SourcePort">Source port.</param>
/// <param name="DestinationPort">Destination port.</param>
/// <param name="SourceIsn">Initial sequence number of the sender.</param>
/// <param name="DestinationIsn">Initial sequence number of the receiver; 0 for a SYN.</param>
public readonly ref struct ConnectionContext(ReadOnlySpan<byte> Source, ReadOnlySpan<byte> Destination, ushort SourcePort, ushort DestinationPort, uint SourceIsn, uint DestinationIsn)
{
    /// <summary>Octets at most.</summary>
    public const int LongestLength = 44;

    private readonly ReadOnlySpan<byte> source = Source, destination = Destination;
    private readonly ushort sourcePort = SourcePort, destinationPort = DestinationPort;
    private readonly uint sourceIsn = SourceIsn, destinationIsn = DestinationIsn;

    /// <summary>Octets.</summary>
    public int Length => source.Length + destination.Length + 12;

    /// <summary>Writes <see cref="Length"/> octets.</summary>
    public void Write(Span<byte> to)
    {
        source.CopyTo(to);
        destination.CopyTo(to[source.Length..]);
        to = to[(source.Length + destination.Length)..];
        BinaryPrimitives.WriteUInt16BigEndian(to, sourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(to[2..], destinationPort);
        BinaryPrimitives.WriteUInt32BigEndian(to[4..], sourceIsn);
        BinaryPrimitives.WriteUInt32BigEndian(to[8..], destinationIsn);
    }
}
