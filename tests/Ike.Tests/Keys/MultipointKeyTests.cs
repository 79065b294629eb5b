using Appliance.Crypto;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Keys;

/// <summary>KEYMAT of multi-point SAs against values that Python's hmac computed: SK_d counts up from a0, the nonce from 10.</summary>
public sealed class MultipointKeyTests
{
    [Theory]
    [Trait("RFC", "draft-yamaya-ipsecme-mpsa-04")]
    [InlineData(PrfAlgorithm.HmacSha1, EncryptionTransform.AesCbc, 256, IntegrityTransform.HmacSha1Bits96,
        "59cc09f10b801459e775875e95da851965bcd4b0bdc52e5443550f5f83c8cd1aac44c0979bc9647bd9f249950c555fecccc5bb55")]
    [InlineData(PrfAlgorithm.HmacSha256, EncryptionTransform.AesGcm16, 256, IntegrityTransform.None, "608706119639b3537d1742d32fa3a71c16f43db24bf1b89aede6bb0bd2a90cce74c9a132")]
    [InlineData(PrfAlgorithm.HmacSha256, EncryptionTransform.AesGcm16, 128, IntegrityTransform.None, "608706119639b3537d1742d32fa3a71c16f43db2")]
    [InlineData(PrfAlgorithm.HmacSha384, EncryptionTransform.ChaCha20Poly1305, 0, IntegrityTransform.None, "15495b1e137649eae44338eea2caafbf1e283d075a2e7f097c0176e8d52ceec9c817f866")]
    [InlineData(PrfAlgorithm.HmacSha512, EncryptionTransform.AesCbc, 256, IntegrityTransform.HmacSha512Bits256,
        "b809f5fda0eff745c2708f01f83f4b85df4ac1d080ecd410d8f8f65424af22190d847fcf31c9341ba61463658250bbbe726ba602deab97a21ad1fe39755c7fbf39c98c410ec4d226617e40e7140c4cbf7ed253ddfffa9b926a1724c54829a267")]
    [InlineData(PrfAlgorithm.HmacSha256, EncryptionTransform.AesCbc, 256, IntegrityTransform.HmacSha256Bits128,
        "608706119639b3537d1742d32fa3a71c16f43db24bf1b89aede6bb0bd2a90cce74c9a132638aed158d2e4953f47d1b62547f5c12f1b814490bdab852bba9b14a")]
    public void Mpsa_3_3_2_KeymatIsPrfPlusOfSkDAndNonce(PrfAlgorithm prf, EncryptionTransform encryption, int bits, IntegrityTransform integrity, string expected)
    {
        using var skD = new Secret([.. Enumerable.Range(0xa0, Prf.OutputLength(prf)).Select(i => (byte)i)]);
        using var keymat = MultipointKeys.Derive(prf, skD, [.. Enumerable.Range(16, 32).Select(i => (byte)i)], new EncryptionChoice(encryption, bits), integrity);
        Assert.Equal(expected, Convert.ToHexStringLower(keymat.Octets));
    }
}
