using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Appliance.Crypto.Tests;

public sealed class KeyTests
{
    private static readonly string[] Fields = ["Key", "Data", "Iv", "Tag", "Length", "AadLength", "KeyLength", "Index", "Aad0", "Aad1", "Ok"];

    [SkippableTheory]
    [InlineData("2b7e151628aed2a6abf7158809cf4f3c", "d014f9a8c9ee2589e13f0cc8b6630ca6")] // FIPS 197 A.1: w40..w43
    [InlineData("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", "fe4890d1e6188d0b046df344706c631e")] // A.3: w56..w59
    public void Fips197_5_2_KeyExpansion(string key, string lastRoundKey)
    {
        Skip.IfNot(CryptoTiers.IsSupported(AesGcmTier.Managed));
        var block = new byte[KeyBlock.Size];
        AesGcmKey.Expand(Convert.FromHexString(key), [1, 2, 3, 4], block);
        Assert.Equal(lastRoundKey, Convert.ToHexStringLower(block.AsSpan(16 * (key.Length / 8 + 6), 16)));
        Assert.Equal(key, Convert.ToHexStringLower(block.AsSpan(0, key.Length / 2)));
        Assert.Equal([1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], block[240..256]);
    }

    [Fact]
    public void AJobIsLaidOutAsNativeShimReadsIt()
    {
        Assert.Equal(64, Unsafe.SizeOf<AeadJob>());
        Assert.Equal(
            [0, 8, 16, 24, 32, 36, 37, 38, 40, 48, 52],
            Fields.Select(name => (int)Marshal.OffsetOf<AeadJob>(name)));
    }

    [Theory]
    [InlineData(Cipher.AesGcm, 20, 16)]
    [InlineData(Cipher.AesGcm, 36, 32)]
    [InlineData(Cipher.AesGmac, 36, 32)]
    [InlineData(Cipher.ChaCha20Poly1305, 36, 32)]
    [InlineData(Cipher.AesCbcHmacSha1, 36, 16)]
    [InlineData(Cipher.AesCbcHmacSha256, 48, 16)]
    [InlineData(Cipher.AesCbcHmacSha256, 64, 32)]
    [InlineData(Cipher.AesCbcHmacSha384, 80, 32)]
    [InlineData(Cipher.AesCbcHmacSha512, 96, 32)]
    public void Rfc7296_2_17_KeyMaterialSpellsTheKeyLength(Cipher cipher, int material, int keyLength)
    {
        Assert.Equal(keyLength, CipherFacts.KeyLengthOf(cipher, material));
        Assert.Equal(keyLength, CipherKey.Expand(cipher, new byte[material], new byte[KeyBlock.Size]));
        Assert.Throws<ArgumentException>(() => CipherKey.Expand(cipher, new byte[material - 1], new byte[KeyBlock.Size]));
        Assert.Throws<ArgumentException>(() => CipherKey.Expand(cipher, new byte[material], new byte[KeyBlock.Size - 1]));
    }

    [Fact]
    public void AnExpandedBlockKeepsNothingOfTheOneBefore()
    {
        var used = new byte[KeyBlock.Size];
        RandomNumberGenerator.Fill(used);
        var fresh = new byte[KeyBlock.Size];
        foreach (var cipher in Enum.GetValues<Cipher>().Where(CipherFacts.IsKnown))
        {
            var material = new byte[CipherFacts.KeyMaterialLength(cipher, CipherFacts.KeyLengths(cipher)[0])];
            RandomNumberGenerator.Fill(material);
            CipherKey.Expand(cipher, material, used);
            Array.Clear(fresh);
            CipherKey.Expand(cipher, material, fresh);
            Assert.Equal(fresh, used);
        }
    }

    [Fact]
    public void Rfc4106_2_OnlyCbcMayBeKeyedByHand() =>
        Assert.Equal(
            [Cipher.AesCbcHmacSha1, Cipher.AesCbcHmacSha256, Cipher.AesCbcHmacSha384, Cipher.AesCbcHmacSha512],
            Enum.GetValues<Cipher>().Where(cipher => !CipherFacts.MustNotBeKeyedByHand(cipher)));

    [Fact]
    public void Rfc3602_3_CbcIvsDoNotRepeatAndDoNotFollowEachOther()
    {
        using var source = new CbcIvSource();
        using var other = new CbcIvSource();
        var seen = new HashSet<string>();
        var previous = new byte[16];
        var iv = new byte[16];
        for (var i = 0; i < 10_000; i++)
        {
            source.Next(iv);
            Assert.True(seen.Add(Convert.ToHexString(iv)));
            Assert.True(iv.Zip(previous).Sum(pair => System.Numerics.BitOperations.PopCount((uint)(pair.First ^ pair.Second))) > 16, "two IVs in a row are alike");
            iv.CopyTo(previous, 0);
            other.Next(iv);
            Assert.True(seen.Add(Convert.ToHexString(iv)));
        }
    }

    [Fact]
    public void EveryTierIsDescribed()
    {
        foreach (var tier in Enum.GetValues<AesGcmTier>())
            Assert.StartsWith(tier.ToString(), CryptoTiers.Describe(tier), StringComparison.OrdinalIgnoreCase);
        Assert.True(CryptoTiers.IsSupported(CryptoTiers.Best()));
    }
}
