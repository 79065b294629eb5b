using System.Security.Cryptography;

namespace Appliance.Crypto.Tests;

/// <summary>ESP protection spelled out with one-shot calls of the BCL, as slow and as plain as it gets.</summary>
internal static class PlainAlgorithms
{
    internal static (byte[] Sealed, byte[] Tag) Seal(Cipher cipher, int keyLength, byte[] keymat, byte[] aad, byte[] iv, byte[] plain)
    {
        var key = keymat[..keyLength];
        var rest = keymat[keyLength..];
        var data = new byte[plain.Length];
        var tag = new byte[16];
        switch (cipher)
        {
            case Cipher.AesGcm:
                using (var gcm = new AesGcm(key, 16))
                    gcm.Encrypt([.. rest, .. iv], plain.AsSpan(), data, tag, aad);
                return (data, tag);
            case Cipher.AesGmac:
                using (var gcm = new AesGcm(key, 16))
                    gcm.Encrypt([.. rest, .. iv], ReadOnlySpan<byte>.Empty, [], tag, [.. aad, .. iv, .. plain]);
                return (plain, tag);
            case Cipher.ChaCha20Poly1305:
                using (var chaCha = new ChaCha20Poly1305(key))
                    chaCha.Encrypt([.. rest, .. iv], plain.AsSpan(), data, tag, aad);
                return (data, tag);
            default:
                using (var aes = Aes.Create())
                {
                    aes.Key = key;
                    data = aes.EncryptCbc(plain, iv, PaddingMode.None);
                }

                // RFC 4303 §2.2.1: with ESN the high half of the sequence number is not sent, and authenticated at the end.
                byte[] covered = aad.Length == 8 ? [.. aad, .. iv, .. data] : [.. aad[..4], .. aad[8..], .. iv, .. data, .. aad[4..8]];
                return (data, Hmac(cipher, rest, covered)[..CipherFacts.IcvLength(cipher)]);
        }
    }

    private static byte[] Hmac(Cipher cipher, byte[] key, byte[] data) => cipher switch
    {
        Cipher.AesCbcHmacSha1 => HMACSHA1.HashData(key, data),
        Cipher.AesCbcHmacSha256 => HMACSHA256.HashData(key, data),
        Cipher.AesCbcHmacSha384 => HMACSHA384.HashData(key, data),
        _ => HMACSHA512.HashData(key, data),
    };
}
