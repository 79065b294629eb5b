using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Appliance.Wire;

/// <summary>An ESP packet from its SPI on (RFC 4303 §2). What <see cref="TryParse"/> lets through has SPI and sequence number.</summary>
public readonly ref struct EspView
{
    /// <summary>Octets of SPI and sequence number.</summary>
    public const int HeaderLength = 8;

    private readonly ReadOnlySpan<byte> packet;

    private EspView(ReadOnlySpan<byte> packet) => this.packet = packet;

    /// <summary>Security parameters index.</summary>
    public uint Spi => BinaryPrimitives.ReadUInt32BigEndian(packet);

    /// <summary>Sequence number; the low half of an extended one.</summary>
    public uint SequenceNumber => BinaryPrimitives.ReadUInt32BigEndian(packet[4..]);

    /// <summary>IV, ciphertext and integrity check value.</summary>
    public ReadOnlySpan<byte> Payload => packet[HeaderLength..];

    /// <summary>False when the packet is shorter than its header.</summary>
    public static bool TryParse(ReadOnlySpan<byte> octets, out EspView view)
    {
        view = octets.Length < HeaderLength ? default : new EspView(octets);
        return octets.Length >= HeaderLength;
    }
}

/// <summary>Padding, pad length and next header behind the payload (RFC 4303 §2.4 to §2.6).</summary>
public static class EspTrailer
{
    /// <summary>Octets of pad length and next header.</summary>
    public const int Length = 2;

    /// <summary>Padding that takes the payload and the trailer to a multiple of <paramref name="alignment"/> (a power of two): 0..alignment-1 octets.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int PadLength(int payload, int alignment) => -(payload + Length) & (alignment - 1);

    /// <summary>Writes padding 1, 2, 3, …, its length and the next header; the caller promises that padding + 2 octets are there.</summary>
    public static void Write(ref byte at, int padLength, byte nextHeader)
    {
        for (var i = 0; i < padLength; i++) Unsafe.Add(ref at, i) = (byte)(i + 1);
        Unsafe.Add(ref at, padLength) = (byte)padLength;
        Unsafe.Add(ref at, padLength + 1) = nextHeader;
    }

    /// <summary>True when the padding reads 1, 2, 3, …</summary>
    public static bool IsPaddingRight(ReadOnlySpan<byte> padding)
    {
        var wrong = 0;
        for (var i = 0; i < padding.Length; i++) wrong |= padding[i] ^ (byte)(i + 1);
        return wrong == 0;
    }
}
