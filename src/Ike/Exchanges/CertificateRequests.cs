using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>CERT and CERTREQ of ours (RFC 7296 §3.6, §3.7).</summary>
internal static class CertificateRequests
{
    /// <summary>Which authorities we trust, over all entries; null when none of them takes certificates.</summary>
    public static CertificateRequestPayload? Request(IkeConfiguration configuration, IEnumerable<IkePeer> peers)
    {
        var names = peers.SelectMany(p => p.TrustAnchors).Distinct().ToArray();
        if (names.Length == 0) return null;
        return new CertificateRequestPayload(CertificatePayload.X509Signature, [.. names.SelectMany(n => configuration.AuthorityHashes.GetValueOrDefault(n) ?? [])]);
    }

    /// <summary>Our certificate and those between it and the authority.</summary>
    public static IEnumerable<Payload> Chain(IkeConfiguration configuration, IkePeer peer) =>
        peer.LocalCredential is { } name && configuration.Credentials.TryGetValue(name, out var facts) ? facts.Chain.Select(c => new CertificatePayload(CertificatePayload.X509Signature, c)) : [];

    /// <summary>The peer's certificates, its own first.</summary>
    public static IReadOnlyList<byte[]> Received(IReadOnlyList<Payload> payloads) =>
        [.. payloads.OfType<CertificatePayload>().Where(c => c.Encoding == CertificatePayload.X509Signature).Select(c => c.Data)];
}
