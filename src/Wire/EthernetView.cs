using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Appliance.Wire;

/// <summary>An Ethernet II frame without VLAN tag (RFC 894).</summary>
public readonly ref struct EthernetView
{
    /// <summary>Octets of the header.</summary>
    public const int HeaderLength = 14;

    private readonly ReadOnlySpan<byte> frame;

    private EthernetView(ReadOnlySpan<byte> frame) => this.frame = frame;

    /// <summary>Destination address, six octets.</summary>
    public ReadOnlySpan<byte> Destination => frame[..6];

    /// <summary>Source address, six octets.</summary>
    public ReadOnlySpan<byte> Source => frame[6..12];

    /// <summary>Protocol, one of <see cref="Wire.EtherType"/> or another.</summary>
    public ushort EtherType => BinaryPrimitives.ReadUInt16BigEndian(frame[12..]);

    /// <summary>True for broadcast and multicast.</summary>
    public bool IsGroup => (frame[0] & 1) != 0;

    /// <summary>What follows the header, padding of short frames included.</summary>
    public ReadOnlySpan<byte> Payload => frame[HeaderLength..];

    /// <summary>False when the frame is shorter than a header.</summary>
    public static bool TryParse(ReadOnlySpan<byte> octets, out EthernetView view)
    {
        view = octets.Length < HeaderLength ? default : new EthernetView(octets);
        return octets.Length >= HeaderLength;
    }
}

/// <summary>Writes Ethernet headers.</summary>
public static class EthernetHeader
{
    /// <summary>
    /// Writes 14 octets with two stores. Both addresses come in memory order: destination and the first two octets of the source in
    /// <paramref name="macFirst"/>, the rest of the source in <paramref name="macLast"/>. The caller promises that 16 octets are there; the two behind the header are kept.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(ref byte start, ulong macFirst, uint macLast, ushort etherType)
    {
        Unsafe.WriteUnaligned(ref start, macFirst);
        Unsafe.WriteUnaligned(ref Unsafe.Add(ref start, 8), macLast);
        BigEndian.Set16(ref start, 12, etherType);
    }
}
