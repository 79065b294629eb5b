namespace Appliance.Crypto;

/// <summary>
/// Signatures of AUTH (RFC 7296 §3.8): which method for which key and peer, and how it looks on the wire.
/// With RFC 7427 (the peer announced hash algorithms): method 14, that is one octet of length, AlgorithmIdentifier, signature. RSA signs with RSASSA-PSS, ECDSA in DER.
/// Without: RSA signs PKCS #1 v1.5 with SHA-1 (method 1), since such a peer knows nothing else; ECDSA is r|s with the hash of its curve (methods 9 to 11, RFC 4754).
/// </summary>
public static class AuthSignature
{
    /// <summary>RSA digital signature.</summary>
    public const byte RsaMethod = 1;

    /// <summary>ECDSA with SHA-256 on P-256; 10 and 11 are P-384 and P-521.</summary>
    public const byte EcdsaMethod = 9;

    /// <summary>Digital signature (RFC 7427).</summary>
    public const byte DigitalSignatureMethod = 14;

    /// <summary>What we announce in SIGNATURE_HASH_ALGORITHMS: SHA-2 and identity; not SHA-1 (RFC 8247 §3.2.1).</summary>
    public static IReadOnlyList<ushort> AnnouncedHashes { get; } = [(ushort)SignatureHash.Sha256, (ushort)SignatureHash.Sha384, (ushort)SignatureHash.Sha512, (ushort)SignatureHash.Identity];

    /// <summary>Signs the octets of RFC 7296 §2.15. Null with a text when no method serves this key and peer.</summary>
    /// <param name="key">Our key.</param>
    /// <param name="octets">What is signed.</param>
    /// <param name="peerHashes">What the peer announced; empty: it does not know RFC 7427.</param>
    /// <param name="method">Authentication method.</param>
    /// <param name="problem">Why there is no signature; empty when there is.</param>
    public static byte[]? Make(SigningKey key, byte[] octets, IReadOnlyList<ushort> peerHashes, out byte method, out string problem)
    {
        problem = "";
        method = DigitalSignatureMethod;
        if (peerHashes.Count == 0) return MakeWithout(key, octets, out method, out problem);
        var chosen = Preferred(key.Kind).FirstOrDefault(a => peerHashes.Contains((ushort)a.Hash));
        if (chosen == default)
        {
            problem = $"our {key.Kind} key cannot sign with a hash algorithm of the peer: it takes {string.Join(' ', peerHashes.Take(16))} (RFC 7427 §7), we sign with " +
                $"{string.Join(' ', Preferred(key.Kind).Select(a => (int)a.Hash))}";
            return null;
        }

        var identifier = AlgorithmIdentifier.Write(chosen);
        return [(byte)identifier.Length, .. identifier, .. key.Sign(chosen, octets)];
    }

    /// <summary>Checks the peer's. Null when it is good, else why not, for the log.</summary>
    /// <param name="key">The peer's key.</param>
    /// <param name="method">Authentication method.</param>
    /// <param name="data">Authentication data as it came.</param>
    /// <param name="octets">What must be signed.</param>
    /// <param name="hashesAnnounced">Both sides know RFC 7427: SHA-1 is then refused.</param>
    public static string? Check(VerifyingKey key, byte method, ReadOnlySpan<byte> data, ReadOnlySpan<byte> octets, bool hashesAnnounced)
    {
        switch (method)
        {
            case DigitalSignatureMethod:
                return CheckDigital(key, data, octets);
            case RsaMethod when hashesAnnounced:
                return "the peer signed with RSA and SHA-1 although both sides know RFC 7427: let it use SHA-2 signatures";
            case RsaMethod:
                return key.Verify(new SignatureAlgorithm(SignatureScheme.RsaPkcs1, SignatureHash.Sha1), octets, data) ? null : Wrong("RSASSA-PKCS1-v1_5 with SHA-1", key);
            case EcdsaMethod or EcdsaMethod + 1 or EcdsaMethod + 2:
                return key.Kind != SignatureKeyKind.EcdsaP256 + (method - EcdsaMethod) ? Wrong($"authentication method {method}", key)
                    : key.VerifyFixed(OfCurve(key.Kind), octets, data) ? null : Wrong(OfCurve(key.Kind).ToString(), key);
            default:
                return $"authentication method {method}, which is no signature known here";
        }
    }

    private static string? CheckDigital(VerifyingKey key, ReadOnlySpan<byte> data, ReadOnlySpan<byte> octets)
    {
        if (data.IsEmpty || data.Length < 1 + data[0]) return "the authentication data is shorter than its algorithm identifier (RFC 7427 §3)";
        if (!AlgorithmIdentifier.TryRead(data.Slice(1, data[0]), out var algorithm, out var problem)) return $"the peer sent {problem}";
        return key.Verify(algorithm, octets, data[(1 + data[0])..]) ? null : Wrong(algorithm.ToString(), key);
    }

    private static string Wrong(string what, VerifyingKey key) =>
        $"the signature ({what}) is not one of the certificate's {key.Kind} key over this exchange: the peer's private key and certificate do not belong together, or somebody is in between";

    private static byte[]? MakeWithout(SigningKey key, byte[] octets, out byte method, out string problem)
    {
        problem = "";
        switch (key.Kind)
        {
            case SignatureKeyKind.Rsa:
                method = RsaMethod;
                return key.Sign(new SignatureAlgorithm(SignatureScheme.RsaPkcs1, SignatureHash.Sha1), octets);
            case SignatureKeyKind.Ed25519:
                method = DigitalSignatureMethod;
                problem = "our Ed25519 key can sign for peers with RFC 7427 alone, and this one sent no SIGNATURE_HASH_ALGORITHMS: use an ECDSA key";
                return null;
            default:
                method = (byte)(EcdsaMethod + (key.Kind - SignatureKeyKind.EcdsaP256));
                return key.SignFixed(OfCurve(key.Kind), octets);
        }
    }

    private static SignatureAlgorithm OfCurve(SignatureKeyKind kind) => new(SignatureScheme.Ecdsa, (SignatureHash)((int)SignatureHash.Sha256 + (kind - SignatureKeyKind.EcdsaP256)));

    // The hash as strong as the key first.
    private static SignatureAlgorithm[] Preferred(SignatureKeyKind kind) => kind switch
    {
        SignatureKeyKind.Rsa => Of(SignatureScheme.RsaPss, SignatureHash.Sha256, SignatureHash.Sha384, SignatureHash.Sha512),
        SignatureKeyKind.EcdsaP256 => Of(SignatureScheme.Ecdsa, SignatureHash.Sha256, SignatureHash.Sha384, SignatureHash.Sha512),
        SignatureKeyKind.EcdsaP384 => Of(SignatureScheme.Ecdsa, SignatureHash.Sha384, SignatureHash.Sha512, SignatureHash.Sha256),
        SignatureKeyKind.EcdsaP521 => Of(SignatureScheme.Ecdsa, SignatureHash.Sha512, SignatureHash.Sha384, SignatureHash.Sha256),
        _ => [new SignatureAlgorithm(SignatureScheme.Ed25519, SignatureHash.Identity)],
    };

    private static SignatureAlgorithm[] Of(SignatureScheme scheme, params SignatureHash[] hashes) => [.. hashes.Select(h => new SignatureAlgorithm(scheme, h))];
}
