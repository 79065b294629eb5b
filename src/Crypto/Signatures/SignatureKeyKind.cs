namespace Appliance.Crypto;

/// <summary>Kinds of keys that sign: AUTH, certificates, revocation lists.</summary>
public enum SignatureKeyKind
{
    /// <summary>RSA, 2048 to 8192 bits.</summary>
    Rsa,

    /// <summary>ECDSA on P-256.</summary>
    EcdsaP256,

    /// <summary>ECDSA on P-384.</summary>
    EcdsaP384,

    /// <summary>ECDSA on P-521.</summary>
    EcdsaP521,

    /// <summary>Ed25519 (RFC 8032).</summary>
    Ed25519,
}
