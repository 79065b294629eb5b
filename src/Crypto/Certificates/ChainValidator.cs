using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Appliance.Crypto;

/// <summary>
/// Checks a peer's certificates under given trust anchors, without network or the machine's own roots. In this order: number and size; the first certificate's key and usages;
/// the chain by the BCL (signatures, times, basic and name constraints, key usage, unknown critical extensions: RFC 5280 §6); algorithms and keys of all below the anchor;
/// revocation lists. Any thread may call.
/// </summary>
public sealed class ChainValidator : IDisposable
{
    /// <summary>Certificates that are looked at: more are refused unread.</summary>
    public const int MostCertificates = 8;

    /// <summary>Octets of all certificates together.</summary>
    public const int MostOctets = 48 * 1024;

    private readonly X509Certificate2[] anchors;
    private readonly Revocation revocation;

    /// <summary>A validator.</summary>
    /// <param name="anchors">DER of trust anchors: self-signed certificates, each checked with <see cref="AnchorProblem"/>. A peer's own self-signed certificate pins that peer.</param>
    /// <param name="revocation">Revocation lists. With any of them, every issuer in a chain needs one that is current.</param>
    public ChainValidator(IEnumerable<byte[]> anchors, Revocation revocation)
    {
        this.anchors = [.. anchors.Select(a => X509CertificateLoader.LoadCertificate(a))];
        this.revocation = revocation;
    }

    /// <summary>Why a certificate cannot be a trust anchor; null when it can.</summary>
    public static string? AnchorProblem(ReadOnlySpan<byte> der)
    {
        if (CertificateView.TryRead(der, out var problem) is not { } view) return problem;
        if (!DistinguishedName.Same(view.Subject, view.Issuer)) return $"the certificate of '{view.Name}' is signed by somebody else: a trust anchor is a root that signed itself";
        if (VerifyingKey.TryRead(view.PublicKey, out problem) is not { } key) return problem;
        key.Dispose();
        try
        {
            X509CertificateLoader.LoadCertificate(der).Dispose();
            return null;
        }
        catch (CryptographicException)
        {
            return "a certificate that is damaged";
        }
    }

    /// <summary>Checks certificates, the peer's own first (RFC 7296 §3.6).</summary>
    public ChainResult Validate(IReadOnlyList<byte[]> certificates, DateTimeOffset now)
    {
        if (certificates.Count == 0) return ChainResult.Refused("the peer sent no certificate");
        if (certificates.Count > MostCertificates) return ChainResult.Refused($"the peer sent {certificates.Count} certificates; {MostCertificates} are accepted");
        var octets = certificates.Sum(c => (long)c.Length);
        if (octets > MostOctets) return ChainResult.Refused($"the peer's certificates have {octets} octets; {MostOctets} are accepted");
        var views = new List<CertificateView>();
        foreach (var der in certificates)
        {
            if (CertificateView.TryRead(der, out var unreadable) is not { } view) return ChainResult.Refused($"the peer sent {unreadable}");
            views.Add(view);
        }

        if (VerifyingKey.TryRead(views[0].PublicKey, out var problem) is not { } key) return ChainResult.Refused($"the certificate of '{views[0].Name}' has {problem}");
        var loaded = new List<X509Certificate2>();
        try
        {
            if (UsageProblem(views[0], certificates[0]) is { } usage) return Refuse(key, usage);
            foreach (var der in certificates) loaded.Add(X509CertificateLoader.LoadCertificate(der));
            var expires = DateTimeOffset.MaxValue;
            return Build(loaded, now, ref expires) is { } refused ? Refuse(key, refused) : new ChainResult(null, views[0], key, expires);
        }
        catch (CryptographicException)
        {
            return Refuse(key, "one of the peer's certificates is damaged");
        }
        finally
        {
            foreach (var certificate in loaded) certificate.Dispose();
        }
    }

    /// <summary>Releases the anchors.</summary>
    public void Dispose()
    {
        foreach (var anchor in anchors) anchor.Dispose();
    }

    private static ChainResult Refuse(VerifyingKey key, string problem)
    {
        key.Dispose();
        return ChainResult.Refused(problem);
    }

    private string? UsageProblem(CertificateView view, byte[] der)
    {
        if (view.IsAuthority && !IsAnchor(der)) return $"the certificate of '{view.Name}' is a CA's, which does not speak for a gateway: issue one for the gateway";
        if (!view.MaySign) return $"the certificate of '{view.Name}' may not sign: its key usage has neither digitalSignature nor nonRepudiation (RFC 4945 §5.1.3.2)";
        if (!view.IsForIke) return $"the certificate of '{view.Name}' is not for IKE: its extended key usage has none of serverAuth, clientAuth, ipsecIKE (RFC 4945 §5.1.3.12)";
        return null;
    }

    private bool IsAnchor(byte[] der) => anchors.Any(a => a.RawDataMemory.Span.SequenceEqual(der));

    private string? Build(List<X509Certificate2> loaded, DateTimeOffset now, ref DateTimeOffset expires)
    {
        using var chain = new X509Chain();
        var policy = chain.ChainPolicy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(anchors);
        policy.ExtraStore.AddRange(loaded.Skip(1).ToArray());
        // Neither lists nor issuers are fetched: our own check of revocation follows.
        policy.RevocationMode = X509RevocationMode.NoCheck;
        policy.DisableCertificateDownloads = true;
        policy.VerificationTime = now.LocalDateTime;
        policy.VerificationTimeIgnored = false;
        try
        {
            if (!chain.Build(loaded[0])) return ChainProblems.Describe(chain, anchors, now);
            var elements = chain.ChainElements.Select(e => e.Certificate).ToList();
            // Said twice, for this is what all rests on: the last one is an anchor of ours.
            if (!IsAnchor(elements[^1].RawData)) return ChainProblems.Untrusted(elements[^1], anchors);
            return Below(elements, now, ref expires);
        }
        finally
        {
            foreach (var element in chain.ChainElements) element.Certificate.Dispose();
        }
    }

    // What the BCL does not look at: hashes and lengths of keys, and revocation.
    private string? Below(List<X509Certificate2> elements, DateTimeOffset now, ref DateTimeOffset expires)
    {
        var views = new List<CertificateView>();
        foreach (var element in elements)
        {
            if (CertificateView.TryRead(element.RawData, out var problem) is not { } view) return problem;
            views.Add(view);
            if (element.NotAfter < expires) expires = element.NotAfter;
        }

        for (var i = 0; i < views.Count - 1; i++)
        {
            if (!AlgorithmIdentifier.TryRead(views[i].SignatureAlgorithm, out _, out var problem)) return $"the certificate of '{views[i].Name}' has {problem}";
            if (VerifyingKey.TryRead(views[i + 1].PublicKey, out problem) is not { } issuer) return $"the certificate of '{views[i + 1].Name}' has {problem}";
            using (issuer)
            {
                if (revocation.Problem(views[i], views[i + 1], issuer, now, ref expires) is { } revoked) return revoked;
            }
        }

        return null;
    }
}
