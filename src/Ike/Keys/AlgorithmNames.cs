using Appliance.Crypto;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Keys;

/// <summary>Names of algorithms for people: in configuration, status and log.</summary>
public static class AlgorithmNames
{
    /// <summary>As <c>aes-256-gcm</c>.</summary>
    public static string Of(EncryptionChoice encryption) => encryption.Transform switch
    {
        EncryptionTransform.AesCbc => $"aes-{encryption.KeyBits}-cbc",
        EncryptionTransform.AesGcm16 => $"aes-{encryption.KeyBits}-gcm",
        EncryptionTransform.NullAesGmac => $"aes-{encryption.KeyBits}-gmac",
        EncryptionTransform.ChaCha20Poly1305 => "chacha20-poly1305",
        _ => encryption.KeyBits == 0 ? $"encr-{(ushort)encryption.Transform}" : $"encr-{(ushort)encryption.Transform}-{encryption.KeyBits}",
    };

    /// <summary>As <c>hmac-sha256</c>.</summary>
    public static string Of(IntegrityTransform integrity) => integrity switch
    {
        IntegrityTransform.None => "none",
        IntegrityTransform.HmacSha1Bits96 => "hmac-sha1",
        IntegrityTransform.HmacSha256Bits128 => "hmac-sha256",
        IntegrityTransform.HmacSha384Bits192 => "hmac-sha384",
        IntegrityTransform.HmacSha512Bits256 => "hmac-sha512",
        _ => $"integ-{(ushort)integrity}",
    };

    /// <summary>As <c>prf-sha256</c>.</summary>
    public static string Of(PrfAlgorithm prf) => prf switch
    {
        PrfAlgorithm.HmacSha1 => "prf-sha1",
        PrfAlgorithm.HmacSha256 => "prf-sha256",
        PrfAlgorithm.HmacSha384 => "prf-sha384",
        PrfAlgorithm.HmacSha512 => "prf-sha512",
        _ => $"prf-{(ushort)prf}",
    };

    /// <summary>As <c>x25519</c>.</summary>
    public static string Of(KeyExchangeMethod method) => method switch
    {
        KeyExchangeMethod.None => "none",
        KeyExchangeMethod.Modp2048 => "modp-2048",
        KeyExchangeMethod.Modp3072 => "modp-3072",
        KeyExchangeMethod.Modp4096 => "modp-4096",
        KeyExchangeMethod.EcpP256 => "p-256",
        KeyExchangeMethod.EcpP384 => "p-384",
        KeyExchangeMethod.EcpP521 => "p-521",
        KeyExchangeMethod.Curve25519 => "x25519",
        KeyExchangeMethod.MlKem512 => "ml-kem-512",
        KeyExchangeMethod.MlKem768 => "ml-kem-768",
        KeyExchangeMethod.MlKem1024 => "ml-kem-1024",
        _ => $"ke-{(ushort)method}",
    };
}
