namespace Appliance.Crypto.Tests;

/// <summary>AlgorithmIdentifiers as RFC 7427 appendix A prints them.</summary>
public sealed class AlgorithmIdentifierTests
{
    public static TheoryData<SignatureAlgorithm, string> Known => new()
    {
        { new(SignatureScheme.RsaPkcs1, SignatureHash.Sha256), "300d06092a864886f70d01010b0500" },
        { new(SignatureScheme.RsaPkcs1, SignatureHash.Sha384), "300d06092a864886f70d01010c0500" },
        { new(SignatureScheme.RsaPkcs1, SignatureHash.Sha512), "300d06092a864886f70d01010d0500" },
        { new(SignatureScheme.Ecdsa, SignatureHash.Sha256), "300a06082a8648ce3d040302" },
        { new(SignatureScheme.Ecdsa, SignatureHash.Sha384), "300a06082a8648ce3d040303" },
        { new(SignatureScheme.Ecdsa, SignatureHash.Sha512), "300a06082a8648ce3d040304" },
        { new(SignatureScheme.Ed25519, SignatureHash.Identity), "300506032b6570" },
        {
            new(SignatureScheme.RsaPss, SignatureHash.Sha256),
            "304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120"
        },
    };

    [Theory]
    [MemberData(nameof(Known))]
    public void Rfc7427_A_BytesAndObjectBothWays(SignatureAlgorithm algorithm, string hexadecimal)
    {
        var octets = Convert.FromHexString(hexadecimal);
        Assert.Equal(octets, AlgorithmIdentifier.Write(algorithm));
        Assert.True(AlgorithmIdentifier.TryRead(octets, out var read, out var problem), problem);
        Assert.Equal(algorithm, read);
        for (var length = 0; length < octets.Length; length++) Assert.False(AlgorithmIdentifier.TryRead(octets.AsSpan(0, length), out _, out _));
        Assert.False(AlgorithmIdentifier.TryRead([.. octets, 0], out _, out _));
    }

    [Theory]
    [InlineData("300d06092a864886f70d0101050500", "SHA-1")]
    [InlineData("300906072a8648ce3d0401", "SHA-1")]
    [InlineData("300d06092a864886f70d01010a3000", "SHA-1")]
    [InlineData("300b06092a864886f70d01010a", "SHA-1")]
    [InlineData("300506032b6571", "1.3.101.113")]
    [InlineData("300d06092a864886f70d01010b0501", "not DER")]
    [InlineData("304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020120", "two different hashes")]
    [InlineData("304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020121", "salt of 33")]
    public void Rfc8247_3_2_1_WhatIsNotAcceptedSaysWhy(string hexadecimal, string text)
    {
        Assert.False(AlgorithmIdentifier.TryRead(Convert.FromHexString(hexadecimal), out _, out var problem));
        Assert.Contains(text, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Rfc4055_5_NullMayBeAbsent()
    {
        Assert.True(AlgorithmIdentifier.TryRead(Convert.FromHexString("300b06092a864886f70d01010b"), out var algorithm, out _));
        Assert.Equal(new SignatureAlgorithm(SignatureScheme.RsaPkcs1, SignatureHash.Sha256), algorithm);
    }
}
