using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;

namespace Appliance.Crypto.Tests;

public sealed class ModpTests
{
    private static readonly string Groups = $"{KeyExchangeMethod.Modp2048} {KeyExchangeMethod.Modp3072} {KeyExchangeMethod.Modp4096}";

    [Theory]
    [MemberData(nameof(ModpVectors.All), MemberType = typeof(ModpVectors))]
    public void Rfc3526_TheGroupsAreOpenssls(KeyExchangeMethod method, string exponent, string ours, string peers, string sharedHash)
    {
        using var exchange = new ModpExchange(method, Convert.FromHexString(exponent));
        Assert.Equal(ours, Convert.ToHexStringLower(exchange.PublicValue));
        using var secret = exchange.Complete(Convert.FromHexString(peers));
        Assert.Equal(sharedHash, Convert.ToHexStringLower(SHA256.HashData(secret!.Octets)));
    }

    /// <summary>p = 2^n - 2^(n-64) - 1 + 2^64 (floor(2^(n-130) pi) + c): its first and last 64 bits are ones; 2 generates the subgroup of order (p - 1) / 2.</summary>
    [Fact]
    public void Rfc3526_ThePrimesLookAsTheRfcDefinesThem()
    {
        foreach (var name in Groups.Split(' '))
        {
            var method = Enum.Parse<KeyExchangeMethod>(name);
            var group = ModpGroup.Of(method);
            Assert.Equal(int.Parse(name.AsSpan(4), CultureInfo.InvariantCulture), 8 * group.Length);
            Assert.True(group.Prime[..8].IndexOfAnyExcept((byte)0xff) < 0 && group.Prime[^8..].IndexOfAnyExcept((byte)0xff) < 0);
            var p = Number(group.Prime);
            Assert.True(BigInteger.ModPow(2, (p - 1) / 2, p).IsOne);
        }
    }

    [Fact]
    public void Rfc6989_2_1_ZeroOneAndTheirNegativesAreRefused()
    {
        foreach (var name in Groups.Split(' '))
        {
            var method = Enum.Parse<KeyExchangeMethod>(name);
            var p = Number(ModpGroup.Of(method).Prime);
            var length = ModpGroup.Of(method).Length;
            using var exchange = new ModpExchange(method, [1, 2, 3]);
            foreach (var bad in new[] { BigInteger.Zero, BigInteger.One, p - 1, p, p + 1, (BigInteger.One << (8 * length)) - 1 })
                Assert.Null(exchange.Complete(Octets(bad, length)));
            foreach (var good in new[] { new BigInteger(2), p - 2 })
            {
                using var secret = exchange.Complete(Octets(good, length));
                Assert.Equal(BigInteger.ModPow(good, 0x010203, p), Number(secret!.Octets));
            }
        }
    }

    /// <summary>Against the BCL's big integers, at edges and by chance; shared secrets that begin with zeros keep them (RFC 7296 §2.14).</summary>
    [Fact]
    public void MontgomeryPowersAreTheBclsPowers()
    {
        var random = new Random(3526);
        foreach (var name in Groups.Split(' '))
        {
            var group = ModpGroup.Of(Enum.Parse<KeyExchangeMethod>(name));
            var p = Number(group.Prime);
            var modulus = new MontgomeryModulus(group.Prime);
            BigInteger[] values = [0, 1, 2, p - 1, p - 2, p >> 1, (BigInteger.One << 64) - 1, BigInteger.One << (8 * group.Length - 1), Any(random, p), Any(random, p)];
            BigInteger[] exponents = [0, 1, 2, 15, 16, 17, (BigInteger.One << 128) - 1, Any(random, BigInteger.One << 128)];
            foreach (var value in values)
            foreach (var exponent in exponents)
            {
                var result = new byte[group.Length];
                modulus.Power(Octets(value, group.Length), Octets(exponent, 16), result);
                Assert.Equal(BigInteger.ModPow(value, exponent, p), Number(result));
            }
        }
    }

    /// <summary>Small odd moduli with any bits, where carries and the last subtraction come out in every way.</summary>
    [Fact]
    public void MontgomeryPowersHoldForAnyModulus()
    {
        var random = new Random(1985);
        for (var round = 0; round < 300; round++)
        {
            var octets = new byte[8 * (1 + round % 4)];
            random.NextBytes(octets);
            octets.AsSpan(0, random.Next(octets.Length)).Fill((byte)(round % 3 == 0 ? 0xff : 0x00));
            octets[0] |= 0x80;
            octets[^1] |= 1;
            var m = Number(octets);
            var (value, exponent) = (Any(random, m), Any(random, BigInteger.One << 256));
            var result = new byte[octets.Length];
            new MontgomeryModulus(octets).Power(Octets(value, octets.Length), Octets(exponent, 32), result);
            Assert.Equal(BigInteger.ModPow(value, exponent, m), Number(result));
        }
    }

    private static BigInteger Number(ReadOnlySpan<byte> octets) => new(octets, isUnsigned: true, isBigEndian: true);

    private static byte[] Octets(BigInteger number, int length)
    {
        var digits = number.ToByteArray(isUnsigned: true, isBigEndian: true);
        return number.IsZero ? new byte[length] : [.. new byte[length - digits.Length], .. digits];
    }

    private static BigInteger Any(Random random, BigInteger below)
    {
        var octets = new byte[below.GetByteCount(isUnsigned: true) + 8];
        random.NextBytes(octets);
        return Number(octets) % below;
    }
}
