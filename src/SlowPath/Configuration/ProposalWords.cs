using Appliance.Crypto;
using Appliance.Ike;
using Appliance.Ike.Messages;

namespace Appliance.SlowPath.Configuration;

/// <summary>How algorithms are spelled in proposals, and which proposals there are by default.</summary>
public static class ProposalWords
{
    internal static readonly (string Word, EncryptionChoice Value)[] Encryption =
    [
        ("aes-256-gcm", new(EncryptionTransform.AesGcm16, 256)), ("aes-128-gcm", new(EncryptionTransform.AesGcm16, 128)),
        ("chacha20-poly1305", new(EncryptionTransform.ChaCha20Poly1305, 0)),
        ("aes-256-cbc", new(EncryptionTransform.AesCbc, 256)), ("aes-128-cbc", new(EncryptionTransform.AesCbc, 128)),
        ("aes-256-gmac", new(EncryptionTransform.NullAesGmac, 256)), ("aes-128-gmac", new(EncryptionTransform.NullAesGmac, 128)),
    ];

    internal static readonly (string Word, IntegrityTransform Value)[] Integrity =
    [
        ("hmac-sha256", IntegrityTransform.HmacSha256Bits128), ("hmac-sha384", IntegrityTransform.HmacSha384Bits192),
        ("hmac-sha512", IntegrityTransform.HmacSha512Bits256), ("hmac-sha1", IntegrityTransform.HmacSha1Bits96),
    ];

    internal static readonly (string Word, PrfAlgorithm Value)[] Prf =
    [
        ("prf-sha256", PrfAlgorithm.HmacSha256), ("prf-sha384", PrfAlgorithm.HmacSha384), ("prf-sha512", PrfAlgorithm.HmacSha512), ("prf-sha1", PrfAlgorithm.HmacSha1),
    ];

    internal static readonly (string Word, KeyExchangeMethod Value)[] KeyExchange =
    [
        ("x25519", KeyExchangeMethod.Curve25519), ("p-256", KeyExchangeMethod.EcpP256), ("p-384", KeyExchangeMethod.EcpP384), ("p-521", KeyExchangeMethod.EcpP521),
        ("modp-3072", KeyExchangeMethod.Modp3072), ("modp-4096", KeyExchangeMethod.Modp4096), ("modp-2048", KeyExchangeMethod.Modp2048),
        ("ml-kem-512", KeyExchangeMethod.MlKem512), ("ml-kem-768", KeyExchangeMethod.MlKem768), ("ml-kem-1024", KeyExchangeMethod.MlKem1024), ("none", KeyExchangeMethod.None),
    ];

    private static readonly EncryptionChoice[] Aead = [Encryption[0].Value, Encryption[1].Value, Encryption[2].Value];
    private static readonly EncryptionChoice[] Cbc = [Encryption[3].Value, Encryption[4].Value];
    private static readonly IntegrityTransform[] Sha2 = [Integrity[0].Value, Integrity[1].Value, Integrity[2].Value];
    private static readonly KeyExchangeMethod[] Groups = [.. KeyExchange.Take(7).Select(k => k.Value)];

    /// <summary>PRFs of a proposal that names none: all of SHA-2.</summary>
    public static IReadOnlyList<PrfAlgorithm> DefaultPrf { get; } = [PrfAlgorithm.HmacSha256, PrfAlgorithm.HmacSha384, PrfAlgorithm.HmacSha512];

    /// <summary>IKE: AEADs, then AES-CBC with HMAC-SHA2; any PRF of SHA-2, any group of at least 112 bits of strength, X25519 first.</summary>
    public static IReadOnlyList<IkeProposal> DefaultIke { get; } =
    [
        new() { Encryption = Aead, Prf = DefaultPrf, KeyExchange = Groups },
        new() { Encryption = Cbc, Integrity = Sha2, Prf = DefaultPrf, KeyExchange = Groups },
    ];

    /// <summary>ESP: the same ciphers, with perfect forward secrecy where the peer wants it and without where it does not; ESN preferred.</summary>
    public static IReadOnlyList<EspProposal> DefaultEsp { get; } =
    [
        new() { Encryption = Aead, KeyExchange = Groups },
        new() { Encryption = Aead },
        new() { Encryption = Cbc, Integrity = Sha2, KeyExchange = Groups },
        new() { Encryption = Cbc, Integrity = Sha2 },
    ];
}
