using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Appliance.Crypto;

/// <summary>Loads and stores of 1 to 32 octets that touch nothing behind them.</summary>
internal static unsafe class PartialBlocks
{
    /// <summary>32 octets of ones, then zeros: the mask of n octets starts 32 - n into it.</summary>
    private static ReadOnlySpan<byte> Window =>
    [
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];

    /// <summary>All ones in the first so many octets.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<byte> Mask(nint octets) => Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(Window), (nuint)(32 - octets));

    /// <summary>The octets that the mask has, zero elsewhere.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<byte> Load(byte* from, nint octets, Vector256<byte> mask) =>
        Avx512BW.VL.IsSupported ? Avx512BW.VL.MaskLoad(from, mask, Vector256<byte>.Zero) : CopyIn(from, octets);

    /// <summary>Writes the octets that the mask has.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Store(byte* to, nint octets, Vector256<byte> mask, Vector256<byte> blocks)
    {
        if (Avx512BW.VL.IsSupported)
            Avx512BW.VL.MaskStore(to, mask, blocks);
        else
            CopyOut(to, octets, blocks);
    }

    private static Vector256<byte> CopyIn(byte* from, nint octets)
    {
        var blocks = Vector256<byte>.Zero;
        Unsafe.CopyBlockUnaligned(&blocks, from, (uint)octets);
        return blocks;
    }

    private static void CopyOut(byte* to, nint octets, Vector256<byte> blocks) => Unsafe.CopyBlockUnaligned(to, &blocks, (uint)octets);
}
