using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Appliance.Crypto;

/// <summary>AES-GMAC (RFC 4543) with 256-bit carry-less multiplication: AAD prefix and data are one string of AAD.</summary>
internal static unsafe class WideGmac
{
    /// <summary>Shorter data is left to <see cref="PortableGcm"/>: a block must remain behind the one that the prefix begins.</summary>
    private const int Shortest = 2 * WideGhash.Block;

    internal static void Seal(AeadJob* job)
    {
        Tag(job).Store(job->Tag);
        job->Ok = 1;
    }

    internal static void Open(AeadJob* job) => job->Ok = Tag(job) == Vector128.Load(job->Tag) ? 1u : 0u;

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Vector128<byte> Tag(AeadJob* job)
    {
        if (job->Length < Shortest)
            return PortableGcm.GmacTag(job);
        var key = job->Key;
        var constants = Constants.Pointer;
        var first = stackalloc byte[2 * WideGhash.Block];
        PortableGcm.Aad(job).Store(first);
        Vector128.Load(job->Data).Store(first + job->AadLength);
        var hash = Vector256.Create(
            Ghash.Multiply(Ghash.Reverse(Vector128.Load(first)), Vector128.Load(WideGhash.Power(key, 1))), default);
        var data = job->Data + WideGhash.Block - job->AadLength;
        var left = (nint)job->Length - WideGhash.Block + job->AadLength;
        for (; left > WideGhash.Group; left -= WideGhash.Group, data += WideGhash.Group)
            hash = WideGhash.HashGroup(key, data, hash, constants);

        var power = WideGhash.Power(key, (left + 15) / WideGhash.Block + 1);
        var sum = WideGhash.LengthsProduct(key, Vector128.Create(0, 8UL * (job->AadLength + (ulong)job->Length)).AsByte());
        for (; left > 0; left -= 2 * WideGhash.Block, data += 2 * WideGhash.Block, power += 2 * WideGhash.Block)
        {
            var octets = Math.Min(left, 2 * WideGhash.Block);
            var blocks = PartialBlocks.Load(data, octets, PartialBlocks.Mask(octets));
            sum.Add(hash ^ Avx2.Shuffle(blocks, Constants.ReverseTwo(constants)), Vector256.Load(power));
            hash = default;
        }

        return Ghash.Reverse(sum.ReduceToOne()) ^ PortableGcm.CounterBlock(job, 1);
    }
}
