using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Appliance.Crypto;

/// <summary>
/// GHASH two blocks at a time. The running hash has two lanes, each still to be added to the next block of its lane: blocks 0, 2, 4 .. go to one, blocks 1, 3, 5 .. to the other.
/// </summary>
internal static unsafe class WideGhash
{
    internal const int Block = 16;

    /// <summary>Octets of a group of eight blocks.</summary>
    internal const int Group = 8 * Block;

    /// <summary>Address of H^n, with lower powers behind it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static byte* Power(byte* key, nint n) => key + KeyBlock.PowersOffset + Block * (KeyBlock.Powers - n);

    /// <summary>H^n in both lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<byte> BothLanes(byte* key, nint n) => Avx2.BroadcastVector128ToVector256(Power(key, n));

    /// <summary>GHASH of eight blocks in memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<byte> HashGroup(byte* key, byte* group, Vector256<byte> hash, byte* constants)
    {
        var sum = Product256.Of(hash ^ Avx2.Shuffle(Vector256.Load(group), Constants.ReverseTwo(constants)), BothLanes(key, 8));
        sum.Add(Avx2.Shuffle(Vector256.Load(group + 32), Constants.ReverseTwo(constants)), BothLanes(key, 6));
        sum.Add(Avx2.Shuffle(Vector256.Load(group + 64), Constants.ReverseTwo(constants)), BothLanes(key, 4));
        sum.Add(Avx2.Shuffle(Vector256.Load(group + 96), Constants.ReverseTwo(constants)), BothLanes(key, 2));
        return sum.Reduce();
    }

    /// <summary>The length block's product, which ends every hash.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Product256 LengthsProduct(byte* key, Vector128<byte> lengths) =>
        Product256.Of(Vector256.Create(lengths, default), Vector256.Create(Vector128.Load(Power(key, 1)), default));
}
