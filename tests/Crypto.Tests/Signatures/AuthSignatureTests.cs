namespace Appliance.Crypto.Tests;

/// <summary>Signatures of AUTH; openssl checks ours and makes the ones that we check.</summary>
public sealed class AuthSignatureTests : IDisposable
{
    private static readonly byte[] Octets = [.. Enumerable.Range(0, 700).Select(i => (byte)i)];
    private static readonly string[] Rsa = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"];
    private readonly OpenSsl openssl = new();

    public static TheoryData<string, string> Kinds => new()
    {
        { "RSA", "sha256" }, { "P-256", "sha256" }, { "P-384", "sha384" }, { "P-521", "sha512" }, { "ED25519", "" },
    };

    public void Dispose() => openssl.Dispose();

    [SkippableTheory]
    [MemberData(nameof(Kinds))]
    public void Rfc7427_3_OpensslAcceptsWhatWeSign(string kind, string hash)
    {
        using var key = Make(kind);
        var data = AuthSignature.Make(key, Octets, AuthSignature.AnnouncedHashes, out var method, out var problem)!;
        Assert.Equal(("", AuthSignature.DigitalSignatureMethod), (problem, method));
        openssl.Write("signature", data[(1 + data[0])..]);
        Assert.Contains("Verified", Verify(kind, hash), StringComparison.Ordinal);
    }

    [SkippableTheory]
    [MemberData(nameof(Kinds))]
    public void Rfc7427_3_WeAcceptWhatOpensslSigns_AndNothingElse(string kind, string hash)
    {
        using var ours = Make(kind);
        using var key = VerifyingKey.TryRead(openssl.Read("k.pub"), out _)!;
        openssl.Write("message", Octets);
        string[] options = kind == "RSA" ? ["-pkeyopt", "rsa_padding_mode:pss", "-pkeyopt", "rsa_pss_saltlen:digest"] : [];
        openssl.Run(["pkeyutl", "-sign", "-rawin", "-inkey", "k.key", "-in", "message", "-out", "signature", .. Digest(hash), .. options]);
        var algorithm = Algorithm(kind, hash);
        byte[] identifier = AlgorithmIdentifier.Write(algorithm);
        byte[] data = [(byte)identifier.Length, .. identifier, .. openssl.Read("signature")];
        Assert.Null(AuthSignature.Check(key, AuthSignature.DigitalSignatureMethod, data, Octets, hashesAnnounced: true));
        Assert.Contains("is not one of the certificate's", AuthSignature.Check(key, AuthSignature.DigitalSignatureMethod, data, Octets.AsSpan(1), true), StringComparison.Ordinal);
        for (var i = 0; i < data.Length; i += 7)
        {
            var wrong = data.ToArray();
            wrong[i] ^= 1;
            Assert.NotNull(AuthSignature.Check(key, AuthSignature.DigitalSignatureMethod, wrong, Octets, true));
        }

        for (var length = 0; length < data.Length; length++) Assert.NotNull(AuthSignature.Check(key, AuthSignature.DigitalSignatureMethod, data.AsSpan(0, length), Octets, true));
    }

    [SkippableTheory]
    [InlineData("P-256", 9, 64)]
    [InlineData("P-384", 10, 96)]
    [InlineData("P-521", 11, 132)]
    public void Rfc4754_7_WithoutHashesEcdsaIsRandS(string kind, byte method, int length)
    {
        using var key = Make(kind);
        using var verifying = VerifyingKey.TryRead(key.PublicKey(), out _)!;
        var data = AuthSignature.Make(key, Octets, [], out var used, out _)!;
        Assert.Equal((method, length), (used, data.Length));
        Assert.Null(AuthSignature.Check(verifying, method, data, Octets, hashesAnnounced: false));
        foreach (var other in new byte[] { 9, 10, 11 }.Where(m => m != method)) Assert.NotNull(AuthSignature.Check(verifying, other, data, Octets, false));
        data[^1] ^= 1;
        Assert.NotNull(AuthSignature.Check(verifying, method, data, Octets, false));
    }

    [SkippableFact]
    public void Rfc8247_3_2_1_Sha1IsForPeersWithoutRfc7427Alone()
    {
        using var key = Make("RSA");
        using var verifying = VerifyingKey.TryRead(key.PublicKey(), out _)!;
        var data = AuthSignature.Make(key, Octets, [], out var method, out _)!;
        Assert.Equal(AuthSignature.RsaMethod, method);
        openssl.Write("signature", data);
        openssl.Write("message", Octets);
        Assert.Contains("Verified OK", openssl.Run("dgst", "-sha1", "-verify", PemOf("k"), "-signature", "signature", "message"), StringComparison.Ordinal);
        Assert.Null(AuthSignature.Check(verifying, AuthSignature.RsaMethod, data, Octets, hashesAnnounced: false));
        Assert.Contains("SHA-1", AuthSignature.Check(verifying, AuthSignature.RsaMethod, data, Octets, hashesAnnounced: true), StringComparison.Ordinal);
        // SHA-1 inside of method 14 is refused as well.
        byte[] sha1 = [.. Convert.FromHexString("300d06092a864886f70d0101050500")];
        Assert.Contains("SHA-1", AuthSignature.Check(verifying, 14, [(byte)sha1.Length, .. sha1, .. data], Octets, true), StringComparison.Ordinal);
        Assert.Null(AuthSignature.Make(key, Octets, [1], out _, out var problem));
        Assert.Contains("cannot sign", problem, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Rfc8420_2_Ed25519NeedsAPeerThatSaysIdentity()
    {
        using var key = Make("ED25519");
        Assert.Null(AuthSignature.Make(key, Octets, [], out _, out var problem));
        Assert.Contains("RFC 7427", problem, StringComparison.Ordinal);
        Assert.Null(AuthSignature.Make(key, Octets, [2, 3, 4], out _, out problem));
        Assert.Contains("takes 2 3 4", problem, StringComparison.Ordinal);
        Assert.NotNull(AuthSignature.Make(key, Octets, [5], out _, out _));
    }

    [SkippableFact]
    public void KeysThatAreTooWeakOrUnknownAreRefused()
    {
        OpenSsl.SkipWithout();
        openssl.Key("short", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024");
        openssl.Key("curve", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:secp256k1");
        openssl.Key("ed448", "-algorithm", "ED448");
        foreach (var (name, text) in new[] { ("short", "1024 bits"), ("curve", "curve 1.3.132.0.10"), ("ed448", "1.3.101.113") })
        {
            Assert.Null(VerifyingKey.TryRead(openssl.Read($"{name}.pub"), out var problem));
            Assert.Contains(text, problem, StringComparison.Ordinal);
            Assert.Null(SigningKey.TryRead(openssl.Read($"{name}.p8"), out problem));
            Assert.Contains(text, problem, StringComparison.Ordinal);
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Kinds))]
    public void DamagedKeysAreRefused_AndAllThreadsMaySign(string kind, string hash)
    {
        using var key = Make(kind);
        using var verifying = VerifyingKey.TryRead(key.PublicKey(), out _)!;
        Assert.Equal(openssl.Read("k.pub"), key.PublicKey());
        var algorithm = Algorithm(kind, hash);
        Parallel.For(0, 200, i => Assert.True(verifying.Verify(algorithm, Octets.AsSpan(0, i), key.Sign(algorithm, Octets[..i]))));
        var encoded = openssl.Read("k.p8");
        for (var length = 0; length < encoded.Length; length += 1 + length / 16) Assert.Null(SigningKey.TryRead(encoded.AsSpan(0, length), out _));
        key.Dispose();
        Assert.Throws<ObjectDisposedException>(() => key.Sign(algorithm, Octets));
    }

    private SigningKey Make(string kind)
    {
        OpenSsl.SkipWithout();
        openssl.Key("k", kind == "RSA" ? Rsa : kind == "ED25519" ? ["-algorithm", kind] : ["-algorithm", "EC", "-pkeyopt", $"ec_paramgen_curve:{kind}"]);
        var key = SigningKey.TryRead(openssl.Read("k.p8"), out var problem);
        Assert.True(key is not null, problem);
        return key;
    }

    private string Verify(string kind, string hash)
    {
        openssl.Write("message", Octets);
        string[] options = kind == "RSA" ? ["-pkeyopt", "rsa_padding_mode:pss", "-pkeyopt", "rsa_pss_saltlen:digest"] : [];
        return openssl.Run(["pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", PemOf("k"), "-in", "message", "-sigfile", "signature", .. Digest(hash), .. options]);
    }

    private string PemOf(string name)
    {
        openssl.Run("pkey", "-pubin", "-inform", "DER", "-in", $"{name}.pub", "-out", $"{name}.pem");
        return $"{name}.pem";
    }

    private static string[] Digest(string hash) => hash.Length > 0 ? ["-digest", hash] : [];

    private static SignatureAlgorithm Algorithm(string kind, string hash) => new(
        kind switch { "RSA" => SignatureScheme.RsaPss, "ED25519" => SignatureScheme.Ed25519, _ => SignatureScheme.Ecdsa },
        hash switch { "sha256" => SignatureHash.Sha256, "sha384" => SignatureHash.Sha384, "sha512" => SignatureHash.Sha512, _ => SignatureHash.Identity });
}
