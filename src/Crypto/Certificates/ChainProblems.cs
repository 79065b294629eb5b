using System.Security.Cryptography.X509Certificates;

namespace Appliance.Crypto;

/// <summary>What the BCL found wrong with a chain, in words for an operator.</summary>
internal static class ChainProblems
{
    /// <summary>The gravest problem, with the certificate that has it.</summary>
    public static string Describe(X509Chain chain, X509Certificate2[] anchors, DateTimeOffset now)
    {
        // Who is not trusted can say anything about times and constraints: so trust first.
        var last = chain.ChainElements.LastOrDefault();
        var all = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (flags, s) => flags | s.Status);
        if (last is null) return "no chain can be built from the peer's certificates";
        if ((all & X509ChainStatusFlags.NotSignatureValid) == 0 && (all & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain)) != 0) return Untrusted(last.Certificate, anchors);
        foreach (var element in chain.ChainElements)
        {
            foreach (var status in element.ChainElementStatus)
            {
                if (Text(status, element.Certificate, now) is { } text) return text;
            }
        }

        return $"the BCL refuses the chain: {string.Join(", ", chain.ChainStatus.Select(s => s.Status))}";
    }

    /// <summary>The chain ends at somebody whom we do not trust.</summary>
    public static string Untrusted(X509Certificate2 last, X509Certificate2[] anchors)
    {
        var (subject, issuer) = (Name(last), DistinguishedName.Text(last.IssuerName.RawData));
        // A CA of the same name and another key: made anew, or somebody's who hopes that names are enough.
        if (anchors.Any(a => DistinguishedName.Same(a.SubjectName.RawData, last.IssuerName.RawData))) return $"the certificate of '{subject}' is not signed by the key of '{issuer}' that we trust";
        return subject == issuer
            ? $"the chain ends at '{subject}', which is no authority that this peer may use: add its certificate to the authorities, if you trust it"
            : $"the certificate of '{subject}' is issued by '{issuer}', which is neither an authority that this peer may use nor among the certificates that it sent";
    }

    private static string? Text(X509ChainStatus status, X509Certificate2 certificate, DateTimeOffset now)
    {
        var whose = $"the certificate of '{Name(certificate)}'";
        return status.Status switch
        {
            X509ChainStatusFlags.NoError => null,
            X509ChainStatusFlags.NotTimeValid when now < certificate.NotBefore => $"{whose} is valid from {Utc(certificate.NotBefore)}; this machine's clock says {Utc(now.UtcDateTime)}",
            X509ChainStatusFlags.NotTimeValid => $"{whose} expired at {Utc(certificate.NotAfter)}; this machine's clock says {Utc(now.UtcDateTime)}",
            X509ChainStatusFlags.NotSignatureValid => $"{whose} is not signed by the key of '{DistinguishedName.Text(certificate.IssuerName.RawData)}'",
            X509ChainStatusFlags.InvalidBasicConstraints => $"{whose} breaks basic constraints: it signs as a CA without being one (cA, keyCertSign), or the path is longer than a CA allows (RFC 5280 §4.2.1.9)",
            X509ChainStatusFlags.HasNotPermittedNameConstraint or X509ChainStatusFlags.HasExcludedNameConstraint or X509ChainStatusFlags.InvalidNameConstraints or
                X509ChainStatusFlags.HasNotDefinedNameConstraint or X509ChainStatusFlags.HasNotSupportedNameConstraint =>
                $"{whose} has a name that the name constraints of its CA do not permit (RFC 5280 §4.2.1.10)",
            X509ChainStatusFlags.NotValidForUsage => $"{whose} has a key usage that does not allow this",
            X509ChainStatusFlags.HasNotSupportedCriticalExtension => $"{whose} has a critical extension that is not understood",
            _ => $"{whose}: {status.Status}",
        };
    }

    private static string Name(X509Certificate2 certificate) => DistinguishedName.Text(certificate.SubjectName.RawData);

    private static string Utc(DateTime time) => time.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss'Z'");
}
