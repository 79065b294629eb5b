using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Appliance.Crypto;

/// <summary>
/// GF(2^128) of GCM (NIST SP 800-38D §6.3) on byte-reversed blocks: Gueron's method, where the key carries a factor x so that no product needs a shift.
/// Needs PCLMULQDQ and SSSE3.
/// </summary>
internal static class Ghash
{
    /// <summary>High half: x^127 + x^126 + x^121 of the reflected polynomial.</summary>
    internal const ulong Polynomial = 0xc200000000000000;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> Reverse(Vector128<byte> block) =>
        Ssse3.Shuffle(block, Vector128.Create((byte)15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));

    internal static Vector128<byte> TimesX(Vector128<byte> a)
    {
        var low = a.AsUInt64()[0];
        var high = a.AsUInt64()[1];
        var carry = 0UL - (high >> 63);
        return Vector128.Create((low << 1) ^ (carry & 1), (high << 1 | low >> 63) ^ (carry & Polynomial)).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> Multiply(Vector128<byte> a, Vector128<byte> b)
    {
        var x = a.AsUInt64();
        var y = b.AsUInt64();
        var low = Pclmulqdq.CarrylessMultiply(x, y, 0x00);
        var middle = Pclmulqdq.CarrylessMultiply(x, y, 0x01) ^ Pclmulqdq.CarrylessMultiply(x, y, 0x10);
        var high = Pclmulqdq.CarrylessMultiply(x, y, 0x11);
        return Reduce(low, middle, high).AsByte();
    }

    /// <summary>Reduces a 256-bit product given as low, middle (times 2^64) and high part.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<ulong> Reduce(Vector128<ulong> low, Vector128<ulong> middle, Vector128<ulong> high)
    {
        var polynomial = Vector128.Create(1, Polynomial);
        middle ^= Swap(low) ^ Pclmulqdq.CarrylessMultiply(polynomial, low, 0x01);
        return high ^ Swap(middle) ^ Pclmulqdq.CarrylessMultiply(polynomial, middle, 0x01);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Swap(Vector128<ulong> a) => Sse2.Shuffle(a.AsUInt32(), 0x4e).AsUInt64();
}
