using System.Buffers.Binary;

namespace Appliance.Wire;

/// <summary>An IPv4 packet (RFC 791). What <see cref="TryParse"/> lets through has a whole header, and a total length that covers it and is there.</summary>
public readonly ref struct Ipv4View
{
    /// <summary>Octets of a header without options.</summary>
    public const int MinimumHeaderLength = 20;

    private readonly ReadOnlySpan<byte> packet;

    private Ipv4View(ReadOnlySpan<byte> packet) => this.packet = packet;

    /// <summary>Octets of header and options: 20..60.</summary>
    public int HeaderLength => (packet[0] & 15) * 4;

    /// <summary>DSCP and ECN.</summary>
    public byte TrafficClass => packet[1];

    /// <summary>Octets of the whole packet; what follows it in the frame is not part of it.</summary>
    public int TotalLength => packet.Length;

    /// <summary>Identification.</summary>
    public ushort Identification => BinaryPrimitives.ReadUInt16BigEndian(packet[4..]);

    /// <summary>DF.</summary>
    public bool DontFragment => (packet[6] & 0x40) != 0;

    /// <summary>MF.</summary>
    public bool MoreFragments => (packet[6] & 0x20) != 0;

    /// <summary>Fragment offset in octets.</summary>
    public int FragmentOffset => (BinaryPrimitives.ReadUInt16BigEndian(packet[6..]) & 0x1fff) * 8;

    /// <summary>Time to live.</summary>
    public byte TimeToLive => packet[8];

    /// <summary>Protocol.</summary>
    public byte Protocol => packet[9];

    /// <summary>Header checksum as it stands there.</summary>
    public ushort Checksum => BinaryPrimitives.ReadUInt16BigEndian(packet[10..]);

    /// <summary>True when the header checksum is right.</summary>
    public bool IsChecksumRight => InternetChecksum.IsHeaderRight(packet[..HeaderLength]);

    /// <summary>Source address as a number.</summary>
    public uint Source => BinaryPrimitives.ReadUInt32BigEndian(packet[12..]);

    /// <summary>Destination address as a number.</summary>
    public uint Destination => BinaryPrimitives.ReadUInt32BigEndian(packet[16..]);

    /// <summary>Options, padded to a multiple of four octets.</summary>
    public ReadOnlySpan<byte> Options => packet[20..HeaderLength];

    /// <summary>What the packet carries.</summary>
    public ReadOnlySpan<byte> Payload => packet[HeaderLength..];

    /// <summary>False when the octets are no IPv4 packet, or the packet is cut short.</summary>
    public static bool TryParse(ReadOnlySpan<byte> octets, out Ipv4View view)
    {
        view = default;
        if (octets.Length < MinimumHeaderLength || octets[0] >> 4 != 4) return false;
        var header = (octets[0] & 15) * 4;
        var total = BinaryPrimitives.ReadUInt16BigEndian(octets[2..]);
        if (header < MinimumHeaderLength || total < header || total > octets.Length) return false;
        view = new Ipv4View(octets[..total]);
        return true;
    }
}
