using Appliance.Crypto;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Keys;

/// <summary>From negotiated transforms, of IKE or ESP, to a <see cref="Cipher"/> and its lengths.</summary>
public static class CipherSuites
{
    /// <summary>The cipher that an encryption and an integrity transform make; none when they do not go together or the key length is not one of its.</summary>
    public static Cipher CipherOf(EncryptionChoice encryption, IntegrityTransform integrity)
    {
        var cipher = (encryption.Transform, integrity) switch
        {
            (EncryptionTransform.AesGcm16, IntegrityTransform.None) => Cipher.AesGcm,
            (EncryptionTransform.NullAesGmac, IntegrityTransform.None) => Cipher.AesGmac,
            (EncryptionTransform.ChaCha20Poly1305, IntegrityTransform.None) => Cipher.ChaCha20Poly1305,
            (EncryptionTransform.AesCbc, IntegrityTransform.HmacSha1Bits96) => Cipher.AesCbcHmacSha1,
            (EncryptionTransform.AesCbc, IntegrityTransform.HmacSha256Bits128) => Cipher.AesCbcHmacSha256,
            (EncryptionTransform.AesCbc, IntegrityTransform.HmacSha384Bits192) => Cipher.AesCbcHmacSha384,
            (EncryptionTransform.AesCbc, IntegrityTransform.HmacSha512Bits256) => Cipher.AesCbcHmacSha512,
            _ => Cipher.None,
        };
        return KeyLengthOf(encryption, cipher) > 0 ? cipher : Cipher.None;
    }

    /// <summary>Octets of the encryption key, salt not counted; 0 when the cipher has no such key.</summary>
    public static int KeyLengthOf(EncryptionChoice encryption, Cipher cipher)
    {
        // A transform of one key length comes without the attribute (RFC 7634 §4).
        var bits = encryption is { Transform: EncryptionTransform.ChaCha20Poly1305, KeyBits: 0 } ? 256 : encryption.KeyBits;
        return bits is > 0 and <= 256 && bits % 8 == 0 && CipherFacts.KeyLengths(cipher).Contains((byte)(bits / 8)) ? bits / 8 : 0;
    }
}
