using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Appliance.Crypto;

/// <summary>
/// Sum of carry-less products in two lanes, in three parts, not yet reduced: blocks are multiplied by powers of the GHASH key and reduced once for many.
/// 256 bits and not 512: where a 512-bit instruction is under way an Intel core closes one of its two AES units, and AES is what a packet waits for.
/// </summary>
internal struct Product256
{
    internal Vector256<ulong> Low;
    internal Vector256<ulong> Middle;
    internal Vector256<ulong> High;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Product256 Of(Vector256<byte> blocks, Vector256<byte> powers) =>
        new() { Low = Low64(blocks, powers), Middle = Cross64(blocks, powers), High = High64(blocks, powers) };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Add(Vector256<byte> blocks, Vector256<byte> powers)
    {
        Low ^= Low64(blocks, powers);
        High ^= High64(blocks, powers);
        Middle ^= Cross64(blocks, powers);
    }

    /// <summary>Low halves times low halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<ulong> Low64(Vector256<byte> blocks, Vector256<byte> powers) =>
        Pclmulqdq.V256.CarrylessMultiply(blocks.AsUInt64(), powers.AsUInt64(), 0x00);

    /// <summary>High halves times high halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<ulong> High64(Vector256<byte> blocks, Vector256<byte> powers) =>
        Pclmulqdq.V256.CarrylessMultiply(blocks.AsUInt64(), powers.AsUInt64(), 0x11);

    /// <summary>Low halves times high halves, both ways.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<ulong> Cross64(Vector256<byte> blocks, Vector256<byte> powers) =>
        Pclmulqdq.V256.CarrylessMultiply(blocks.AsUInt64(), powers.AsUInt64(), 0x01) ^ Pclmulqdq.V256.CarrylessMultiply(blocks.AsUInt64(), powers.AsUInt64(), 0x10);

    /// <summary>Reduces each lane by itself.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly Vector256<byte> Reduce()
    {
        var polynomial = Vector256.Create(1, Ghash.Polynomial, 1, Ghash.Polynomial);
        var middle = Middle ^ Swap(Low) ^ Pclmulqdq.V256.CarrylessMultiply(polynomial, Low, 0x01);
        return (High ^ Swap(middle) ^ Pclmulqdq.V256.CarrylessMultiply(polynomial, middle, 0x01)).AsByte();
    }

    /// <summary>Adds the lanes and reduces.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly Vector128<byte> ReduceToOne() =>
        Ghash.Reduce(Low.GetLower() ^ Low.GetUpper(), Middle.GetLower() ^ Middle.GetUpper(), High.GetLower() ^ High.GetUpper()).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<byte> Reverse(Vector256<byte> blocks) => Avx2.Shuffle(blocks, Vector256.Create(
        (byte)15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Swap(Vector256<ulong> a) => Avx2.Shuffle(a.AsUInt32(), 0x4e).AsUInt64();
}
