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
        Vector128<byte> from, out Vector128<byte> s0, out Vector128<byte> s1, out Vector128<byte> s2, out Vector128<byte> s3,
        out Vector128<byte> s4, out Vector128<byte> s5, out Vector128<byte> s6, out Vector128<byte> s7)
    {
        s0 = from;
        s1 = from ^ Vector128.Create(0, 0, 0, 1u << 24).AsByte();
        s2 = from ^ Vector128.Create(0, 0, 0, 2u << 24).AsByte();
        s3 = from ^ Vector128.Create(0, 0, 0, 3u << 24).AsByte();
        s4 = from ^ Vector128.Create(0, 0, 0, 4u << 24).AsByte();
        s5 = from ^ Vector128.Create(0, 0, 0, 5u << 24).AsByte();
        s6 = from ^ Vector128.Create(0, 0, 0, 6u << 24).AsByte();
        s7 = from ^ Vector128.Create(0, 0, 0, 7u << 24).AsByte();
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

    /// <summary>Last round and XOR with data in memory, in one instruction more than the last round alone.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> Last(Vector128<byte> state, Vector128<byte> lastKey, byte* data) => Aes.EncryptLast(state, lastKey ^ Vector128.Load(data));
}
