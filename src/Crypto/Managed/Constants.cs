using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Appliance.Crypto;

/// <summary>
/// Vector constants that the loops load where they use them, through a pointer that the compiler cannot see through: as ordinary constants it would keep them in registers, and
/// move the AES state, which must be in the first 16, out of them.
/// </summary>
internal static unsafe class Constants
{
    private const int ReverseOffset = 8 * 16;

    private static ReadOnlySpan<ulong> Table =>
    [
        // Counters 0 .. 7, big-endian in the last four octets.
        0, 0, 0, 1UL << 56, 0, 2UL << 56, 0, 3UL << 56, 0, 4UL << 56, 0, 5UL << 56, 0, 6UL << 56, 0, 7UL << 56,

        // Byte reversal, twice.
        0x08090a0b0c0d0e0f, 0x0001020304050607, 0x08090a0b0c0d0e0f, 0x0001020304050607,
    ];

    /// <summary>The table; it is in the assembly's image and does not move.</summary>
    internal static byte* Pointer
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(Table));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> Counter(byte* constants, int n) => Vector128.Load(constants + 16 * n);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> Reverse(byte* constants) => Vector128.Load(constants + ReverseOffset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<byte> ReverseTwo(byte* constants) => Vector256.Load(constants + ReverseOffset);
}
