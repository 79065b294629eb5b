using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Appliance.Crypto;

/// <summary>
/// The revocation lists of this node. None at all: nobody asked for revocation. With any, each issuer needs a list that is signed by it and current; without one its
/// certificates are refused, since nobody knows which of them are revoked. Any thread may call.
/// </summary>
public sealed class Revocation(IReadOnlyList<RevocationList> lists)
{
    private const int MostRemembered = 256;
    // Signatures of long lists are long to check: good ones are remembered by list and key.
    private readonly ConcurrentDictionary<(RevocationList List, string Key), bool> signed = [];

    /// <summary>No revocation.</summary>
    public static Revocation None { get; } = new([]);

    /// <summary>Why a certificate may not be used; null when it may. <paramref name="expires"/> becomes the end of the list that says so, if that is earlier.</summary>
    public string? Problem(CertificateView certificate, CertificateView issuer, VerifyingKey issuerKey, DateTimeOffset now, ref DateTimeOffset expires)
    {
        if (lists.Count == 0) return null;
        var named = lists.Where(l => DistinguishedName.Same(l.Issuer, issuer.Subject)).ToList();
        if (named.Count == 0) return $"there is no revocation list of '{issuer.Name}': add one, or name none at all";
        if (!issuer.MaySignRevocation) return $"the CA '{issuer.Name}' may not sign revocation lists: its key usage has no cRLSign";
        var candidates = named.Where(l => IsSigned(l, issuer, issuerKey)).ToList();
        if (candidates.Count == 0) return $"the revocation list of '{issuer.Name}' is not signed by its key: fetch it anew";
        // Revoked by any list stays revoked: an issuer that takes it back has a certificate made anew.
        if (candidates.Any(l => l.Contains(certificate.Serial))) return $"the certificate of '{certificate.Name}', serial {Convert.ToHexStringLower(certificate.Serial)}, is revoked by '{issuer.Name}'";
        var newest = candidates.MaxBy(l => l.NextUpdate)!;
        if (now < newest.ThisUpdate) return $"the revocation list of '{issuer.Name}' is made at {Utc(newest.ThisUpdate)}; this machine's clock says {Utc(now)}";
        if (now >= newest.NextUpdate) return $"the revocation list of '{issuer.Name}' expired at {Utc(newest.NextUpdate)}: fetch a new one and reload";
        if (newest.NextUpdate < expires) expires = newest.NextUpdate;
        return null;
    }

    private static string Utc(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'");

    private bool IsSigned(RevocationList list, CertificateView issuer, VerifyingKey key)
    {
        var index = (list, Convert.ToHexString(SHA256.HashData(issuer.PublicKey)));
        if (signed.ContainsKey(index)) return true;
        if (!list.IsSignedBy(key)) return false;
        if (signed.Count < MostRemembered) signed.TryAdd(index, true);
        return true;
    }
}
