using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Appliance.Crypto;

/// <summary>
/// AES over eight counter blocks side by side: as many as the AES units need to stay busy, and as leave registers for GHASH (.NET encodes AES instructions for the first 16
/// registers only). Helpers take the state by reference and are inlined, so that it stays in registers.
/// </summary>
internal static unsafe class EightBlocks
{
    /// <summary>Counters base .. base + 7, where the base's last three bits are zero, so that they can be XORed in; big-endian in the last four octets.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Counters(
        Vector128<byte> from, byte* constants, out Vector128<byte> s0, out Vector128<byte> s1, out Vector128<byte> s2, out Vector128<byte> s3,
        out Vector128<byte> s4, out Vector128<byte> s5, out Vector128<byte> s6, out Vector128<byte> s7)
    {
        s0 = from;
        s1 = from ^ Constants.Counter(constants, 1);
        s2 = from ^ Constants.Counter(constants, 2);
        s3 = from ^ Constants.Counter(constants, 3);
        s4 = from ^ Constants.Counter(constants, 4);
        s5 = from ^ Constants.Counter(constants, 5);
        s6 = from ^ Constants.Counter(constants, 6);
        s7 = from ^ Constants.Counter(constants, 7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Round(
        byte* roundKey, ref Vector128<byte> s0, ref Vector128<byte> s1, ref Vector128<byte> s2, ref Vector128<byte> s3,
        ref Vector128<byte> s4, ref Vector128<byte> s5, ref Vector128<byte> s6, ref Vector128<byte> s7)
    {
        var key = Vector128.Load(roundKey);
        s0 = Aes.Encrypt(s0, key);
        s1 = Aes.Encrypt(s1, key);
        s2 = Aes.Encrypt(s2, key);
        s3 = Aes.Encrypt(s3, key);
        s4 = Aes.Encrypt(s4, key);
        s5 = Aes.Encrypt(s5, key);
        s6 = Aes.Encrypt(s6, key);
        s7 = Aes.Encrypt(s7, key);
    }

    /// <summary>Rounds 1 to the one before the last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Rounds(
        byte* key, byte* lastKey, ref Vector128<byte> s0, ref Vector128<byte> s1, ref Vector128<byte> s2, ref Vector128<byte> s3,
        ref Vector128<byte> s4, ref Vector128<byte> s5, ref Vector128<byte> s6, ref Vector128<byte> s7)
    {
        for (key += 16; key < lastKey; key += 16)
            Round(key, ref s0, ref s1, ref s2, ref s3, ref s4, ref s5, ref s6, ref s7);
    }

    /// <summary>Key stream of the first four blocks alone.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Half(Vector128<byte> from, byte* key, byte* last, byte* constants, out Vector256<byte> first, out Vector256<byte> second)
    {
        var s0 = from;
        var s1 = from ^ Constants.Counter(constants, 1);
        var s2 = from ^ Constants.Counter(constants, 2);
        var s3 = from ^ Constants.Counter(constants, 3);
        for (key += 16; key < last; key += 16)
        {
            var roundKey = Vector128.Load(key);
            s0 = Aes.Encrypt(s0, roundKey);
            s1 = Aes.Encrypt(s1, roundKey);
            s2 = Aes.Encrypt(s2, roundKey);
            s3 = Aes.Encrypt(s3, roundKey);
        }

        var lastKey = Vector128.Load(last);
        first = Vector256.Create(Aes.EncryptLast(s0, lastKey), Aes.EncryptLast(s1, lastKey));
        second = Vector256.Create(Aes.EncryptLast(s2, lastKey), Aes.EncryptLast(s3, lastKey));
    }
}
