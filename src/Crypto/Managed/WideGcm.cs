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
    private const int Block = WideGhash.Block;
    private const int Turn = WideGhash.Group;
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

    /// <summary>Crypts two blocks; the result is their ciphertext.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Crypt<TDirection>(byte* data, Vector256<byte> stream)
        where TDirection : struct, IDirection
    {
        var input = Vector256.Load(data);
        var output = input ^ stream;
        output.Store(data);
        return TDirection.Decrypts ? input : output;
    }

    /// <summary>Crypts two blocks; the result is what GHASH sees of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Two<TDirection>(byte* data, Vector256<byte> stream, byte* constants)
        where TDirection : struct, IDirection => Avx2.Shuffle(Crypt<TDirection>(data, stream), Constants.ReverseTwo(constants));

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
        var constants = Constants.Pointer;
        var nonce = Nonce(job, key);
        EightBlocks.Counters(nonce ^ Vector128.Load(key), constants, out var s0, out var s1, out var s2, out var s3, out var s4, out var s5, out var s6, out var s7);
        EightBlocks.Rounds(key, last, ref s0, ref s1, ref s2, ref s3, ref s4, ref s5, ref s6, ref s7);
        var lastKey = Vector128.Load(last);
        var maskOfTag = Aes.EncryptLast(s1, lastKey);
        var stream = Vector256.Create(Aes.EncryptLast(s2, lastKey), Aes.EncryptLast(s3, lastKey));
        var second = Vector256.Create(Aes.EncryptLast(s4, lastKey), Aes.EncryptLast(s5, lastKey));
        var third = Vector256.Create(Aes.EncryptLast(s6, lastKey), Aes.EncryptLast(s7, lastKey));

        nint left = (nint)job->Length;
        var data = job->Data;
        var power = WideGhash.Power(key, (left + 15) / Block + 2);
        var sum = Product256.Of(Vector256.Create(Aad(job), Lengths(job)), Vector256.Create(Vector128.Load(power), Vector128.Load(WideGhash.Power(key, 1))));
        for (power += Block; left >= 2 * Block; left -= 2 * Block, data += 2 * Block, power += 2 * Block)
        {
            sum.Add(Two<TDirection>(data, stream, constants), Vector256.Load(power));
            stream = second;
            second = third;
        }

        if (left > 0)
            sum.Add(Partial<TDirection>(data, left, stream), Vector256.Load(power));
        return Ghash.Reverse(sum.ReduceToOne()) ^ maskOfTag;
    }

    /// <summary>More than six blocks.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Vector128<byte> Long<TDirection>(AeadJob* job, byte* key, byte* last)
        where TDirection : struct, IDirection
    {
        var constants = Constants.Pointer;
        var nonce = Nonce(job, key);
        var counter = Ghash.Reverse(nonce).AsUInt32();
        nint left = (nint)job->Length;
        var data = job->Data;
        var group = stackalloc byte[Turn]; // what GHASH sees of the first eight blocks: nothing, AAD, six blocks of data
        var maskOfTag = First<TDirection>(job, key, last, nonce ^ Vector128.Load(key), group, constants);
        data += FirstBlocks;
        left -= FirstBlocks;
        var hash = TDirection.Decrypts ? WideGhash.HashGroup(key, group, default, constants) : default;

        // The last turn is left to what follows, so that there is always a block to add the hash to.
        var turns = (left - 1) / Turn;
        hash = Turns<TDirection>(key, last, data, group, turns, counter, hash, constants);
        counter += Vector128.Create((uint)turns * 8 + 8, 0, 0, 0);
        data += turns * Turn;
        left -= turns * Turn;
        if (!TDirection.Decrypts)
            hash = WideGhash.HashGroup(key, turns > 0 ? data - Turn : group, hash, constants);

        var from = Ghash.Reverse(counter.AsByte()) ^ Vector128.Load(key);
        Vector256<byte> stream, second, third = default, fourth = default;
        if (left > Turn / 2)
        {
            EightBlocks.Counters(from, constants, out var s0, out var s1, out var s2, out var s3, out var s4, out var s5, out var s6, out var s7);
            EightBlocks.Rounds(key, last, ref s0, ref s1, ref s2, ref s3, ref s4, ref s5, ref s6, ref s7);
            var lastKey = Vector128.Load(last);
            stream = Vector256.Create(Aes.EncryptLast(s0, lastKey), Aes.EncryptLast(s1, lastKey));
            second = Vector256.Create(Aes.EncryptLast(s2, lastKey), Aes.EncryptLast(s3, lastKey));
            third = Vector256.Create(Aes.EncryptLast(s4, lastKey), Aes.EncryptLast(s5, lastKey));
            fourth = Vector256.Create(Aes.EncryptLast(s6, lastKey), Aes.EncryptLast(s7, lastKey));
        }
        else
        {
            EightBlocks.Half(from, key, last, constants, out stream, out second);
        }

        var power = WideGhash.Power(key, (left + 15) / Block + 1);
        var sum = WideGhash.LengthsProduct(key, Lengths(job));
        for (; left >= 2 * Block; left -= 2 * Block, data += 2 * Block, power += 2 * Block)
        {
            sum.Add(hash ^ Two<TDirection>(data, stream, constants), Vector256.Load(power));
            hash = default;
            stream = second;
            second = third;
            third = fourth;
        }

        if (left > 0)
            sum.Add(hash ^ Partial<TDirection>(data, left, stream), Vector256.Load(power));
        return Ghash.Reverse(sum.ReduceToOne()) ^ maskOfTag;
    }

    /// <summary>Counters 0 to 7. Returns the mask of the tag and leaves the ciphertext in <paramref name="group"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> First<TDirection>(AeadJob* job, byte* key, byte* last, Vector128<byte> from, byte* group, byte* constants)
        where TDirection : struct, IDirection
    {
        EightBlocks.Counters(from, constants, out var s0, out var s1, out var s2, out var s3, out var s4, out var s5, out var s6, out var s7);
        EightBlocks.Rounds(key, last, ref s0, ref s1, ref s2, ref s3, ref s4, ref s5, ref s6, ref s7);
        var lastKey = Vector128.Load(last);
        Vector256.Create(default, Vector128.Create(job->Aad0, job->AadLength > 8 ? job->Aad1 : 0).AsByte()).Store(group);
        Crypt<TDirection>(job->Data, Vector256.Create(Aes.EncryptLast(s2, lastKey), Aes.EncryptLast(s3, lastKey))).Store(group + 32);
        Crypt<TDirection>(job->Data + 32, Vector256.Create(Aes.EncryptLast(s4, lastKey), Aes.EncryptLast(s5, lastKey))).Store(group + 64);
        Crypt<TDirection>(job->Data + 64, Vector256.Create(Aes.EncryptLast(s6, lastKey), Aes.EncryptLast(s7, lastKey))).Store(group + 96);
        return Aes.EncryptLast(s1, lastKey);
    }

    /// <summary>
    /// Eight blocks a turn. A method of its own, because nothing else must need registers in it. GHASH is spread over the AES rounds: when decrypting of the eight blocks at hand,
    /// before they are overwritten; when encrypting of the eight before, <paramref name="group"/> at first.
    /// </summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static Vector256<byte> Turns<TDirection>(
        byte* key, byte* last, byte* data, byte* group, nint turns, Vector128<uint> counter, Vector256<byte> hash, byte* constants)
        where TDirection : struct, IDirection
    {
        for (; turns > 0; turns--, data += Turn)
        {
            if (TDirection.Decrypts)
                group = data;
            counter += Vector128.Create(8u, 0, 0, 0);
            var from = Ssse3.Shuffle(counter.AsByte(), Constants.Reverse(constants)) ^ Vector128.Load(key);
            EightBlocks.Counters(from, constants, out var s0, out var s1, out var s2, out var s3, out var s4, out var s5, out var s6, out var s7);

            EightBlocks.Round(key + 16, ref s0, ref s1, ref s2, ref s3, ref s4, ref s5, ref s6, ref s7);
            var blocks = hash ^ Avx2.Shuffle(Vector256.Load(group), Constants.ReverseTwo(constants));
            var power = WideGhash.BothLanes(key, 8);
            Product256 sum;
            sum.Low = Product256.Low64(blocks, power);
            sum.High = Product256.High64(blocks, power);
            EightBlocks.Round(key + 32, ref s0, ref s1, ref s2, ref s3, ref s4, ref s5, ref s6, ref s7);
            sum.Middle = Product256.Cross64(blocks, power);
            blocks = Avx2.Shuffle(Vector256.Load(group + 32), Constants.ReverseTwo(constants));
            power = WideGhash.BothLanes(key, 6);
            EightBlocks.Round(key + 48, ref s0, ref s1, ref s2, ref s3, ref s4, ref s5, ref s6, ref s7);
            sum.Low ^= Product256.Low64(blocks, power);
            sum.High ^= Product256.High64(blocks, power);
            EightBlocks.Round(key + 64, ref s0, ref s1, ref s2, ref s3, ref s4, ref s5, ref s6, ref s7);
            sum.Middle ^= Product256.Cross64(blocks, power);
            blocks = Avx2.Shuffle(Vector256.Load(group + 64), Constants.ReverseTwo(constants));
            power = WideGhash.BothLanes(key, 4);
            EightBlocks.Round(key + 80, ref s0, ref s1, ref s2, ref s3, ref s4, ref s5, ref s6, ref s7);
            sum.Low ^= Product256.Low64(blocks, power);
            sum.High ^= Product256.High64(blocks, power);
            EightBlocks.Round(key + 96, ref s0, ref s1, ref s2, ref s3, ref s4, ref s5, ref s6, ref s7);
            sum.Middle ^= Product256.Cross64(blocks, power);
            blocks = Avx2.Shuffle(Vector256.Load(group + 96), Constants.ReverseTwo(constants));
            power = WideGhash.BothLanes(key, 2);
            EightBlocks.Round(key + 112, ref s0, ref s1, ref s2, ref s3, ref s4, ref s5, ref s6, ref s7);
            sum.Low ^= Product256.Low64(blocks, power);
            sum.High ^= Product256.High64(blocks, power);
            EightBlocks.Round(key + 128, ref s0, ref s1, ref s2, ref s3, ref s4, ref s5, ref s6, ref s7);
            sum.Middle ^= Product256.Cross64(blocks, power);
            hash = sum.Reduce();
            for (var roundKey = key + 144; roundKey < last; roundKey += 16)
                EightBlocks.Round(roundKey, ref s0, ref s1, ref s2, ref s3, ref s4, ref s5, ref s6, ref s7);

            var end = Vector128.Load(last);
            Crypt<TDirection>(data, Vector256.Create(Aes.EncryptLast(s0, end), Aes.EncryptLast(s1, end)));
            Crypt<TDirection>(data + 32, Vector256.Create(Aes.EncryptLast(s2, end), Aes.EncryptLast(s3, end)));
            Crypt<TDirection>(data + 64, Vector256.Create(Aes.EncryptLast(s4, end), Aes.EncryptLast(s5, end)));
            Crypt<TDirection>(data + 96, Vector256.Create(Aes.EncryptLast(s6, end), Aes.EncryptLast(s7, end)));
            group = data;
        }

        return hash;
    }
}
