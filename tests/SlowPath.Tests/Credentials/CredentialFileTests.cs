using Appliance.Crypto;
using Appliance.Crypto.Tests;
using Appliance.SlowPath.Credentials;

namespace Appliance.SlowPath.Tests;

/// <summary>Files that are wrong: which one, what, and what to do.</summary>
public sealed class CredentialFileTests : IDisposable
{
    private readonly CredentialRig rig = new();

    public void Dispose() => rig.Dispose();

    [SkippableFact]
    public void EveryWrongFileIsNamed()
    {
        OpenSsl.SkipWithout();
        var ssl = rig.Pki.OpenSsl;
        rig.Pki.Root("root");
        rig.Pki.Issue("gw", "root");
        rig.Pki.Issue("other", "root");
        ssl.Run("pkcs8", "-topk8", "-in", "gw.key", "-passout", "pass:x", "-out", "locked.key");
        ssl.Write("empty", "");
        ssl.Write("broken", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        ssl.Write("long", new byte[PemFile.Longest + 1]);
        ssl.Write("torn.key", File.ReadAllText(rig.PathOf("gw.key")).Replace("M", "N", StringComparison.Ordinal));
        (string Certificate, string Key, string File, string Text)[] wrong =
        [
            ("none.crt", "gw.key", "none.crt", "there is no such file"), ("gw.crt", "none.key", "none.key", "there is no such file"), ("empty", "gw.key", "empty", "no certificate in PEM"),
            ("broken", "gw.key", "broken", "not DER"), ("long", "gw.key", "long", "longer than 1048576 octets"), ("gw.crt", "empty", "empty", "no private key in PEM"),
            ("gw.crt", "locked.key", "locked.key", "is encrypted"), ("gw.crt", "torn.key", "torn.key", "damaged"), ("gw.crt", "other.key", "gw.crt", "not the one of the private key"),
            ("gw.crt", "gw.crt", "gw.crt", "no private key in PEM"),
        ];
        foreach (var (certificate, key, file, text) in wrong)
        {
            Assert.Null(rig.Load(new CredentialSources { Credentials = [new CredentialSource("gw", rig.PathOf(certificate), rig.PathOf(key))] }, out var problems));
            Assert.True(problems.Any(p => p.File == rig.PathOf(file) && p.Message.Contains(text, StringComparison.Ordinal) && p.Hint.Length > 0), $"{file} {text}: {string.Join('\n', problems)}");
        }

        (string File, string Text)[] authorities = [("gw.crt", "signed by somebody else"), ("gw.key", "no certificate"), ("none", "no such file")];
        foreach (var (file, text) in authorities)
        {
            Assert.Null(rig.Load(new CredentialSources { Authorities = [new AuthoritySource("a", rig.PathOf(file))] }, out var problems));
            Assert.Contains(text, Assert.Single(problems).Message, StringComparison.Ordinal);
        }

        (string File, string Text)[] lists = [("gw.crt", "no revocation list"), ("empty", "no revocation list"), ("gw.p8", "not DER"), ("none", "no such file")];
        foreach (var (file, text) in lists)
        {
            Assert.Null(rig.Load(new CredentialSources { RevocationLists = [rig.PathOf(file)] }, out var problems));
            Assert.Contains(text, Assert.Single(problems).Message, StringComparison.Ordinal);
        }
    }

    [SkippableFact]
    public void OlderFormsOfKeysAreRead()
    {
        OpenSsl.SkipWithout();
        var ssl = rig.Pki.OpenSsl;
        rig.Pki.Root("root");
        rig.Pki.Issue("gw", "root");
        rig.Pki.Issue("rsa", "root", key: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]);
        ssl.Run("ec", "-in", "gw.key", "-out", "gw-sec1.key");
        ssl.Run("rsa", "-in", "rsa.key", "-traditional", "-out", "rsa-pkcs1.key");
        ssl.Write("with-parameters.key", "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + File.ReadAllText(rig.PathOf("gw-sec1.key")));
        using var store = rig.Load(new CredentialSources
        {
            Credentials =
            [
                new("a", rig.PathOf("gw.crt"), rig.PathOf("gw-sec1.key")), new("b", rig.PathOf("rsa.crt"), rig.PathOf("rsa-pkcs1.key")), new("c", rig.PathOf("gw.crt"), rig.PathOf("with-parameters.key")),
            ],
        });
        Assert.Equal((SignatureKeyKind.EcdsaP256, SignatureKeyKind.Rsa, SignatureKeyKind.EcdsaP256), (store.Credentials["a"].Key, store.Credentials["b"].Key, store.Credentials["c"].Key));
    }

    [SkippableFact]
    public void WhatWorksButShouldNotBeSoIsAWarning()
    {
        OpenSsl.SkipWithout();
        rig.Pki.Root("root");
        rig.Pki.Issue("gw", "root");
        rig.Pki.Issue("bare", "root", "basicConstraints=critical,CA:FALSE\n");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(rig.PathOf("gw.key"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        rig.Now = rig.Now.AddDays(25);
        using var store = rig.Load(new CredentialSources { Credentials = [rig.Source("gw"), rig.Source("bare")], Authorities = [rig.Authority("root")] }, out var problems);
        Assert.NotNull(store);
        Assert.All(problems, p => Assert.True(p.IsWarning));
        foreach (var text in new[] { "others may read or write this private key", "'CN=gw, O=Example' expired at", "no name in subjectAltName" })
            Assert.Contains(problems, p => p.Message.Contains(text, StringComparison.Ordinal));
        Assert.DoesNotContain(problems, p => p.File == rig.PathOf("root.crt"));
    }
}
