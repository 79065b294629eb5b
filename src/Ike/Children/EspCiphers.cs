using Appliance.Crypto;

namespace Appliance.Ike.Children;

/// <summary>The cipher of the data plane that a negotiated pair of encryption and integrity is.</summary>
public static class EspCiphers
{
    /// <summary>The cipher, or <see cref="Cipher.None"/> when the pair is none that can protect packets.</summary>
    public static Cipher CipherOf(EncryptionChoice encryption, Messages.IntegrityTransform integrity) => (encryption.Transform, integrity) switch
    {
        (Messages.EncryptionTransform.AesGcm16, Messages.IntegrityTransform.None) => Cipher.AesGcm,
        (Messages.EncryptionTransform.NullAesGmac, Messages.IntegrityTransform.None) => Cipher.AesGmac,
        (Messages.EncryptionTransform.ChaCha20Poly1305, Messages.IntegrityTransform.None) => Cipher.ChaCha20Poly1305,
        (Messages.EncryptionTransform.AesCbc, Messages.IntegrityTransform.HmacSha1Bits96) => Cipher.AesCbcHmacSha1,
        (Messages.EncryptionTransform.AesCbc, Messages.IntegrityTransform.HmacSha256Bits128) => Cipher.AesCbcHmacSha256,
        (Messages.EncryptionTransform.AesCbc, Messages.IntegrityTransform.HmacSha384Bits192) => Cipher.AesCbcHmacSha384,
        (Messages.EncryptionTransform.AesCbc, Messages.IntegrityTransform.HmacSha512Bits256) => Cipher.AesCbcHmacSha512,
        _ => Cipher.None,
    };

    /// <summary>Octets of KEYMAT for one direction (RFC 7296 §2.17); 0 when the pair is no cipher of ours.</summary>
    public static int KeyMaterialLength(EncryptionChoice encryption, Messages.IntegrityTransform integrity)
    {
        var cipher = CipherOf(encryption, integrity);
        var keyLength = cipher == Cipher.ChaCha20Poly1305 ? 32 : encryption.KeyBits / 8;
        return cipher != Cipher.None && CipherFacts.KeyLengths(cipher).Contains((byte)keyLength) ? CipherFacts.KeyMaterialLength(cipher, keyLength) : 0;
    }
}
