using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Appliance.Wire;

/// <summary>
/// The Internet checksum (RFC 1071) and its incremental update (RFC 1624). Sums are one's complement sums of 16-bit numbers in network
/// order, not complemented; sums of pieces may be added in a <see cref="uint"/> as long as each piece but the last has an even length.
/// </summary>
public static class InternetChecksum
{
    /// <summary>Folded sum of the octets, 0..65535; an odd last octet is padded with zero on the right.</summary>
    public static uint Sum(ReadOnlySpan<byte> octets)
    {
        ref var at = ref MemoryMarshal.GetReference(octets);
        var left = octets.Length;
        ulong sum = 0;
        if (left >= 64 && Vector256.IsHardwareAccelerated)
        {
            // 32-bit lanes take two 16-bit numbers per step: 32767 steps (1 MiB) before a lane could overflow.
            var low = Vector256<uint>.Zero;
            var high = Vector256<uint>.Zero;
            var mask = Vector256.Create(0xffffu);
            for (var steps = Math.Min(left / 32, 32767); steps > 0; steps--, left -= 32, at = ref Unsafe.Add(ref at, 32))
            {
                var block = Vector256.LoadUnsafe(ref at).AsUInt32();
                low += block & mask;
                high += block >>> 16;
            }

            sum = SumLanes(low) + SumLanes(high);
        }

        for (; left >= 4; left -= 4, at = ref Unsafe.Add(ref at, 4)) sum += Unsafe.ReadUnaligned<uint>(ref at);
        if (left >= 2)
        {
            sum += Unsafe.ReadUnaligned<ushort>(ref at);
            at = ref Unsafe.Add(ref at, 2);
            left -= 2;
        }

        if (left > 0) sum += at;
        return BinaryPrimitives.ReverseEndianness(Fold(sum));
    }

    /// <summary>Checksum of the octets, as it stands in a header whose checksum field was zero.</summary>
    public static ushort Of(ReadOnlySpan<byte> octets) => Finish(Sum(octets));

    /// <summary>Folds a sum of sums and complements it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort Finish(uint sum) => (ushort)~Fold(sum);

    /// <summary>Folds a sum to 16 bits with end-around carry.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort Fold(ulong sum)
    {
        sum = (sum & 0xffff_ffff) + (sum >> 32);
        sum = (sum & 0xffff_ffff) + (sum >> 32);
        sum = (sum & 0xffff) + (sum >> 16);
        sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)sum;
    }

    /// <summary>Checksum after a 16-bit field changed: HC' = ~(~HC + ~m + m') (RFC 1624 §3, equation 3).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort Update(ushort checksum, ushort before, ushort after)
    {
        var sum = (uint)(ushort)~checksum + (ushort)~before + after;
        sum = (sum & 0xffff) + (sum >> 16);
        sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)~sum;
    }

    /// <summary>Sum of the IPv4 pseudo header (RFC 768, RFC 9293 §3.1). Addresses as numbers, length in octets.</summary>
    public static uint PseudoHeaderV4(uint source, uint destination, byte protocol, int length) =>
        Fold((ulong)(source >> 16) + (source & 0xffff) + (destination >> 16) + (destination & 0xffff) + protocol + (uint)length);

    /// <summary>Sum of the IPv6 pseudo header (RFC 8200 §8.1). Addresses as two numbers each, length in octets.</summary>
    public static uint PseudoHeaderV6(ulong sourceHigh, ulong sourceLow, ulong destinationHigh, ulong destinationLow, byte protocol, int length) =>
        Fold((ulong)Fold(sourceHigh) + Fold(sourceLow) + Fold(destinationHigh) + Fold(destinationLow) + protocol + (uint)length);

    /// <summary>True when the checksum of an IPv4 header is right. <paramref name="header"/> is the header with its options.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsHeaderRight(ReadOnlySpan<byte> header)
    {
        if (header.Length != 20) return Sum(header) == 0xffff;
        ref var at = ref MemoryMarshal.GetReference(header);
        var first = Unsafe.ReadUnaligned<ulong>(ref at);
        var second = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref at, 8));
        var sum = (first & 0xffff_ffff) + (first >> 32) + (second & 0xffff_ffff) + (second >> 32) + Unsafe.ReadUnaligned<uint>(ref Unsafe.Add(ref at, 16));
        return Fold(sum) == 0xffff;
    }

    private static ulong SumLanes(Vector256<uint> lanes)
    {
        var (a, b) = Vector256.Widen(lanes);
        return Vector256.Sum(a + b);
    }
}
