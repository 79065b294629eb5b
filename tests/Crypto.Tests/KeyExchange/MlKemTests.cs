using System.Security.Cryptography;

namespace Appliance.Crypto.Tests;

public sealed class MlKemTests
{
    /// <summary>Lengths of encapsulation key and ciphertext: FIPS 203 table 3.</summary>
    [SkippableTheory]
    [InlineData(KeyExchangeMethod.MlKem512, 800, 768)]
    [InlineData(KeyExchangeMethod.MlKem768, 1184, 1088)]
    [InlineData(KeyExchangeMethod.MlKem1024, 1568, 1568)]
    public void Fips203_BothSidesAgreeAndBadValuesAreRefused(KeyExchangeMethod method, int keyLength, int ciphertextLength)
    {
        Skip.IfNot(MLKem.IsSupported, "the platform's OpenSSL has no ML-KEM (3.5 does)");
        Assert.True(KeyExchanges.IsSupported(method));
        using var ours = KeyExchanges.Begin(method);
        Assert.Equal(keyLength, ours.PublicValue.Length);
        using var theirs = KeyExchanges.Answer(method, ours.PublicValue, out var ciphertext);
        Assert.Equal(ciphertextLength, ciphertext.Length);
        using var secret = ours.Complete(ciphertext);
        Assert.Equal(theirs!.Octets.ToArray(), secret!.Octets.ToArray());
        Assert.Null(ours.Complete(ciphertext.AsSpan(1)));
        Assert.Null(KeyExchanges.Answer(method, ours.PublicValue.AsSpan(1), out _));
        // Coefficients beyond the modulus (FIPS 203 §7.2).
        var beyond = ours.PublicValue.ToArray();
        beyond.AsSpan(0, keyLength - 32).Fill(0xff);
        Assert.Null(KeyExchanges.Answer(method, beyond, out var none));
        Assert.Empty(none);
    }

    [Fact]
    public void WhereThePlatformHasNoMlKemItIsNotSupported() => Assert.Equal(MLKem.IsSupported, KeyExchanges.IsSupported(KeyExchangeMethod.MlKem768));
}
