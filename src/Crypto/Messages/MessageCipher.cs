using System.Security.Cryptography;

namespace Appliance.Crypto;

/// <summary>
/// Protection of whole messages of IKE (RFC 5282, RFC 7634 §2.2, RFC 7296 §3.14): associated data | IV | plaintext | ICV in one buffer. Keeps nothing between messages, so that ten thousand quiet
/// SAs hold no objects of the BCL; setting one up costs a microsecond or two.
/// </summary>
public static class MessageCipher
{
    private const int TagLength = 16;
    private const int SaltLength = 4;
    private const int NonceLength = 12;

    /// <summary>Encrypts in place and writes the ICV.</summary>
    /// <param name="cipher">An AEAD other than GMAC, or AES-CBC with an HMAC.</param>
    /// <param name="encryptionKey">SK_e: the key, then the salt of an AEAD.</param>
    /// <param name="integrityKey">SK_a; empty with an AEAD.</param>
    /// <param name="message">
    /// From the first octet that is authenticated; at <paramref name="ivOffset"/> the IV (<see cref="CipherFacts.IvLength"/>), then the plaintext with its padding, then room for
    /// the ICV (<see cref="CipherFacts.IcvLength"/>). With CBC the plaintext is a multiple of 16 octets.
    /// </param>
    /// <param name="ivOffset">Where the IV begins; all before it is associated data.</param>
    /// <exception cref="ArgumentException">A length or the cipher does not fit.</exception>
    public static void Seal(Cipher cipher, ReadOnlySpan<byte> encryptionKey, ReadOnlySpan<byte> integrityKey, Span<byte> message, int ivOffset)
    {
        if (!Fits(cipher, encryptionKey, integrityKey, message, ivOffset))
            throw new ArgumentException($"a message of {message.Length} octets or its keys do not fit {cipher}", nameof(message));
        var iv = message.Slice(ivOffset, CipherFacts.IvLength(cipher));
        var icv = message[^CipherFacts.IcvLength(cipher)..];
        var data = message[(ivOffset + iv.Length)..^icv.Length];
        if (CipherFacts.IsCbc(cipher))
        {
            using var aes = Aes.Create();
            aes.SetKey(encryptionKey);
            aes.EncryptCbc(data, iv, data, PaddingMode.None);
            Mac(cipher, integrityKey, message[..^icv.Length], icv);
            return;
        }

        using var aead = new Aead(cipher, encryptionKey[..^SaltLength]);
        Span<byte> nonce = stackalloc byte[NonceLength];
        Nonce(encryptionKey, iv, nonce);
        aead.Encrypt(nonce, data, data, icv, message[..ivOffset]);
    }

    /// <summary>Checks the ICV in constant time and only then gives the plaintext. Never throws for any message; a wrong ICV costs microseconds.</summary>
    /// <param name="cipher">An AEAD other than GMAC, or AES-CBC with an HMAC.</param>
    /// <param name="encryptionKey">SK_e: the key, then the salt of an AEAD.</param>
    /// <param name="integrityKey">SK_a; empty with an AEAD.</param>
    /// <param name="message">As <see cref="Seal"/> left it.</param>
    /// <param name="ivOffset">Where the IV begins.</param>
    /// <param name="plaintext">Plaintext with its padding; empty when false is returned.</param>
    /// <returns>Whether every length was right and the ICV matched.</returns>
    public static bool Open(Cipher cipher, ReadOnlySpan<byte> encryptionKey, ReadOnlySpan<byte> integrityKey, ReadOnlySpan<byte> message, int ivOffset, out byte[] plaintext)
    {
        plaintext = [];
        if (!Fits(cipher, encryptionKey, integrityKey, message, ivOffset))
            return false;
        var iv = message.Slice(ivOffset, CipherFacts.IvLength(cipher));
        var icv = message[^CipherFacts.IcvLength(cipher)..];
        var data = message[(ivOffset + iv.Length)..^icv.Length];
        if (CipherFacts.IsCbc(cipher))
        {
            Span<byte> mac = stackalloc byte[icv.Length];
            Mac(cipher, integrityKey, message[..^icv.Length], mac);
            if (!CryptographicOperations.FixedTimeEquals(mac, icv))
                return false;
            using var aes = Aes.Create();
            aes.SetKey(encryptionKey);
            plaintext = aes.DecryptCbc(data, iv, PaddingMode.None);
            return true;
        }

        return OpenAead(cipher, encryptionKey, message[..ivOffset], iv, data, icv, ref plaintext);
    }

    /// <summary>
    /// The BCL's Decrypt throws at a wrong tag, which costs us 20 µs and garbage. Both ciphers are a key stream: encrypting the ciphertext gives the plaintext, and encrypting that again
    /// gives the tag to compare.
    /// </summary>
    private static bool OpenAead(
        Cipher cipher, ReadOnlySpan<byte> encryptionKey, ReadOnlySpan<byte> aad, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> data, ReadOnlySpan<byte> icv, ref byte[] plaintext)
    {
        using var aead = new Aead(cipher, encryptionKey[..^SaltLength]);
        Span<byte> nonce = stackalloc byte[NonceLength];
        Nonce(encryptionKey, iv, nonce);
        Span<byte> tag = stackalloc byte[TagLength];
        var plain = Scratch.First(data.Length);
        aead.Encrypt(nonce, data, plain, tag, default);
        aead.Encrypt(nonce, plain, Scratch.SecondArray(data.Length).AsSpan(0, data.Length), tag, aad);
        var matches = CryptographicOperations.FixedTimeEquals(tag, icv);
        if (matches)
            plaintext = plain.ToArray();
        CryptographicOperations.ZeroMemory(plain);
        return matches;
    }

    private static bool Fits(Cipher cipher, ReadOnlySpan<byte> encryptionKey, ReadOnlySpan<byte> integrityKey, ReadOnlySpan<byte> message, int ivOffset)
    {
        if (!CipherFacts.IsKnown(cipher) || cipher == Cipher.AesGmac || integrityKey.Length != CipherFacts.IntegrityKeyLength(cipher))
            return false;
        var keyLength = encryptionKey.Length - CipherFacts.SaltLength(cipher);
        if (keyLength is < 0 or > 255 || CipherFacts.KeyLengths(cipher).IndexOf((byte)keyLength) < 0 || ivOffset < 0 || ivOffset > message.Length)
            return false;
        var data = message.Length - ivOffset - CipherFacts.IvLength(cipher) - CipherFacts.IcvLength(cipher);
        return data >= 0 && (!CipherFacts.IsCbc(cipher) || (data > 0 && data % 16 == 0));
    }

    /// <summary>Salt | IV (RFC 5282 §4, RFC 7634 §2).</summary>
    private static void Nonce(ReadOnlySpan<byte> encryptionKey, ReadOnlySpan<byte> iv, Span<byte> nonce)
    {
        encryptionKey[^SaltLength..].CopyTo(nonce);
        iv.CopyTo(nonce[SaltLength..]);
    }

    /// <summary>The first octets of the HMAC (RFC 4868 §2.3).</summary>
    private static void Mac(Cipher cipher, ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> icv)
    {
        Span<byte> mac = stackalloc byte[64];
        var hash = cipher switch
        {
            Cipher.AesCbcHmacSha1 => HashAlgorithmName.SHA1,
            Cipher.AesCbcHmacSha256 => HashAlgorithmName.SHA256,
            Cipher.AesCbcHmacSha384 => HashAlgorithmName.SHA384,
            _ => HashAlgorithmName.SHA512,
        };
        CryptographicOperations.HmacData(hash, key, data, mac);
        mac[..icv.Length].CopyTo(icv);
    }

    /// <summary>Either AEAD of the BCL.</summary>
    private readonly ref struct Aead(Cipher cipher, ReadOnlySpan<byte> key)
    {
        private readonly AesGcm? aesGcm = cipher == Cipher.AesGcm ? new AesGcm(key, TagLength) : null;
        private readonly ChaCha20Poly1305? chaCha = cipher == Cipher.ChaCha20Poly1305 ? new ChaCha20Poly1305(key) : null;

        public void Encrypt(ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> input, Span<byte> output, Span<byte> tag, ReadOnlySpan<byte> aad)
        {
            aesGcm?.Encrypt(nonce, input, output, tag, aad);
            chaCha?.Encrypt(nonce, input, output, tag, aad);
        }

        public void Dispose()
        {
            aesGcm?.Dispose();
            chaCha?.Dispose();
        }
    }
}
