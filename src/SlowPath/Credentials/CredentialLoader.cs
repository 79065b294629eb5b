using System.Security.Cryptography;
using Appliance.Crypto;
using Appliance.Ike;

namespace Appliance.SlowPath.Credentials;

/// <summary>One of our credentials, loaded.</summary>
internal sealed record LoadedCredential(CredentialFacts Facts, CertificateView Certificate, SigningKey Key);

/// <summary>From files to credentials, trust anchors and revocation lists. Collects all problems.</summary>
internal sealed class CredentialLoader(DateTimeOffset now, List<CredentialProblem> problems)
{
    private const int MostAnchors = 256;

    /// <summary>A certificate chain with its key; null with problems.</summary>
    public LoadedCredential? Credential(CredentialSource source)
    {
        var chain = Certificates(source.CertificateFile);
        var key = PrivateKeyFile.Read(source.PrivateKeyFile, problems);
        if (chain is not null && key is not null && Join(source, chain, key) is { } credential) return credential;
        key?.Dispose();
        return null;
    }

    /// <summary>Root certificates of a file; null with problems.</summary>
    public List<byte[]>? Anchors(AuthoritySource source)
    {
        var anchors = Certificates(source.File);
        if (anchors is null) return null;
        if (anchors.Count > MostAnchors) return Wrong<List<byte[]>>(source.File, $"{anchors.Count} authorities", $"at most {MostAnchors} in a file");
        foreach (var anchor in anchors)
        {
            if (ChainValidator.AnchorProblem(anchor) is { } problem)
                return Wrong<List<byte[]>>(source.File, $"no trust anchor: {problem}", "name the root CA's certificate; intermediate ones belong into the gateways' own chain files");
            CheckTimes(source.File, CertificateView.TryRead(anchor, out _)!);
        }

        return anchors;
    }

    /// <summary>A revocation list; null with problems.</summary>
    public RevocationList? RevocationList(string file)
    {
        const string hint = "name a certificate revocation list (PEM or DER): appliance pki revoke writes ca.crl, or openssl ca -gencrl";
        // PEM needs four octets for three.
        if (PemFile.Read(file, Crypto.RevocationList.Longest / 2 * 3, out var problem) is not { } octets) return Wrong<RevocationList>(file, $"cannot be read: {problem}", hint);
        var blocks = octets.AsSpan().StartsWith("-----"u8) || octets.Length == 0 || octets[0] != 0x30 ? PemFile.Blocks(octets)?.FindAll(b => b.Label == "X509 CRL") : [("", octets)];
        if (blocks is not [var block]) return Wrong<RevocationList>(file, blocks is { Count: > 1 } ? "more than one revocation list" : "there is no revocation list in it", hint);
        if (Crypto.RevocationList.TryRead(block.Der, out problem) is not { } list) return Wrong<RevocationList>(file, problem, hint);
        // Not an error: the gateway must start, and what the list's issuer issued is refused until there is a new one.
        if (list.NextUpdate <= now)
            problems.Add(new CredentialProblem(file, $"this revocation list expired at {list.NextUpdate:u}: certificates of '{DistinguishedName.Text(list.Issuer)}' are refused", "fetch a new one", IsWarning: true));
        return list;
    }

    private LoadedCredential? Join(CredentialSource source, List<byte[]> chain, SigningKey key)
    {
        var file = source.CertificateFile;
        if (chain.Count > ChainValidator.MostCertificates) return Wrong<LoadedCredential>(file, $"{chain.Count} certificates", $"at most {ChainValidator.MostCertificates}: ours and the intermediate ones");
        if (CertificateView.TryRead(chain[0], out var problem) is not { } view) return Wrong<LoadedCredential>(file, problem, "issue it anew: appliance pki issue");
        using var ours = VerifyingKey.TryRead(view.PublicKey, out problem);
        if (ours is null) return Wrong<LoadedCredential>(file, $"our certificate has {problem}", "issue it anew: appliance pki issue");
        if (!ours.SubjectPublicKeyInfo.SequenceEqual(key.PublicKey()))
            return Wrong<LoadedCredential>(file, $"the first certificate ('{view.Name}') is not the one of the private key {source.PrivateKeyFile}", "put our own certificate first, or name the right key");
        if (!view.MaySign) return Wrong<LoadedCredential>(file, "our certificate may not sign: its key usage has no digitalSignature", "issue it anew: appliance pki issue");
        CheckTimes(file, view);
        if (view.DnsNames.Count + view.Emails.Count + view.Addresses.Count == 0)
            problems.Add(new CredentialProblem(file, "our certificate has no name in subjectAltName: it speaks for its distinguished name alone", "issue it with --san dns:NAME", IsWarning: true));
        return new LoadedCredential(new CredentialFacts([chain[0], .. chain.Skip(1).Where(c => !IsRoot(c))], key.Kind), view, key);
    }

    private static bool IsRoot(byte[] certificate) => CertificateView.TryRead(certificate, out _) is { } view && DistinguishedName.Same(view.Subject, view.Issuer);

    private List<byte[]>? Certificates(string file)
    {
        const string hint = "name a PEM file with certificates";
        if (PemFile.Read(file, PemFile.Longest, out var problem) is not { } octets) return Wrong<List<byte[]>>(file, $"cannot be read: {problem}", hint);
        var blocks = PemFile.Blocks(octets);
        // Somebody may have put the key into the same file.
        CryptographicOperations.ZeroMemory(octets);
        var certificates = (blocks ?? []).Where(b => b.Label is "CERTIFICATE" or "X509 CERTIFICATE").Select(b => b.Der.ToArray()).ToList();
        PemFile.Wipe(blocks);
        if (certificates.Count == 0) return Wrong<List<byte[]>>(file, blocks is null ? "the PEM is damaged" : "there is no certificate in PEM", hint);
        foreach (var certificate in certificates)
        {
            if (CertificateView.TryRead(certificate, out problem) is null) return Wrong<List<byte[]>>(file, $"this is {problem}", hint);
        }

        return certificates;
    }

    private void CheckTimes(string file, CertificateView view)
    {
        if (now < view.NotBefore) problems.Add(new CredentialProblem(file, $"'{view.Name}' is valid from {view.NotBefore:u}", "set this machine's clock", IsWarning: true));
        else if (now > view.NotAfter) problems.Add(new CredentialProblem(file, $"'{view.Name}' expired at {view.NotAfter:u}", "issue it anew", IsWarning: true));
    }

    private T? Wrong<T>(string file, string message, string hint)
        where T : class
    {
        problems.Add(new CredentialProblem(file, message, hint));
        return null;
    }
}
