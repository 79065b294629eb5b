using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Appliance.Crypto.Tests;

/// <summary>Published AES-GCM vectors. What the BCL says of them is checked too, since it judges the other tests.</summary>
public sealed unsafe class PublishedGcmTests
{
    /// <summary>The kernels take the AAD of ESP only: up to 12 octets.</summary>
    public static IEnumerable<object[]> Cases =>
        from kernel in Kernels.All from vector in GcmVectors.All where vector.Aad.Length <= 24 select new object[] { kernel.Name, vector };

    public static IEnumerable<object[]> Vectors => GcmVectors.All.Select(vector => new object[] { vector });

    [Theory]
    [MemberData(nameof(Vectors))]
    public void NistSp800_38D_TheBclPasses(GcmVector vector)
    {
        var plain = Convert.FromHexString(vector.Plaintext);
        var cipher = new byte[plain.Length];
        var tag = new byte[16];
        using var judge = new AesGcm(Convert.FromHexString(vector.Key), 16);
        judge.Encrypt(Convert.FromHexString(vector.Nonce), plain, cipher, tag, Convert.FromHexString(vector.Aad));
        Assert.Equal(vector.Ciphertext, Convert.ToHexStringLower(cipher));
        Assert.Equal(vector.Tag, Convert.ToHexStringLower(tag));
    }

    [SkippableTheory]
    [MemberData(nameof(Cases))]
    public void NistSp800_38D_KernelsPass(string name, GcmVector vector)
    {
        var kernel = Kernels.Get(name);
        var aad = Convert.FromHexString(vector.Aad);
        var key = Convert.FromHexString(vector.Key);
        var nonce = Convert.FromHexString(vector.Nonce);
        var plain = Convert.FromHexString(vector.Plaintext);
        using var expanded = new TestKey(key, nonce.AsSpan(0, 4));
        using var memory = new GuardedPacket(plain.Length + 24);
        Array.Resize(ref aad, 12);
        var jobs = new AeadJob[1];
        var at = memory.Start;
        nonce.AsSpan(4).CopyTo(new Span<byte>(at, 8));
        plain.CopyTo(new Span<byte>(at + 8, plain.Length));
        AeadJob.Set(
            ref jobs[0], ref *expanded.Block, ref *at, ref *(at + 8), ref *(at + 8 + plain.Length), (uint)plain.Length, (byte)(vector.Aad.Length / 2), (byte)key.Length, 7,
            BinaryPrimitives.ReadUInt64LittleEndian(aad), BinaryPrimitives.ReadUInt32LittleEndian(aad.AsSpan(8)));
        kernel.Encrypt(jobs);
        Assert.Equal(vector.Ciphertext + vector.Tag, Convert.ToHexStringLower(new ReadOnlySpan<byte>(at + 8, plain.Length + 16)));
        kernel.Decrypt(jobs);
        Assert.Equal(1u, jobs[0].Ok);
        Assert.Equal(7, jobs[0].Index);
        Assert.Equal(vector.Plaintext, Convert.ToHexStringLower(new ReadOnlySpan<byte>(at + 8, plain.Length)));
    }
}
