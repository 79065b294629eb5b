using System.Buffers.Binary;

namespace Appliance.Ike.Children;

/// <summary>SPIs of ESP as they stand in payloads: 4 octets in network order.</summary>
internal static class SpiOctets
{
    public static byte[] Of(uint spi)
    {
        var octets = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(octets, spi);
        return octets;
    }

    /// <summary>Null: not 4 octets, or a number that is reserved (RFC 4303 §2.1).</summary>
    public static uint? Read(ReadOnlySpan<byte> octets) => octets.Length == 4 && BinaryPrimitives.ReadUInt32BigEndian(octets) is > 255 and var spi ? spi : null;

    /// <summary>Of an IKE SA: 8 octets.</summary>
    public static byte[] OfIke(ulong spi)
    {
        var octets = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(octets, spi);
        return octets;
    }

    /// <summary>Null: not 8 octets, or zero.</summary>
    public static ulong? ReadIke(ReadOnlySpan<byte> octets) => octets.Length == 8 && BinaryPrimitives.ReadUInt64BigEndian(octets) is not 0 and var spi ? spi : null;
}
