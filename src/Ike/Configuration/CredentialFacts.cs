namespace Appliance.Ike;

/// <summary>Kinds of keys that sign AUTH.</summary>
public enum CredentialKey
{
    /// <summary>RSA.</summary>
    Rsa,

    /// <summary>ECDSA on P-256.</summary>
    EcdsaP256,

    /// <summary>ECDSA on P-384.</summary>
    EcdsaP384,

    /// <summary>ECDSA on P-521.</summary>
    EcdsaP521,

    /// <summary>Ed25519 (RFC 8420).</summary>
    Ed25519,
}

/// <summary>What is public of a credential of ours. Its private key stays with the host, which signs (<see cref="MakeSignature"/>).</summary>
/// <param name="Chain">
/// DER of X.509 certificates for CERT payloads (encoding 4, RFC 7296 §3.6), one each: ours first, then the intermediate ones upwards. No trust anchor among them.
/// </param>
/// <param name="Key">Kind of key.</param>
public sealed record CredentialFacts(IReadOnlyList<byte[]> Chain, CredentialKey Key);
