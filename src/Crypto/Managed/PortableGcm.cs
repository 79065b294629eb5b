using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Appliance.Crypto;

/// <summary>
/// AES-GCM a block at a time with 128-bit AES-NI and PCLMULQDQ: the plain reading of NIST SP 800-38D §7, for processors without wider multiplication, and the oracle
/// of the wide kernels.
/// </summary>
internal static unsafe class PortableGcm
{
    internal static void Encrypt(AeadJob* job)
    {
        var hash = AadBlock(job);
        hash = Crypt(job, hash, decrypt: false);
        var tag = Tag(job, Lengths(hash, job, job->AadLength, job->Length));
        tag.Store(job->Tag);
        job->Ok = 1;
    }

    internal static void Decrypt(AeadJob* job)
    {
        var received = Vector128.Load(job->Tag);
        var hash = AadBlock(job);
        hash = Crypt(job, hash, decrypt: true);
        var tag = Tag(job, Lengths(hash, job, job->AadLength, job->Length));
        job->Ok = tag == received ? 1u : 0u;
        if (job->Ok == 0)
            new Span<byte>(job->Data, (int)job->Length).Clear();
    }

    internal static void GmacSeal(AeadJob* job)
    {
        GmacTag(job).Store(job->Tag);
        job->Ok = 1;
    }

    internal static void GmacOpen(AeadJob* job) => job->Ok = GmacTag(job) == Vector128.Load(job->Tag) ? 1u : 0u;

    /// <summary>The prefix and the data are one string of AAD: the first block takes what fits after the prefix (RFC 4543 §3.3).</summary>
    internal static Vector128<byte> GmacTag(AeadJob* job)
    {
        var fits = Math.Min(16 - job->AadLength, (int)job->Length);
        var bytes = stackalloc byte[16];
        Aad(job).Store(bytes);
        Buffer.MemoryCopy(job->Data, bytes + job->AadLength, fits, fits);
        var hash = Absorb(job, default, Vector128.Load(bytes));
        var data = job->Data + fits;
        for (var left = (int)job->Length - fits; left > 0; left -= 16, data += 16)
            hash = Absorb(job, hash, Partial(data, left));
        return Tag(job, Lengths(hash, job, job->AadLength + job->Length, 0));
    }

    private static Vector128<byte> Crypt(AeadJob* job, Vector128<byte> hash, bool decrypt)
    {
        var data = job->Data;
        var counter = 2u;
        for (var left = (int)job->Length; left > 0; left -= 16, data += 16, counter++)
        {
            var input = Partial(data, left);
            var output = input ^ CounterBlock(job, counter);
            if (left >= 16)
                output.Store(data);
            else
                new Span<byte>(&output, left).CopyTo(new Span<byte>(data, left));
            hash = Absorb(job, hash, decrypt ? input : left >= 16 ? output : Partial(data, left));
        }

        return hash;
    }

    private static Vector128<byte> Tag(AeadJob* job, Vector128<byte> hash) => Ghash.Reverse(hash) ^ CounterBlock(job, 1);

    private static Vector128<byte> AadBlock(AeadJob* job) => Absorb(job, default, Aad(job));

    internal static Vector128<byte> Aad(AeadJob* job) => Vector128.Create(job->Aad0, job->AadLength == 12 ? job->Aad1 : 0).AsByte();

    private static Vector128<byte> Lengths(Vector128<byte> hash, AeadJob* job, ulong aad, ulong data) =>
        Ghash.Multiply(hash ^ Vector128.Create(data * 8, aad * 8).AsByte(), Power(job));

    private static Vector128<byte> Absorb(AeadJob* job, Vector128<byte> hash, Vector128<byte> block) => Ghash.Multiply(hash ^ Ghash.Reverse(block), Power(job));

    private static Vector128<byte> Power(AeadJob* job) => Vector128.Load(job->Key + KeyBlock.PowersOffset + 16 * (KeyBlock.Powers - 1));

    private static Vector128<byte> Partial(byte* data, int left)
    {
        if (left >= 16)
            return Vector128.Load(data);
        Vector128<byte> block = default;
        new Span<byte>(data, left).CopyTo(new Span<byte>(&block, 16));
        return block;
    }

    internal static Vector128<byte> CounterBlock(AeadJob* job, uint counter)
    {
        var key = job->Key;
        var iv = *(ulong*)job->Iv;
        var state = Vector128.Create(*(uint*)(key + KeyBlock.SaltOffset), (uint)iv, (uint)(iv >> 32), BinaryPrimitives.ReverseEndianness(counter)).AsByte();
        state ^= Vector128.Load(key);
        var last = key + 16 * (job->KeyLength / 4 + 6);
        for (key += 16; key < last; key += 16)
            state = Aes.Encrypt(state, Vector128.Load(key));
        return Aes.EncryptLast(state, Vector128.Load(last));
    }
}
