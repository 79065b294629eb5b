using System.Security.Cryptography;

namespace Appliance.Crypto.Tests;

public sealed class PrfTests
{
    /// <summary>RFC 4231 §4, RFC 2202 §3; the key is an octet repeated, or "Jefe".</summary>
    [Theory]
    [InlineData(PrfAlgorithm.HmacSha256, 0x0b, 20, "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")]
    [InlineData(PrfAlgorithm.HmacSha384, 0x0b, 20, "Hi There", "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6")]
    [InlineData(PrfAlgorithm.HmacSha512, 0x0b, 20, "Hi There", "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854")]
    [InlineData(PrfAlgorithm.HmacSha256, 0x00, 0, "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")]
    [InlineData(PrfAlgorithm.HmacSha384, 0x00, 0, "what do ya want for nothing?", "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649")]
    [InlineData(PrfAlgorithm.HmacSha512, 0x00, 0, "what do ya want for nothing?", "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737")]
    [InlineData(PrfAlgorithm.HmacSha256, 0xaa, 131, "Test Using Larger Than Block-Size Key - Hash Key First", "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")]
    [InlineData(PrfAlgorithm.HmacSha384, 0xaa, 131, "Test Using Larger Than Block-Size Key - Hash Key First", "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952")]
    [InlineData(PrfAlgorithm.HmacSha512, 0xaa, 131, "Test Using Larger Than Block-Size Key - Hash Key First", "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598")]
    [InlineData(PrfAlgorithm.HmacSha1, 0x0b, 20, "Hi There", "b617318655057264e28bc0b6fb378c8ef146be00")]
    [InlineData(PrfAlgorithm.HmacSha1, 0x00, 0, "what do ya want for nothing?", "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79")]
    [InlineData(PrfAlgorithm.HmacSha1, 0xaa, 80, "Test Using Larger Than Block-Size Key - Hash Key First", "aa4ae5e15272d00e95705637ce8a3b55ed402112")]
    public void Rfc4868_2_7_ThePseudoRandomFunctionsAreHmacs(PrfAlgorithm algorithm, byte octet, int length, string data, string expected)
    {
        var key = length == 0 ? "Jefe"u8.ToArray() : Enumerable.Repeat(octet, length).ToArray();
        var octets = System.Text.Encoding.ASCII.GetBytes(data);
        var output = new byte[Prf.OutputLength(algorithm)];
        Prf.Compute(algorithm, key, octets, output);
        Assert.Equal(expected, Convert.ToHexStringLower(output));
        output.AsSpan().Clear();
        Prf.Compute(algorithm, key, octets.AsSpan(0, 3), octets.AsSpan(3, 2), octets.AsSpan(5), output);
        Assert.Equal(expected, Convert.ToHexStringLower(output));
    }

    /// <summary>SHA-256 of the first 200 octets of prf+(00..1f, 100..179), computed by Python's hmac.</summary>
    [Theory]
    [InlineData(PrfAlgorithm.HmacSha1, "c7f5ffec19383e5b6e3b3b826a467beaa7b4aafe235088f2f759721f64d3fd80")]
    [InlineData(PrfAlgorithm.HmacSha256, "7f589e27dba39ece06956d4f7d0a09ab050083e1fdc8571b45c10adac74af6e5")]
    [InlineData(PrfAlgorithm.HmacSha384, "2df299610a74238885a862bb245a709c5f187cefa34eae776bf5fd408087ebba")]
    [InlineData(PrfAlgorithm.HmacSha512, "dff72b058dab867d94084f34ff4258e85624c5a6f9cc1b2d4843f57ae384dfa9")]
    public void Rfc7296_2_13_PrfPlusFeedsItsOutputBack(PrfAlgorithm algorithm, string expected)
    {
        var key = Enumerable.Range(0, 32).Select(i => (byte)i).ToArray();
        var seed = Enumerable.Range(100, 80).Select(i => (byte)i).ToArray();
        var output = new byte[200];
        Prf.Plus(algorithm, key, seed, output);
        Assert.Equal(expected, Convert.ToHexStringLower(SHA256.HashData(output)));
        var shorter = new byte[33];
        Prf.Plus(algorithm, key, seed, shorter);
        Assert.Equal(output[..33], shorter);
    }

    [Fact]
    public void Rfc7296_2_13_PrfPlusEndsAfter255Rounds()
    {
        Prf.Plus(PrfAlgorithm.HmacSha1, [1], [2], new byte[255 * 20]);
        Assert.Throws<ArgumentException>(() => Prf.Plus(PrfAlgorithm.HmacSha1, [1], [2], new byte[255 * 20 + 1]));
    }
}
