using System.Text.Json.Nodes;
using Appliance.Crypto.Tests;

namespace Appliance.CliTests;

/// <summary>appliance pki …, with openssl as the judge of what it makes.</summary>
public sealed class PkiTests : IDisposable
{
    private readonly LabRig rig = new();
    private readonly OpenSsl openssl = new();

    public static TheoryData<string, string> Kinds => new() { { "p256", "id-ecPublicKey" }, { "p384", "secp384r1" }, { "p521", "secp521r1" }, { "rsa3072", "3072 bit" } };

    private string Ca => openssl.PathOf("pki");

    public void Dispose()
    {
        openssl.Dispose();
        rig.Dispose();
    }

    [SkippableTheory]
    [MemberData(nameof(Kinds))]
    public void WhatIsIssuedVerifies_UntilItIsRevoked(string kind, string text)
    {
        OpenSsl.SkipWithout();
        Done("init", Ca, "--name", "Example CA", "--key", kind);
        Done("issue", "gw-a", "--ca", Ca, "--key", kind, "--san", "dns:gw-a.example.org", "--san", "ip:192.0.2.1", "--san", "ip:2001:db8::1", "--san", "email:a@example.org");
        Done("issue", "gw-b", "--ca", Ca);
        var shown = openssl.Run("x509", "-in", "pki/gw-a.crt", "-noout", "-text");
        foreach (var part in new[] { text, "CN = Example CA", "CA:FALSE", "Digital Signature", "DNS:gw-a.example.org, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1, email:a@example.org", "ipsec Internet Key Exchange" })
            Assert.Contains(part, shown, StringComparison.Ordinal);
        Assert.Equal((0, 0), (Verify("gw-a"), Verify("gw-b")));
        Assert.Equal(openssl.Run("pkey", "-in", "pki/gw-a.key", "-pubout"), openssl.Run("x509", "-in", "pki/gw-a.crt", "-noout", "-pubkey"));
        Assert.Single(JsonNode.Parse(Done("revoke", "gw-b", "--ca", Ca, "--json"))!["revoked"]!.AsArray());
        Assert.Equal((0, 2), (Verify("gw-a"), Verify("gw-b")));
        // A new list, with nothing more in it, keeps what was revoked.
        Done("revoke", "--ca", Ca, "--crl-days", "7");
        Assert.Equal((0, 2), (Verify("gw-a"), Verify("gw-b")));
        Done("revoke", Path.Combine(Ca, "gw-a.crt"), "--ca", Ca);
        Assert.Equal((2, 2), (Verify("gw-a"), Verify("gw-b")));
        Assert.Contains("CRL Number: \n                4", openssl.Run("crl", "-in", "pki/ca.crl", "-noout", "-text"), StringComparison.Ordinal);
    }

    [SkippableFact]
    public void KeysAreForTheirOwnerAlone_AndNothingIsOverwritten()
    {
        OpenSsl.SkipWithout();
        Done("init", Ca);
        Done("issue", "gw-a", "--ca", Ca);
        if (!OperatingSystem.IsWindows())
        {
            foreach (var key in new[] { "ca.key", "gw-a.key" }) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(Ca, key)));
        }

        var before = Directory.GetFiles(Ca).ToDictionary(f => f, File.ReadAllText);
        Refused("is there already", "init", Ca);
        Refused("is there already", "issue", "gw-a", "--ca", Ca);
        Assert.Equal(before, Directory.GetFiles(Ca).ToDictionary(f => f, File.ReadAllText));
        Done("issue", "gw-a", "--ca", Ca, "--force");
        Assert.NotEqual(before[Path.Combine(Ca, "gw-a.key")], File.ReadAllText(Path.Combine(Ca, "gw-a.key")));
        // Both that were issued under the name.
        Assert.Equal(2, JsonNode.Parse(Done("revoke", "gw-a", "--ca", Ca, "--json"))!["revoked"]!.AsArray().Count);
    }

    [SkippableFact]
    public void FilesAreNamed_ForPeopleAndPrograms()
    {
        OpenSsl.SkipWithout();
        var (init, output) = (JsonNode.Parse(Done("init", Ca, "--json"))!, openssl.PathOf("out"));
        Assert.Equal(Path.Combine(Ca, "ca.crl"), (string?)init["files"]!["revocation_list"]);
        var issued = JsonNode.Parse(Done("issue", "gw-a", "--ca", Ca, "--out", output, "--days", "9999", "--json"))!;
        Assert.Equal(("CN=gw-a", "p256", "dns:gw-a"), ((string?)issued["subject"], (string?)issued["key"], (string?)issued["names"]![0]));
        // Nothing outlives its authority.
        Assert.Equal((string?)init["not_after"], (string?)issued["not_after"]);
        Assert.True(File.Exists((string)issued["files"]!["private_key"]!));
        var table = Done("issue", "gw-b", "--ca", Ca, "--out", output);
        Assert.Contains("certificate ", table, StringComparison.Ordinal);
        Assert.DoesNotContain(table.Split('\n'), l => l.Length > 80);
    }

    [SkippableFact]
    public void BadInputIsRefused_AndMakesNothing()
    {
        OpenSsl.SkipWithout();
        Done("init", Ca);
        var before = Directory.GetFiles(Ca).Order();
        Refused("is no name", "issue", "../gw", "--ca", Ca);
        Refused("is no name for a certificate", "issue", "gw", "--ca", Ca, "--san", "dns:*.example.org");
        Refused("is no name for a certificate", "issue", "gw", "--ca", Ca, "--san", "ip:192.0.2.999");
        Refused("is no name for a certificate", "issue", "gw", "--ca", Ca, "--san", "gw.example.org");
        Refused("p256", "issue", "gw", "--ca", Ca, "--key", "dsa");
        Refused("takes 1 to", "issue", "gw", "--ca", Ca, "--days", "0");
        Refused("there is no authority", "issue", "gw", "--ca", openssl.PathOf("none"));
        Refused("there is no such certificate", "revoke", "gw", "--ca", Ca);
        openssl.Run("req", "-x509", "-newkey", "rsa:2048", "-noenc", "-keyout", "o.key", "-out", "o.crt", "-subj", "/CN=other");
        Refused("another authority's", "revoke", openssl.PathOf("o.crt"), "--ca", Ca);
        Assert.Equal(before, Directory.GetFiles(Ca).Where(f => !f.EndsWith("issued.jsonl", StringComparison.Ordinal)).Order());
    }

    private int Verify(string name)
    {
        File.WriteAllText(openssl.PathOf("all.pem"), File.ReadAllText(Path.Combine(Ca, "ca.crt")) + File.ReadAllText(Path.Combine(Ca, "ca.crl")));
        return openssl.Try("verify", "-x509_strict", "-crl_check", "-no-CApath", "-CAfile", "all.pem", $"pki/{name}.crt").ExitCode;
    }

    private string Done(params string[] arguments)
    {
        var (code, output, error) = rig.Run(["pki", .. arguments]);
        Assert.True(code == 0, output + error);
        return output;
    }

    private void Refused(string text, params string[] arguments)
    {
        var (code, output, error) = rig.Run(["pki", .. arguments]);
        Assert.True(code == 2, $"{code} {output}{error}");
        Assert.Contains(text, error, StringComparison.Ordinal);
    }
}
