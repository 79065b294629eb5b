namespace Appliance.Crypto.Tests;

/// <summary>Revocation lists made by openssl.</summary>
public sealed class RevocationTests : IDisposable
{
    // Later than what openssl makes while the tests run.
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow.AddMinutes(10);
    private readonly OpenSslPki pki = new();

    public void Dispose() => pki.Dispose();

    [SkippableTheory]
    [MemberData(nameof(ChainTests.Keys), MemberType = typeof(ChainTests))]
    public void Rfc5280_5_RevokedIsRefused_TheOthersAreNot(string kind, string[] key)
    {
        OpenSsl.SkipWithout();
        var (root, good, bad) = (pki.Root("root", key), pki.Issue("good", "root"), pki.Issue("bad", "root"));
        // Ed25519 takes no digest of its own.
        var list = Read(pki.Revoke("root", ["bad"], "", kind == "Ed25519" ? ["-md", "null"] : []));
        Assert.Equal(1, list.Count);
        using var validator = new ChainValidator([root], new Revocation([list]));
        var result = validator.Validate([good], Now);
        Assert.Null(result.Problem);
        Assert.InRange(result.Expires, Now.AddHours(23), Now.AddHours(25));
        Assert.Contains("serial 1002, is revoked by 'CN=root, O=Example'", validator.Validate([bad], Now).Problem, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void Rfc5280_5_1_2_5_AListThatEndedSaysNothing()
    {
        OpenSsl.SkipWithout();
        var (root, gw) = (pki.Root("root"), pki.Issue("gw", "root"));
        using var validator = new ChainValidator([root], new Revocation([Read(pki.Revoke("root", []))]));
        Assert.Contains("revocation list of 'CN=root, O=Example' expired", validator.Validate([gw], Now.AddDays(2)).Problem, StringComparison.Ordinal);
        using var early = new ChainValidator([root], new Revocation([Read(pki.Revoke("root", [], "", "-crl_lastupdate", "20991201000000Z", "-crl_nextupdate", "20991231000000Z"))]));
        Assert.Contains("is made at 2099", early.Validate([gw], Now).Problem, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void EveryIssuerNeedsAListOfItsOwn_SignedByItself()
    {
        OpenSsl.SkipWithout();
        var (root, middle, gw) = (pki.Root("root"), pki.Issue("middle", "root", OpenSslPki.Authority), pki.Issue("gw", "middle"));
        var (ofRoot, ofMiddle) = (Read(pki.Revoke("root", [])), Read(pki.Revoke("middle", [])));
        Assert.Contains("no revocation list of 'CN=middle", Problem(root, [gw, middle], ofRoot), StringComparison.Ordinal);
        Assert.Contains("no revocation list of 'CN=root", Problem(root, [gw, middle], ofMiddle), StringComparison.Ordinal);
        Assert.Null(Problem(root, [gw, middle], ofRoot, ofMiddle));
        Assert.Contains("is revoked by 'CN=root", Problem(root, [gw, middle], Read(pki.Revoke("root", ["middle"])), ofMiddle), StringComparison.Ordinal);
        // The same name, another key.
        pki.Root("twin", subject: "/O=Example/CN=root");
        Assert.Contains("not signed by its key", Problem(root, [gw, middle], Read(pki.Revoke("twin", [])), ofMiddle), StringComparison.Ordinal);
        var forged = pki.Revoke("root", []);
        forged[^4] ^= 1;
        Assert.Contains("not signed by its key", Problem(root, [gw, middle], Read(forged), ofMiddle), StringComparison.Ordinal);
        var mute = pki.Root("mute", extensions: "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n");
        Assert.Contains("no cRLSign", Problem(mute, [pki.Issue("under", "mute")], Read(pki.Revoke("mute", []))), StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("2.5.29.27=critical,ASN1:INTEGER:1", "delta")]
    [InlineData("2.5.29.27=ASN1:INTEGER:1", "delta")]
    [InlineData("issuingDistributionPoint=critical,@i\n[i]\nindirectCRL=TRUE", "issuingDistributionPoint")]
    [InlineData("1.2.3.4=critical,ASN1:NULL", "critical extension 1.2.3.4")]
    public void Rfc5280_5_2_ListsThatAreNotWholeAreRefused(string extensions, string text)
    {
        OpenSsl.SkipWithout();
        pki.Root("root");
        Assert.Null(RevocationList.TryRead(pki.Revoke("root", [], extensions), out var problem));
        Assert.Contains(text, problem, StringComparison.Ordinal);
    }

    [SkippableFact]
    public void DamagedListsAreRefused()
    {
        OpenSsl.SkipWithout();
        pki.Root("root");
        pki.Issue("gw", "root");
        var der = pki.Revoke("root", ["gw"]);
        for (var length = 0; length < der.Length; length++) Assert.Null(RevocationList.TryRead(der.AsSpan(0, length), out _));
        Assert.Null(RevocationList.TryRead([.. der, 0], out _));
        Assert.Null(RevocationList.TryRead(new byte[RevocationList.Longest + 1], out var problem));
        Assert.Contains("octets", problem, StringComparison.Ordinal);
        var list = Read(der);
        Assert.True(list.Contains([0x10, 0x01]));
        Assert.False(list.Contains([0x10, 0x02]));
        Assert.True(list.Contains(new byte[21]));
    }

    private static RevocationList Read(byte[] der)
    {
        var list = RevocationList.TryRead(der, out var problem);
        Assert.True(list is not null, problem);
        return list;
    }

    private static string? Problem(byte[] root, byte[][] chain, params RevocationList[] lists)
    {
        using var validator = new ChainValidator([root], new Revocation(lists));
        return validator.Validate(chain, Now).Problem;
    }
}
