using System.Security.Cryptography;

namespace Appliance.Crypto;

/// <summary>Hash algorithms of signatures, by their numbers in SIGNATURE_HASH_ALGORITHMS (RFC 7427 §7, RFC 8420 §3).</summary>
public enum SignatureHash : ushort
{
    /// <summary>SHA-1: the RSA method of peers without RFC 7427, nothing else.</summary>
    Sha1 = 1,

    /// <summary>SHA2-256.</summary>
    Sha256 = 2,

    /// <summary>SHA2-384.</summary>
    Sha384 = 3,

    /// <summary>SHA2-512.</summary>
    Sha512 = 4,

    /// <summary>The signature takes the message itself (Ed25519).</summary>
    Identity = 5,
}

/// <summary>How a hash becomes a signature.</summary>
public enum SignatureScheme
{
    /// <summary>RSASSA-PKCS1-v1_5.</summary>
    RsaPkcs1,

    /// <summary>RSASSA-PSS, MGF1 with the same hash, a salt as long as the hash (RFC 4055 §3.1).</summary>
    RsaPss,

    /// <summary>ECDSA, the signature in DER.</summary>
    Ecdsa,

    /// <summary>Ed25519.</summary>
    Ed25519,
}

/// <summary>A signature algorithm with its hash.</summary>
/// <param name="Scheme">How it signs.</param>
/// <param name="Hash">What it signs.</param>
public readonly record struct SignatureAlgorithm(SignatureScheme Scheme, SignatureHash Hash)
{
    /// <summary>Octets of a hash; 0 for <see cref="SignatureHash.Identity"/>.</summary>
    public static int LengthOf(SignatureHash hash) => hash switch
    {
        SignatureHash.Sha1 => 20,
        SignatureHash.Sha256 => 32,
        SignatureHash.Sha384 => 48,
        SignatureHash.Sha512 => 64,
        _ => 0,
    };

    internal HashAlgorithmName HashName => Hash switch
    {
        SignatureHash.Sha1 => HashAlgorithmName.SHA1,
        SignatureHash.Sha256 => HashAlgorithmName.SHA256,
        SignatureHash.Sha384 => HashAlgorithmName.SHA384,
        _ => HashAlgorithmName.SHA512,
    };

    internal RSASignaturePadding Padding => Scheme == SignatureScheme.RsaPss ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1;

    /// <summary>As people write it.</summary>
    public override string ToString() => Scheme switch
    {
        SignatureScheme.RsaPkcs1 => $"RSASSA-PKCS1-v1_5 with {Name}",
        SignatureScheme.RsaPss => $"RSASSA-PSS with {Name}",
        SignatureScheme.Ecdsa => $"ECDSA with {Name}",
        _ => "Ed25519",
    };

    private string Name => Hash == SignatureHash.Sha1 ? "SHA-1" : $"SHA2-{8 * LengthOf(Hash)}";
}
