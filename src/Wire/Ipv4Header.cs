using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Appliance.Wire;

/// <summary>Writes and changes IPv4 headers. Methods that take a reference trust the caller that 20 octets are there.</summary>
public static class Ipv4Header
{
    /// <summary>DF in the word of flags and fragment offset.</summary>
    public const ushort DontFragment = 0x4000;

    /// <summary>MF in the word of flags and fragment offset.</summary>
    public const ushort MoreFragments = 0x2000;

    /// <summary>Writes a header of 20 octets with its checksum. False when there is no room or the length does not fit.</summary>
    public static bool TryWrite(
        Span<byte> destination, int totalLength, byte protocol, uint from, uint to, byte trafficClass = 0, byte timeToLive = 64, ushort identification = 0, ushort flags = 0)
    {
        if (destination.Length < 20 || totalLength is < 20 or > 65535) return false;
        destination[0] = 0x45;
        destination[1] = trafficClass;
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)totalLength);
        BinaryPrimitives.WriteUInt16BigEndian(destination[4..], identification);
        BinaryPrimitives.WriteUInt16BigEndian(destination[6..], flags);
        destination[8] = timeToLive;
        destination[9] = protocol;
        BinaryPrimitives.WriteUInt16BigEndian(destination[10..], 0);
        BinaryPrimitives.WriteUInt32BigEndian(destination[12..], from);
        BinaryPrimitives.WriteUInt32BigEndian(destination[16..], to);
        BinaryPrimitives.WriteUInt16BigEndian(destination[10..], InternetChecksum.Of(destination[..20]));
        return true;
    }

    /// <summary>Changes a 16-bit field at an even offset and keeps the checksum right (RFC 1624).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Change16(ref byte header, nint at, ushort value)
    {
        BigEndian.Set16(ref header, 10, InternetChecksum.Update(BigEndian.U16(ref header, 10), BigEndian.U16(ref header, at), value));
        BigEndian.Set16(ref header, at, value);
    }

    /// <summary>Takes one from the TTL and keeps the checksum right. The caller has seen that it is above 1 (RFC 1812 §5.3.1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void DecrementTimeToLive(ref byte header) => Change16(ref header, 8, (ushort)(BigEndian.U16(ref header, 8) - 0x100));

    /// <summary>Writes a fresh checksum over a header with its options.</summary>
    public static void WriteChecksum(Span<byte> header)
    {
        BigEndian.Set16(ref MemoryMarshal.GetReference(header[..20]), 10, 0);
        BigEndian.Set16(ref MemoryMarshal.GetReference(header), 10, InternetChecksum.Of(header));
    }
}
