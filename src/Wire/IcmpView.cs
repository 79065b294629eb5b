using System.Buffers.Binary;

namespace Appliance.Wire;

/// <summary>An ICMP (RFC 792) or ICMPv6 (RFC 4443) message.</summary>
public readonly ref struct IcmpView
{
    /// <summary>Octets of the header.</summary>
    public const int HeaderLength = 8;

    private readonly ReadOnlySpan<byte> message;

    private IcmpView(ReadOnlySpan<byte> message) => this.message = message;

    /// <summary>Type.</summary>
    public byte Type => message[0];

    /// <summary>Code.</summary>
    public byte Code => message[1];

    /// <summary>Checksum.</summary>
    public ushort Checksum => BinaryPrimitives.ReadUInt16BigEndian(message[2..]);

    /// <summary>The last four octets of the header.</summary>
    public uint Rest => BinaryPrimitives.ReadUInt32BigEndian(message[4..]);

    /// <summary>MTU of the next hop in an ICMP "fragmentation needed" (RFC 1191 §4); 0 from routers that predate it.</summary>
    public ushort NextHopMtu => BinaryPrimitives.ReadUInt16BigEndian(message[6..]);

    /// <summary>The packet that an error quotes; it may be cut short (<see cref="PacketFields.TryReadQuoted"/>).</summary>
    public ReadOnlySpan<byte> Quoted => message[HeaderLength..];

    /// <summary>False when the message is shorter than its header.</summary>
    public static bool TryParse(ReadOnlySpan<byte> octets, out IcmpView view)
    {
        view = octets.Length < HeaderLength ? default : new IcmpView(octets);
        return octets.Length >= HeaderLength;
    }
}
