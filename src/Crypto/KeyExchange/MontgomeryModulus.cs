using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Appliance.Crypto;

/// <summary>
/// Powers modulo an odd number whose length is a multiple of 64 bits, in constant time: Montgomery multiplication, a fixed window of 4 bits, table entries picked by reading all of them. Neither a
/// branch nor an address depends on exponent, base or result; only lengths do. The general-purpose big integers of the BCL and of the library promise neither that nor that they wipe, and are slower.
/// </summary>
internal sealed class MontgomeryModulus
{
    private const int WindowBits = 4;
    private const int TableSize = 1 << WindowBits;

    private readonly ulong[] modulus;
    private readonly ulong[] one;
    private readonly ulong[] square;
    private readonly ulong inverse;

    /// <param name="octets">The modulus, big-endian; its first and its last bit are set.</param>
    internal MontgomeryModulus(ReadOnlySpan<byte> octets)
    {
        modulus = new ulong[octets.Length / 8];
        Read(octets, modulus);
        var number = new BigInteger(octets, isUnsigned: true, isBigEndian: true);
        var radix = BigInteger.One << (64 * modulus.Length);
        one = Limbs(radix % number);
        square = Limbs(radix * radix % number);
        // -1/m modulo 2^64: an odd number is its own inverse modulo 8, and each round doubles the bits that are right.
        var x = modulus[0];
        for (var bits = 3; bits < 64; bits *= 2)
            x *= 2 - (modulus[0] * x);
        inverse = 0 - x;
    }

    /// <summary>The modulus's length in octets.</summary>
    internal int Length => 8 * modulus.Length;

    /// <summary>value to the power of exponent; everything big-endian. Wipes what it worked on.</summary>
    /// <param name="value">Less than the modulus, of its length.</param>
    /// <param name="exponent">Of any length; zeros cost as much as other octets.</param>
    /// <param name="result">As long as the modulus.</param>
    internal void Power(ReadOnlySpan<byte> value, ReadOnlySpan<byte> exponent, Span<byte> result)
    {
        var limbs = modulus.Length;
        // Table, accumulator, the entry picked and the product under way: 10 KB for 4096 bits.
        Span<ulong> work = stackalloc ulong[((TableSize + 3) * limbs) + 1];
        var table = work[..(TableSize * limbs)];
        var accumulator = work.Slice(TableSize * limbs, limbs);
        var picked = work.Slice((TableSize + 1) * limbs, limbs);
        var product = work[((TableSize + 2) * limbs)..];

        Read(value, picked);
        one.CopyTo(table);
        Multiply(picked, square, table.Slice(limbs, limbs), product);
        for (var i = 2; i < TableSize; i++)
            Multiply(table.Slice((i - 1) * limbs, limbs), table.Slice(limbs, limbs), table.Slice(i * limbs, limbs), product);

        one.CopyTo(accumulator);
        for (var digit = 0; digit < 2 * exponent.Length; digit++)
        {
            for (var i = 0; i < WindowBits; i++)
                Multiply(accumulator, accumulator, accumulator, product);
            Pick(table, (exponent[digit / 2] >> (digit % 2 == 0 ? WindowBits : 0)) & (TableSize - 1), picked);
            Multiply(accumulator, picked, accumulator, product);
        }

        // Out of Montgomery's form.
        picked.Clear();
        picked[0] = 1;
        Multiply(accumulator, picked, accumulator, product);
        for (var i = 0; i < limbs; i++)
            BinaryPrimitives.WriteUInt64BigEndian(result[(8 * (limbs - 1 - i))..], accumulator[i]);
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(work));
    }

    /// <summary>a·b / 2^(64·limbs) modulo the modulus, fully reduced. The result may be a or b.</summary>
    private void Multiply(ReadOnlySpan<ulong> a, ReadOnlySpan<ulong> b, Span<ulong> result, Span<ulong> product)
    {
        var limbs = modulus.Length;
        product.Clear();
        ref var t = ref MemoryMarshal.GetReference(product);
        ref var left = ref MemoryMarshal.GetReference(a);
        ref var m = ref MemoryMarshal.GetArrayDataReference(modulus);
        foreach (var factor in b)
        {
            // One limb of b in, one limb of zeros out: t = (t + a·factor + m·q) / 2^64, both products in one pass.
            var carry = MultiplyAdd(left, factor, t, 0, out var low);
            var q = low * inverse;
            var reduction = MultiplyAdd(m, q, low, 0, out _);
            for (nuint j = 1; j < (nuint)limbs; j++)
            {
                carry = MultiplyAdd(Unsafe.Add(ref left, j), factor, Unsafe.Add(ref t, j), carry, out low);
                reduction = MultiplyAdd(Unsafe.Add(ref m, j), q, low, reduction, out Unsafe.Add(ref t, j - 1));
            }

            var top = Add(Unsafe.Add(ref t, (nuint)limbs), carry, 0, out low);
            top += Add(low, reduction, 0, out Unsafe.Add(ref t, (nuint)limbs - 1));
            Unsafe.Add(ref t, (nuint)limbs) = top;
        }

        // Less than twice the modulus: subtract it, and put it back under a mask when that went below zero.
        ulong borrow = 0;
        for (var i = 0; i < limbs; i++)
            borrow = Subtract(product[i], modulus[i], borrow, out result[i]);
        Subtract(product[limbs], 0, borrow, out var rest);
        ulong back = 0;
        for (var i = 0; i < limbs; i++)
            back = Add(result[i], modulus[i] & rest, back, out result[i]);
    }

    /// <summary>Copies an entry of the table and reads all the others too.</summary>
    private static void Pick(ReadOnlySpan<ulong> table, int digit, Span<ulong> entry)
    {
        entry.Clear();
        for (var i = 0; i < TableSize; i++)
        {
            // All ones for the digit alone.
            var mask = (ulong)((long)((uint)(i ^ digit) - 1UL) >> 63);
            var candidate = table.Slice(i * entry.Length, entry.Length);
            for (var j = 0; j < entry.Length; j++)
                entry[j] |= candidate[j] & mask;
        }
    }

    /// <summary>a·b + c + d, which always fits: high limb returned, low limb out.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong MultiplyAdd(ulong a, ulong b, ulong c, ulong d, out ulong low)
    {
        var high = Math.BigMul(a, b, out low);
        high += Add(low, c, 0, out low);
        return high + Add(low, d, 0, out low);
    }

    /// <summary>a + b + carry; the carry out comes from the bits themselves, not from a comparison that could become a branch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Add(ulong a, ulong b, ulong carry, out ulong sum)
    {
        sum = a + b + carry;
        return ((a & b) | ((a | b) & ~sum)) >> 63;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Subtract(ulong a, ulong b, ulong borrow, out ulong difference)
    {
        difference = a - b - borrow;
        return ((~a & b) | (~(a ^ b) & difference)) >> 63;
    }

    private static void Read(ReadOnlySpan<byte> octets, Span<ulong> limbs)
    {
        for (var i = 0; i < limbs.Length; i++)
            limbs[i] = BinaryPrimitives.ReadUInt64BigEndian(octets[(8 * (limbs.Length - 1 - i))..]);
    }

    private ulong[] Limbs(BigInteger number)
    {
        var octets = new byte[Length];
        number.TryWriteBytes(octets, out var written, isUnsigned: true);
        octets.AsSpan(written).Clear();
        return MemoryMarshal.Cast<byte, ulong>(octets).ToArray();
    }
}
