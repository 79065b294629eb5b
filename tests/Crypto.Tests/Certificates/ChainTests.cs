namespace Appliance.Crypto.Tests;

/// <summary>Chains made by openssl, which also says what it thinks of them.</summary>
public sealed class ChainTests : IDisposable
{
    // Later than what openssl makes while the tests run.
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow.AddMinutes(10);
    private readonly OpenSslPki pki = new();

    public static TheoryData<string, string[]> Keys => new()
    {
        { "P-256", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"] },
        { "P-384", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"] },
        { "RSA", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"] },
        { "Ed25519", ["-algorithm", "ED25519"] },
    };

    /// <summary>What is wrong with the chain root → middle → gw: extensions of middle and gw, text.</summary>
    public static TheoryData<string, string, string, string> Wrong => new()
    {
        { "intermediate is no CA", "basicConstraints=critical,CA:FALSE\n", OpenSslPki.Gateway, "basic constraints" },
        { "intermediate may not sign certificates", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,digitalSignature\n", OpenSslPki.Gateway, "without being one" },
        { "name outside of the constraints", OpenSslPki.Authority + "nameConstraints=critical,permitted;DNS:example.com\n", OpenSslPki.Gateway, "name constraints" },
        { "name excluded by the constraints", OpenSslPki.Authority + "nameConstraints=critical,excluded;DNS:gw.example.org\n", OpenSslPki.Gateway, "name constraints" },
        { "address outside of the constraints", OpenSslPki.Authority + "nameConstraints=critical,permitted;IP:198.51.100.0/255.255.255.0\n", OpenSslPki.Gateway, "name constraints" },
        { "unknown critical extension", OpenSslPki.Authority, OpenSslPki.Gateway + "1.2.3.4=critical,ASN1:NULL\n", "critical extension" },
    };

    /// <summary>What openssl does not mind and IKE does: extensions of gw, text.</summary>
    public static TheoryData<string, string> NotForIke => new()
    {
        { "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,digitalSignature\n", "is a CA's" },
        { "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,keyEncipherment\n", "may not sign" },
        { OpenSslPki.Gateway + "extendedKeyUsage=codeSigning\n", "not for IKE" },
    };

    public void Dispose() => pki.Dispose();

    [SkippableTheory]
    [MemberData(nameof(Keys))]
    public void Rfc5280_6_AGoodChainIsAccepted_AndNoneWithAnOctetChanged(string kind, string[] key)
    {
        OpenSsl.SkipWithout();
        var (root, middle, gw) = (pki.Root("root", key), pki.Issue("middle", "root", OpenSslPki.Authority, key), pki.Issue("gw", "middle", OpenSslPki.Gateway, key));
        Assert.True(pki.Verifies("root", "gw", "middle"), kind);
        using var validator = Validator(root);
        var result = validator.Validate([gw, middle], Now);
        Assert.Null(result.Problem);
        Assert.Equal(["gw.example.org"], result.Certificate!.DnsNames);
        Assert.Equal(["gw@example.org"], result.Certificate.Emails);
        Assert.Equal(["C0000201", "20010DB8000000000000000000000001"], result.Certificate.Addresses.Select(Convert.ToHexString));
        Assert.Equal(pki.OpenSsl.Read("gw.pub"), result.Key!.SubjectPublicKeyInfo.ToArray());
        Assert.InRange(result.Expires, Now.AddDays(19), Now.AddDays(21));
        // With what nobody asked for in between, and the root along with it.
        Assert.Null(validator.Validate([gw, root, pki.Root("stranger"), middle], Now).Problem);
        foreach (var wrong in new[] { Changed(gw, 40), Changed(gw, 3), Changed(gw, gw.Length / 2) }) Assert.NotNull(validator.Validate([wrong, middle], Now).Problem);
        Assert.NotNull(validator.Validate([gw, Changed(middle, 5)], Now).Problem);
        // The issuer's signature alone.
        Assert.Contains("not signed by the key", validator.Validate([Changed(gw, 4), middle], Now).Problem, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [MemberData(nameof(Wrong))]
    public void Rfc5280_6_WhatOpensslRefusesIsRefused(string what, string middleExtensions, string extensions, string text)
    {
        OpenSsl.SkipWithout();
        var (root, middle, gw) = (pki.Root("root"), pki.Issue("middle", "root", middleExtensions), pki.Issue("gw", "middle", extensions));
        Assert.False(pki.Verifies("root", "gw", "middle"), what);
        using var validator = Validator(root);
        var problem = validator.Validate([gw, middle], Now).Problem;
        Assert.True(problem?.Contains(text, StringComparison.Ordinal) == true, $"{what}: {problem}");
    }

    [SkippableFact]
    public void Rfc5280_4_2_1_10_NamesWithinTheConstraintsAreAccepted()
    {
        OpenSsl.SkipWithout();
        var root = pki.Root("root");
        var middle = pki.Issue("middle", "root", OpenSslPki.Authority + "nameConstraints=critical,permitted;DNS:example.org,permitted;email:example.org,permitted;IP:192.0.2.0/255.255.255.0,permitted;IP:2001:db8::/ffff:ffff::\n");
        var gw = pki.Issue("gw", "middle");
        using var validator = Validator(root);
        Assert.Null(validator.Validate([gw, middle], Now).Problem);
    }

    [SkippableFact]
    public void Rfc5280_4_2_1_9_APathLongerThanACaAllowsIsRefused()
    {
        OpenSsl.SkipWithout();
        var root = pki.Root("root", extensions: OpenSslPki.Authority.Replace("CA:TRUE", "CA:TRUE,pathlen:0", StringComparison.Ordinal));
        var (middle, gw) = (pki.Issue("middle", "root", OpenSslPki.Authority), pki.Issue("gw", "middle"));
        Assert.False(pki.Verifies("root", "gw", "middle"));
        using var validator = Validator(root);
        Assert.Contains("longer than a CA allows", validator.Validate([gw, middle], Now).Problem, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [MemberData(nameof(NotForIke))]
    public void Rfc4945_5_1_3_CertificatesForSomethingElseAreRefused(string extensions, string text)
    {
        OpenSsl.SkipWithout();
        var (root, gw) = (pki.Root("root"), pki.Issue("gw", "root", extensions));
        using var validator = Validator(root);
        Assert.Contains(text, validator.Validate([gw], Now).Problem, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("serverAuth")]
    [InlineData("clientAuth")]
    [InlineData("anyExtendedKeyUsage")]
    [InlineData("1.3.6.1.5.5.7.3.17")]
    [InlineData("codeSigning,1.3.6.1.5.5.8.2.2")]
    public void Rfc4945_5_1_3_12_UsagesForIkeAreAccepted(string usage)
    {
        OpenSsl.SkipWithout();
        var (root, gw) = (pki.Root("root"), pki.Issue("gw", "root", OpenSslPki.Gateway + $"extendedKeyUsage={usage}\n"));
        using var validator = Validator(root);
        Assert.Null(validator.Validate([gw], Now).Problem);
    }

    [SkippableFact]
    public void WhoIsNotTrustedIsRefused_WhateverTheNames()
    {
        OpenSsl.SkipWithout();
        var (root, gw) = (pki.Root("root"), pki.Issue("gw", "root"));
        var twin = pki.Root("twin", subject: "/O=Example/CN=root");
        using var validator = Validator(twin);
        Assert.Contains("not signed by the key", validator.Validate([gw], Now).Problem, StringComparison.Ordinal);
        using var stranger = Validator(pki.Root("stranger"));
        Assert.Contains("neither an authority that this peer may use", stranger.Validate([gw], Now).Problem, StringComparison.Ordinal);
        Assert.Contains("no authority that this peer may use", stranger.Validate([gw, root], Now).Problem, StringComparison.Ordinal);
        Assert.Contains("is a CA's", stranger.Validate([root], Now).Problem, StringComparison.Ordinal);
        // The intermediate one is not sent.
        pki.Issue("middle", "root", OpenSslPki.Authority);
        using var right = Validator(root);
        Assert.Contains("issued by 'CN=middle, O=Example'", right.Validate([pki.Issue("far", "middle")], Now).Problem, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Rfc5280_4_1_2_5_TimesAreKept()
    {
        OpenSsl.SkipWithout();
        var (root, gw) = (pki.Root("root"), pki.Issue("gw", "root"));
        using var validator = Validator(root);
        Assert.Contains("the certificate of 'CN=gw, O=Example' expired at", validator.Validate([gw], Now.AddDays(25)).Problem, StringComparison.Ordinal);
        Assert.Contains("valid from", validator.Validate([gw], Now.AddDays(-1)).Problem, StringComparison.Ordinal);
        Assert.Contains("'CN=root, O=Example' expired", new ChainValidator([root], Revocation.None).Validate([pki.Issue("late", "root", days: 90)], Now.AddDays(40)).Problem, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Rfc8247_3_2_1_WeakHashesAndKeysAreRefused()
    {
        OpenSsl.SkipWithout();
        var root = pki.Root("root", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]);
        using var validator = Validator(root);
        Assert.Contains("SHA-1", validator.Validate([pki.Issue("old", "root", options: "-sha1")], Now).Problem, StringComparison.Ordinal);
        Assert.Contains("1024 bits", validator.Validate([pki.Issue("short", "root", key: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"])], Now).Problem, StringComparison.Ordinal);
        var weak = pki.Issue("weak", "root", OpenSslPki.Authority, ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"]);
        Assert.Contains("1024 bits", validator.Validate([pki.Issue("under", "weak"), weak], Now).Problem, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void APeersOwnCertificateCanBePinned()
    {
        OpenSsl.SkipWithout();
        var pinned = pki.Root("pinned", extensions: OpenSslPki.Gateway);
        using var validator = Validator(pinned);
        Assert.Null(validator.Validate([pinned], Now).Problem);
        Assert.NotNull(validator.Validate([pki.Root("other", extensions: OpenSslPki.Gateway)], Now).Problem);
    }

    [SkippableFact]
    public void CertificateBombsAreRefusedUnread()
    {
        OpenSsl.SkipWithout();
        var (root, gw) = (pki.Root("root"), pki.Issue("gw", "root"));
        using var validator = Validator(root);
        Assert.Contains("no certificate", validator.Validate([], Now).Problem, StringComparison.Ordinal);
        Assert.Contains("9 certificates", validator.Validate([.. Enumerable.Repeat(gw, 9)], Now).Problem, StringComparison.Ordinal);
        Assert.Contains("octets", validator.Validate([gw, new byte[CertificateView.Longest + 1]], Now).Problem, StringComparison.Ordinal);
        Assert.Contains("octets; 49152", validator.Validate([gw, .. Enumerable.Repeat(new byte[12_288], 4)], Now).Problem, StringComparison.Ordinal);
        Assert.Contains("not DER", validator.Validate([gw, [0x30, 0x84, 0xff, 0xff, 0xff, 0xff]], Now).Problem, StringComparison.Ordinal);
        for (var length = 0; length < gw.Length; length++) Assert.NotNull(validator.Validate([gw[..length]], Now).Problem);
    }

    [SkippableFact]
    public void AnAnchorIsARoot()
    {
        OpenSsl.SkipWithout();
        Assert.Null(ChainValidator.AnchorProblem(pki.Root("root")));
        Assert.Contains("signed by somebody else", ChainValidator.AnchorProblem(pki.Issue("gw", "root")), StringComparison.Ordinal);
    }

    internal static byte[] Changed(byte[] der, int fromEnd)
    {
        var changed = der.ToArray();
        changed[^fromEnd] ^= 1;
        return changed;
    }

    private static ChainValidator Validator(params byte[][] anchors) => new(anchors, Revocation.None);
}
