using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Appliance.PacketIo.Tun;

/// <summary>The Internet checksum (RFC 1071). Sums are taken in memory order: a folded sum is stored as it is, whatever the byte order of the machine.</summary>
internal static class Checksum
{
    /// <summary>Adds octets to a sum. All spans of one sum but the last must have an even length.</summary>
    public static ulong Sum(ReadOnlySpan<byte> octets, ulong sum = 0)
    {
        ref var at = ref MemoryMarshal.GetReference(octets);
        nuint i = 0;
        var length = (nuint)octets.Length;
        if (Vector256.IsHardwareAccelerated && length >= 64)
        {
            Vector256<ulong> even = default, odd = default;
            for (; i + 32 <= length; i += 32)
            {
                var (low, high) = Vector256.Widen(Vector256.LoadUnsafe(ref at, i).AsUInt32());
                even += low;
                odd += high;
            }

            sum += Vector256.Sum(even + odd);
        }

        for (; i + 4 <= length; i += 4) sum += Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref at, i));
        if (i + 2 <= length)
        {
            sum += Unsafe.ReadUnaligned<ushort>(ref Unsafe.Add(ref at, i));
            i += 2;
        }

        return i < length ? sum + Unsafe.Add(ref at, i) : sum;
    }

    /// <summary>The pseudo header of TCP and UDP over an IP header (RFC 9293 §3.1, RFC 8200 §8.1); <paramref name="length"/> is that of transport header and payload.</summary>
    public static ulong PseudoHeader(ReadOnlySpan<byte> ip, byte protocol, int length)
    {
        var addresses = ip[0] >> 4 == 4 ? ip.Slice(12, 8) : ip.Slice(8, 32);
        return Sum(addresses) + BinaryPrimitives.ReverseEndianness((ushort)protocol) + BinaryPrimitives.ReverseEndianness((ushort)length);
    }

    /// <summary>Sixteen bits, carries added in.</summary>
    public static ushort Fold(ulong sum)
    {
        sum = (sum & 0xffff_ffff) + (sum >> 32);
        sum = (sum & 0xffff_ffff) + (sum >> 32);
        sum = (sum & 0xffff) + (sum >> 16);
        sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)sum;
    }

    /// <summary>Stores a folded value as it is in memory.</summary>
    public static void Store(Span<byte> to, ushort value) => MemoryMarshal.Write(to, value);
}
