using System.Net;
using System.Security.Cryptography;
using Appliance.Crypto;
using Appliance.Crypto.Tests;
using Appliance.Ike;
using Appliance.Ike.Messages;
using Appliance.SlowPath.Credentials;

namespace Appliance.SlowPath.Tests;

/// <summary>Two nodes prove to each other who they are.</summary>
public sealed class CredentialStoreTests : IDisposable
{
    private static readonly Identity Name = Identity.Fqdn("gw.example.org");
    private readonly CredentialRig rig = new();

    public static TheoryData<string, string[], SignatureKeyKind> Keys => new()
    {
        { "P-256", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], SignatureKeyKind.EcdsaP256 },
        { "P-521", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"], SignatureKeyKind.EcdsaP521 },
        { "RSA", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], SignatureKeyKind.Rsa },
        { "Ed25519", ["-algorithm", "ED25519"], SignatureKeyKind.Ed25519 },
    };

    public void Dispose() => rig.Dispose();

    [SkippableTheory]
    [MemberData(nameof(Keys))]
    public void Rfc7296_2_15_WhoHasKeyAndCertificateIsBelieved(string name, string[] key, SignatureKeyKind kind)
    {
        OpenSsl.SkipWithout();
        var root = rig.Pki.Root("root", key);
        var middle = rig.Pki.Issue("middle", "root", OpenSslPki.Authority, key);
        var gw = rig.Pki.Issue("gw", "middle", OpenSslPki.Gateway, key);
        File.AppendAllText(rig.PathOf("gw.crt"), File.ReadAllText(rig.PathOf("middle.crt")) + File.ReadAllText(rig.PathOf("root.crt")));
        using var ours = rig.Load(new CredentialSources { Credentials = [rig.Source("gw")] });
        using var theirs = rig.Load(new CredentialSources { Authorities = [rig.Authority("root")] });
        Assert.Equal(kind, ours.Credentials["gw"].Key);
        // The trust anchor is not sent.
        Assert.Equal([gw, middle], ours.Credentials["gw"].Chain);
        Assert.Equal(SHA1.HashData(CertificateView.TryRead(root, out _)!.PublicKey), theirs.AuthorityHashes["root"]);
        Assert.Null(CredentialRig.Prove(ours, "gw", theirs, ["root"], Name));
        // And once more from the cache.
        Assert.Null(CredentialRig.Prove(ours, "gw", theirs, ["root"], Identity.Address(IPAddress.Parse("192.0.2.1"))));
        Assert.Contains("does not speak for name 'evil.example.org'; it has gw.example.org, gw@example.org, 192.0.2.1", CredentialRig.Prove(ours, "gw", theirs, ["root"], Identity.Fqdn("evil.example.org")), StringComparison.Ordinal);
        // Another message than the one that was signed, and a signature that was touched.
        var made = ours.Sign(new MakeSignature(7, "gw", CredentialRig.Octets, CredentialRig.Hashes));
        Assert.Equal((7UL, AuthenticationMethod.DigitalSignature), (made.Token, made.Method));
        var ask = CredentialRig.Ask(ours, "gw", ["root"], Name, made);
        Assert.Null(theirs.Verify(ask).Problem);
        Assert.Contains("signature", theirs.Verify(ask with { Octets = [1] }).Problem, StringComparison.Ordinal);
        Assert.Contains("signature", theirs.Verify(ask with { Data = [.. made.Data!.SkipLast(1)] }).Problem, StringComparison.Ordinal);
        Assert.True(name.Length > 0);
    }

    [SkippableFact]
    public void Rfc4945_3_1_TheIdentityMustStandInTheCertificate()
    {
        OpenSsl.SkipWithout();
        rig.Pki.Root("root");
        rig.Pki.Issue("gw", "root", subject: "/C=DE/O=Example Org/CN=gw");
        using var both = rig.Load(new CredentialSources { Credentials = [rig.Source("gw")], Authorities = [rig.Authority("root")] });
        string? Prove(Identity identity) => CredentialRig.Prove(both, "gw", both, ["root"], identity);
        var subject = CertificateView.TryRead(both.Credentials["gw"].Chain[0], out _)!.Subject;
        foreach (var right in new[] { Name, Identity.Fqdn("GW.example.ORG"), Identity.Email("gw@example.org"), Identity.Address(IPAddress.Parse("2001:db8::1")), new Identity(IdentificationType.DistinguishedName, subject) })
            Assert.Null(Prove(right));
        // The same name in another string type and another case (RFC 5280 §7.1).
        Assert.Null(Prove(new Identity(IdentificationType.DistinguishedName, new System.Security.Cryptography.X509Certificates.X500DistinguishedName("CN=GW, O=example  org, C=DE").RawData)));
        foreach (var wrong in new[]
        {
            Identity.Fqdn("gw"), Identity.Fqdn(""), Identity.Fqdn("*.example.org"), Identity.Fqdn("gw.example.org\0.evil.org"), Identity.Email("gw.example.org"), Identity.Fqdn("gw@example.org"),
            Identity.Address(IPAddress.Parse("192.0.2.2")), new Identity(IdentificationType.Ipv4Address, []), new Identity(IdentificationType.KeyId, [1]),
            new Identity(IdentificationType.DistinguishedName, [0x30, 0]), new Identity(IdentificationType.DistinguishedName, [.. subject[..^1], (byte)'x']),
        })
            Assert.Contains("does not speak for", Prove(wrong), StringComparison.Ordinal);
        Assert.Null(both.IdentityProblem("gw", Name));
        Assert.Contains("does not speak for", both.IdentityProblem("gw", Identity.Fqdn("other")), StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Rfc4301_4_4_3_EachPeerHasItsOwnAuthorities()
    {
        OpenSsl.SkipWithout();
        rig.Pki.Root("root");
        rig.Pki.Root("other");
        rig.Pki.Issue("gw", "root");
        using var both = rig.Load(new CredentialSources { Credentials = [rig.Source("gw")], Authorities = [rig.Authority("root"), rig.Authority("other")] });
        Assert.Null(CredentialRig.Prove(both, "gw", both, ["root", "other"], Name));
        Assert.Contains("neither an authority that this peer may use", CredentialRig.Prove(both, "gw", both, ["other"], Name), StringComparison.Ordinal);
        Assert.Contains("no authority", CredentialRig.Prove(both, "gw", both, [], Name), StringComparison.Ordinal);
        Assert.Contains("'gone'", CredentialRig.Prove(both, "gw", both, ["root", "gone"], Name), StringComparison.Ordinal);
    }

    [SkippableFact]
    public void RevokedAndExpiredAreRefused_AlsoWhenTheyWereGoodBefore()
    {
        OpenSsl.SkipWithout();
        rig.Pki.Root("root");
        rig.Pki.Issue("gw", "root");
        rig.Pki.Revoke("root", []);
        var sources = new CredentialSources { Credentials = [rig.Source("gw")], Authorities = [rig.Authority("root")], RevocationLists = [rig.PathOf("root.crl")] };
        using var before = rig.Load(sources);
        Assert.Null(CredentialRig.Prove(before, "gw", before, ["root"], Name));
        // The answer is kept for a minute, but no longer than the list lives.
        rig.Now = rig.Pki.Ends("root.crl").AddSeconds(-30);
        Assert.Null(CredentialRig.Prove(before, "gw", before, ["root"], Name));
        rig.Now = rig.Now.AddSeconds(31);
        Assert.Contains("revocation list of 'CN=root, O=Example' expired", CredentialRig.Prove(before, "gw", before, ["root"], Name), StringComparison.Ordinal);
        rig.Now = rig.Now.AddDays(30);
        Assert.Contains("expired at", CredentialRig.Prove(before, "gw", before, ["root"], Name), StringComparison.Ordinal);
        rig.Now = DateTimeOffset.UtcNow.AddMinutes(10);
        rig.Pki.Revoke("root", ["gw"]);
        using var after = rig.Load(sources with { RevocationLists = [rig.PathOf("root.crl.der")] });
        Assert.Contains("is revoked by", CredentialRig.Prove(after, "gw", after, ["root"], Name), StringComparison.Ordinal);
        rig.Now = rig.Now.AddDays(2);
        Assert.NotNull(rig.Load(sources, out var problems));
        Assert.Contains(problems, p => p.IsWarning && p.Message.Contains("this revocation list expired", StringComparison.Ordinal));
    }

    [SkippableFact]
    public void Rfc7427_4_APeerWithoutHashesIsAnsweredInTheOldWay()
    {
        OpenSsl.SkipWithout();
        rig.Pki.Root("root");
        rig.Pki.Issue("gw", "root");
        rig.Pki.Issue("rsa", "root", key: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]);
        rig.Pki.Issue("ed", "root", key: ["-algorithm", "ED25519"]);
        using var both = rig.Load(new CredentialSources { Credentials = [rig.Source("gw"), rig.Source("rsa"), rig.Source("ed")], Authorities = [rig.Authority("root")] });
        Assert.Equal(AuthenticationMethod.EcdsaSha256, both.Sign(new MakeSignature(1, "gw", CredentialRig.Octets, [])).Method);
        Assert.Null(CredentialRig.Prove(both, "gw", both, ["root"], Name, []));
        Assert.Equal(AuthenticationMethod.RsaDigitalSignature, both.Sign(new MakeSignature(1, "rsa", CredentialRig.Octets, [])).Method);
        Assert.Null(CredentialRig.Prove(both, "rsa", both, ["root"], Name, []));
        Assert.Contains("RFC 7427", both.Sign(new MakeSignature(1, "ed", CredentialRig.Octets, [])).Problem, StringComparison.Ordinal);
        Assert.Contains("no credential 'none'", both.Sign(new MakeSignature(1, "none", CredentialRig.Octets, CredentialRig.Hashes)).Problem, StringComparison.Ordinal);
        both.Dispose();
        Assert.Null(both.Sign(new MakeSignature(1, "gw", CredentialRig.Octets, CredentialRig.Hashes)).Data);
    }

    [SkippableFact]
    public void ManyThreadsSignAndVerifyAtOnce_AndTheCacheIsBounded()
    {
        OpenSsl.SkipWithout();
        rig.Pki.Root("root");
        rig.Pki.Issue("gw", "root");
        using var both = rig.Load(new CredentialSources { Credentials = [rig.Source("gw")], Authorities = [rig.Authority("root")] });
        Parallel.For(0, 300, _ => Assert.Null(CredentialRig.Prove(both, "gw", both, ["root"], Name)));
        var cache = new ChainCache(capacity: 10);
        for (var i = 0; i < 1000; i++) cache.Add($"{i % 40}", new ChainResult(null, null, null, rig.Now.AddDays(1)), rig.Now);
        Assert.InRange(cache.Count, 1, 10);
        Assert.NotNull(cache.Find("39", rig.Now.AddSeconds(59)));
        Assert.Null(cache.Find("39", rig.Now.AddSeconds(60)));
        Assert.Null(cache.Find("39", rig.Now.AddSeconds(-1)));
        Assert.NotEqual(ChainCache.KeyOf("a", [[1, 2], [3]]), ChainCache.KeyOf("a", [[1], [2, 3]]));
    }
}
