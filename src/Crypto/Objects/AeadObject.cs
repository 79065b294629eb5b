using System.Security.Cryptography;

namespace Appliance.Crypto;

/// <summary>
/// The BCL's cryptography for one SA, any <see cref="Cipher"/>: for what the own kernels do not do, or on a processor that has none. Made from a key block off the fast
/// path and kept by the data plane per SA slot; used by one thread at a time. Sealing and opening allocate nothing and do not throw for any packet.
/// </summary>
public sealed class AeadObject : IDisposable
{
    private const int NonceLength = 12;
    private const int SaltLength = KeyBlock.SaltLength;

    private readonly AesGcm? aesGcm;
    private readonly ChaCha20Poly1305? chaCha;
    private readonly CbcHmac? cbc;
    private readonly byte[] nonce = new byte[NonceLength];

    /// <summary>Makes the objects of the BCL.</summary>
    /// <param name="cipher">Cipher of the SA.</param>
    /// <param name="keyLength">Octets of its encryption key.</param>
    /// <param name="keyBlock">What <see cref="CipherKey.Expand"/> wrote.</param>
    /// <exception cref="ArgumentException">The cipher is none, or the key length is not one of its.</exception>
    /// <exception cref="PlatformNotSupportedException">The platform lacks the cipher.</exception>
    public AeadObject(Cipher cipher, int keyLength, ReadOnlySpan<byte> keyBlock)
    {
        if (keyLength is < 0 or > 255 || CipherFacts.KeyLengths(cipher).IndexOf((byte)keyLength) < 0)
            throw new ArgumentException($"{cipher} has no key of {keyLength} octets", nameof(keyLength));
        Cipher = cipher;
        var key = keyBlock[..keyLength];
        keyBlock.Slice(KeyBlock.SaltOffset, SaltLength).CopyTo(nonce);
        if (CipherFacts.IsCbc(cipher))
            cbc = new CbcHmac(cipher, key, keyBlock.Slice(KeyBlock.IntegrityKeyOffset, CipherFacts.IntegrityKeyLength(cipher)));
        else if (cipher == Cipher.ChaCha20Poly1305)
            chaCha = new ChaCha20Poly1305(key);
        else
            aesGcm = new AesGcm(key, 16);
    }

    /// <summary>Cipher it was made for.</summary>
    public Cipher Cipher { get; }

    /// <summary>
    /// Protects a packet: encrypts in place, then writes the integrity check value.
    /// </summary>
    /// <param name="aad">SPI and sequence number: 8 octets, or 12 with ESN (SPI, high half, low half, as RFC 4106 §5 orders them, whatever the cipher).</param>
    /// <param name="iv"><see cref="CipherFacts.IvLength"/> octets, never used before under this key; unpredictable for CBC.</param>
    /// <param name="data">Payload, padding, pad length and next header; for CBC a multiple of 16 octets. GMAC authenticates it and leaves it as it is.</param>
    /// <param name="tag"><see cref="CipherFacts.IcvLength"/> octets.</param>
    /// <returns>False, with nothing written, when a length is wrong.</returns>
    public bool Seal(ReadOnlySpan<byte> aad, ReadOnlySpan<byte> iv, Span<byte> data, Span<byte> tag)
    {
        if (!LengthsFit(aad, iv, tag))
            return false;
        if (cbc is not null)
            return cbc.Seal(aad, iv, data, tag);
        iv.CopyTo(nonce.AsSpan(SaltLength));
        if (Cipher == Cipher.AesGmac)
            aesGcm!.Encrypt(nonce, default, default, tag, GmacInput(aad, iv, data));
        else
            Encrypt(data, data, tag, aad);
        return true;
    }

    /// <summary>
    /// Checks a packet's integrity check value in constant time and only then decrypts in place. On failure no octet of <paramref name="data"/> has changed, so no plaintext shows.
    /// The parameters are those of <see cref="Seal"/>.
    /// </summary>
    /// <returns>Whether the tag matched and every length was right.</returns>
    public bool Open(ReadOnlySpan<byte> aad, ReadOnlySpan<byte> iv, Span<byte> data, ReadOnlySpan<byte> tag)
    {
        if (!LengthsFit(aad, iv, tag))
            return false;
        if (cbc is not null)
            return cbc.Open(aad, iv, data, tag);
        iv.CopyTo(nonce.AsSpan(SaltLength));
        Span<byte> expected = stackalloc byte[16];
        if (Cipher == Cipher.AesGmac)
        {
            aesGcm!.Encrypt(nonce, default, default, expected, GmacInput(aad, iv, data));
            return CryptographicOperations.FixedTimeEquals(expected, tag);
        }

        // The BCL's Decrypt throws at a wrong tag, which costs an attacker nothing and us 20 µs and garbage. Both ciphers are a key stream: encrypting the ciphertext
        // gives the plaintext, and encrypting that again gives the tag to compare, and the ciphertext once more.
        var plain = Scratch.First(data.Length);
        Encrypt(data, plain, expected, default);
        Encrypt(plain, data, expected, aad);
        var matches = CryptographicOperations.FixedTimeEquals(expected, tag);
        if (matches)
            plain.CopyTo(data);
        CryptographicOperations.ZeroMemory(plain);
        return matches;
    }

    /// <summary>Frees what the BCL holds; the platform wipes its keys.</summary>
    public void Dispose()
    {
        aesGcm?.Dispose();
        chaCha?.Dispose();
        cbc?.Dispose();
        CryptographicOperations.ZeroMemory(nonce);
    }

    private bool LengthsFit(ReadOnlySpan<byte> aad, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> tag) =>
        aad.Length is 8 or 12 && iv.Length == CipherFacts.IvLength(Cipher) && tag.Length == CipherFacts.IcvLength(Cipher);

    private void Encrypt(ReadOnlySpan<byte> input, Span<byte> output, Span<byte> tag, ReadOnlySpan<byte> aad)
    {
        if (chaCha is not null)
            chaCha.Encrypt(nonce, input, output, tag, aad);
        else
            aesGcm!.Encrypt(nonce, input, output, tag, aad);
    }

    /// <summary>All that GMAC authenticates, in one piece as the BCL wants it (RFC 4543 §3.3).</summary>
    private static ReadOnlySpan<byte> GmacInput(ReadOnlySpan<byte> aad, ReadOnlySpan<byte> iv, ReadOnlySpan<byte> data)
    {
        var input = Scratch.First(aad.Length + iv.Length + data.Length);
        aad.CopyTo(input);
        iv.CopyTo(input[aad.Length..]);
        data.CopyTo(input[(aad.Length + iv.Length)..]);
        return input;
    }
}
