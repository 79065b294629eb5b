using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Appliance.Crypto;

/// <summary>Whether a packet is encrypted or decrypted, as a constant for the compiler.</summary>
internal interface IDirection
{
    static abstract bool Decrypts { get; }
}

internal readonly struct Encrypting : IDirection
{
    public static bool Decrypts => false;
}

internal readonly struct Decrypting : IDirection
{
    public static bool Decrypts => true;
}

/// <summary>
/// AES-GCM of one packet with 128-bit AES and 256-bit carry-less multiplication:
/// <list type="number">
/// <item>Counters 0 to 7 together: 1 masks the tag, 2 to 7 are the first six blocks. A packet of at most 96 octets ends here.</item>
/// <item>Turns of eight blocks, AES and GHASH interleaved: decryption hashes the blocks that it decrypts, encryption those of the turn before.</item>
/// <item>The one to eight blocks that are left, GHASH of what it has not seen, and the length block.</item>
/// </list>
/// </summary>
internal static unsafe class WideGcm
{
    private const int Block = 16;
    private const int Turn = 8 * Block;
    private const int FirstBlocks = 6 * Block;

    internal static bool IsSupported => Aes.IsSupported && Avx2.IsSupported && Pclmulqdq.V256.IsSupported;

    /// <summary>Crypts in place; the result is the tag.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<byte> Crypt<TDirection>(AeadJob* job)
        where TDirection : struct, IDirection
    {
        var key = job->Key;
        var last = key + Block * (job->KeyLength / 4 + 6);
        return job->Length <= FirstBlocks ? Short<TDirection>(job, key, last) : Long<TDirection>(job, key, last);
    }

    /// <summary>Salt and IV, counter 0, masked by round key 0. The salt is followed by zeros in the key block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Nonce(AeadJob* job, byte* key)
    {
        var iv = *(ulong*)job->Iv;
        return Vector128.Create(*(ulong*)(key + KeyBlock.SaltOffset) | iv << 32, iv >> 32).AsByte();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Aad(AeadJob* job) => Ghash.Reverse(Vector128.Create(job->Aad0, job->AadLength > 8 ? job->Aad1 : 0).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Lengths(AeadJob* job) => Vector128.Create(8UL * job->Length, 8UL * job->AadLength).AsByte();

    /// <summary>Address of H^n.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* Power(byte* key, nint n) => key + KeyBlock.PowersOffset + Block * (KeyBlock.Powers - n);

    /// <summary>Crypts two blocks; the result is what GHASH sees of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Two<TDirection>(byte* data, Vector256<byte> stream)
        where TDirection : struct, IDirection
    {
        var input = Vector256.Load(data);
        var output = input ^ stream;
        output.Store(data);
        return Product256.Reverse(TDirection.Decrypts ? input : output);
    }

    /// <summary>Crypts 1 to 31 octets; the result is what GHASH sees of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Partial<TDirection>(byte* data, nint octets, Vector256<byte> stream)
        where TDirection : struct, IDirection
    {
        var mask = PartialBlocks.Mask(octets);
        var input = PartialBlocks.Load(data, octets, mask);
        var output = (input ^ stream) & mask;
        PartialBlocks.Store(data, octets, mask, output);
        return Product256.Reverse(TDirection.Decrypts ? input : output);
    }

    /// <summary>At most six blocks: their products and those of AAD and lengths are reduced once.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Vector128<byte> Short<TDirection>(AeadJob* job, byte* key, byte* last)
        where TDirection : struct, IDirection
    {
        var nonce = Nonce(job, key);
        EightBlocks.Counters(nonce ^ Vector128.Load(key), out var s0, out var s1, out var s2, out var s3, out var s4, out var s5, out var s6, out var s7);
        EightBlocks.Rounds(key, last, ref s0, ref s1, ref s2, ref s3, ref s4, ref s5, ref s6, ref s7);
        var lastKey = Vector128.Load(last);
        var maskOfTag = Aes.EncryptLast(s1, lastKey);
        var stream = Vector256.Create(Aes.EncryptLast(s2, lastKey), Aes.EncryptLast(s3, lastKey));
        var second = Vector256.Create(Aes.EncryptLast(s4, lastKey), Aes.EncryptLast(s5, lastKey));
        var third = Vector256.Create(Aes.EncryptLast(s6, lastKey), Aes.EncryptLast(s7, lastKey));

        nint left = (nint)job->Length;
        var data = job->Data;
        var power = Power(key, (left + 15) / Block + 2);
        var sum = Product256.Of(Vector256.Create(Aad(job), Lengths(job)), Vector256.Create(Vector128.Load(power), Vector128.Load(Power(key, 1))));
        for (power += Block; left >= 2 * Block; left -= 2 * Block, data += 2 * Block, power += 2 * Block)
        {
            sum.Add(Two<TDirection>(data, stream), Vector256.Load(power));
            stream = second;
            second = third;
        }

        if (left > 0)
            sum.Add(Partial<TDirection>(data, left, stream), Vector256.Load(power));
        return Ghash.Reverse(sum.ReduceToOne()) ^ maskOfTag;
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Vector128<byte> Long<TDirection>(AeadJob* job, byte* key, byte* last)
        where TDirection : struct, IDirection
    {
        var nonce = Nonce(job, key);
        var firstKey = Vector128.Load(key);
        var counter = Ghash.Reverse(nonce).AsUInt32();
        EightBlocks.Counters(nonce ^ firstKey, out var s0, out var s1, out var s2, out var s3, out var s4, out var s5, out var s6, out var s7);
        EightBlocks.Rounds(key, last, ref s0, ref s1, ref s2, ref s3, ref s4, ref s5, ref s6, ref s7);
        var lastKey = Vector128.Load(last);
        var maskOfTag = Aes.EncryptLast(s1, lastKey);
        var hash = Vector256.Create(Ghash.Multiply(Aad(job), Vector128.Load(Power(key, 1))), default);

        nint left = (nint)job->Length;
        var data = job->Data;
        var sum = Product256.Of(hash ^ Two<TDirection>(data, Vector256.Create(Aes.EncryptLast(s2, lastKey), Aes.EncryptLast(s3, lastKey))), BothLanes(key, 6));
        sum.Add(Two<TDirection>(data + 32, Vector256.Create(Aes.EncryptLast(s4, lastKey), Aes.EncryptLast(s5, lastKey))), BothLanes(key, 4));
        sum.Add(Two<TDirection>(data + 64, Vector256.Create(Aes.EncryptLast(s6, lastKey), Aes.EncryptLast(s7, lastKey))), BothLanes(key, 2));
        hash = sum.Reduce();
        data += FirstBlocks;
        left -= FirstBlocks;

        while (left > Turn)
        {
            counter += Vector128.Create(8u, 0, 0, 0);
            EightBlocks.Counters(Ghash.Reverse(counter.AsByte()) ^ Vector128.Load(key), out s0, out s1, out s2, out s3, out s4, out s5, out s6, out s7);
            EightBlocks.Rounds(key, last, ref s0, ref s1, ref s2, ref s3, ref s4, ref s5, ref s6, ref s7);
            var end = Vector128.Load(last);
            s0 = Aes.EncryptLast(s0, end);
            s1 = Aes.EncryptLast(s1, end);
            s2 = Aes.EncryptLast(s2, end);
            s3 = Aes.EncryptLast(s3, end);
            s4 = Aes.EncryptLast(s4, end);
            s5 = Aes.EncryptLast(s5, end);
            s6 = Aes.EncryptLast(s6, end);
            s7 = Aes.EncryptLast(s7, end);
            sum = Product256.Of(hash ^ Two<TDirection>(data, Vector256.Create(s0, s1)), BothLanes(key, 8));
            sum.Add(Two<TDirection>(data + 32, Vector256.Create(s2, s3)), BothLanes(key, 6));
            sum.Add(Two<TDirection>(data + 64, Vector256.Create(s4, s5)), BothLanes(key, 4));
            sum.Add(Two<TDirection>(data + 96, Vector256.Create(s6, s7)), BothLanes(key, 2));
            hash = sum.Reduce();
            data += Turn;
            left -= Turn;
        }

        counter += Vector128.Create(8u, 0, 0, 0);
        EightBlocks.Counters(Ghash.Reverse(counter.AsByte()) ^ Vector128.Load(key), out s0, out s1, out s2, out s3, out s4, out s5, out s6, out s7);
        EightBlocks.Rounds(key, last, ref s0, ref s1, ref s2, ref s3, ref s4, ref s5, ref s6, ref s7);
        lastKey = Vector128.Load(last);
        var stream = Vector256.Create(Aes.EncryptLast(s0, lastKey), Aes.EncryptLast(s1, lastKey));
        var second = Vector256.Create(Aes.EncryptLast(s2, lastKey), Aes.EncryptLast(s3, lastKey));
        var third = Vector256.Create(Aes.EncryptLast(s4, lastKey), Aes.EncryptLast(s5, lastKey));
        var fourth = Vector256.Create(Aes.EncryptLast(s6, lastKey), Aes.EncryptLast(s7, lastKey));
        var power = Power(key, (left + 15) / Block + 1);
        sum = Product256.Of(Vector256.Create(Lengths(job), default), Vector256.Create(Vector128.Load(Power(key, 1)), default));
        for (; left >= 2 * Block; left -= 2 * Block, data += 2 * Block, power += 2 * Block)
        {
            sum.Add(hash ^ Two<TDirection>(data, stream), Vector256.Load(power));
            hash = default;
            stream = second;
            second = third;
            third = fourth;
        }

        if (left > 0)
            sum.Add(hash ^ Partial<TDirection>(data, left, stream), Vector256.Load(power));
        return Ghash.Reverse(sum.ReduceToOne()) ^ maskOfTag;
    }

    /// <summary>H^n in both lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> BothLanes(byte* key, nint n) => Avx2.BroadcastVector128ToVector256(Power(key, n));
}
