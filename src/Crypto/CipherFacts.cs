namespace Appliance.Crypto;

/// <summary>Lengths and rules of each <see cref="Cipher"/>, all in octets, as its RFC gives them.</summary>
public static class CipherFacts
{
    private static readonly byte[] NoLengths = [];
    private static readonly byte[] AesLengths = [16, 32];
    private static readonly byte[] ChaChaLengths = [32];

    /// <summary>Whether it is a cipher that can protect packets.</summary>
    public static bool IsKnown(Cipher cipher) => cipher is >= Cipher.AesGcm and <= Cipher.AesCbcHmacSha512;

    /// <summary>Whether it is AES-CBC with an HMAC: encrypt-then-MAC, 16-octet unpredictable IV.</summary>
    public static bool IsCbc(Cipher cipher) => cipher is >= Cipher.AesCbcHmacSha1 and <= Cipher.AesCbcHmacSha512;

    /// <summary>Whether the own kernels (<see cref="IAesGcmKernel"/>) do it.</summary>
    public static bool HasKernel(Cipher cipher) => cipher is Cipher.AesGcm or Cipher.AesGmac;

    /// <summary>Explicit IV in each packet: 8 for the AEADs (RFC 4106 §3.1, RFC 7634 §2), 16 for CBC (RFC 3602 §2.1).</summary>
    public static int IvLength(Cipher cipher) => cipher == Cipher.None ? 0 : IsCbc(cipher) ? 16 : 8;

    /// <summary>Integrity check value at the end of each packet.</summary>
    public static int IcvLength(Cipher cipher) => cipher switch
    {
        Cipher.AesGcm or Cipher.AesGmac or Cipher.ChaCha20Poly1305 or Cipher.AesCbcHmacSha256 => 16,
        Cipher.AesCbcHmacSha1 => 12,
        Cipher.AesCbcHmacSha384 => 24,
        Cipher.AesCbcHmacSha512 => 32,
        _ => 0,
    };

    /// <summary>Implicit part of the nonce, at the end of the encryption key in KEYMAT: 4 for the AEADs, 0 for CBC.</summary>
    public static int SaltLength(Cipher cipher) => cipher is Cipher.AesGcm or Cipher.AesGmac or Cipher.ChaCha20Poly1305 ? 4 : 0;

    /// <summary>Payload, padding, pad length and next header together are a multiple of this: 4 (RFC 4303 §2.4), 16 for CBC.</summary>
    public static int BlockSize(Cipher cipher) => cipher == Cipher.None ? 0 : IsCbc(cipher) ? 16 : 4;

    /// <summary>Allowed lengths of the encryption key, salt not counted. AES-192 is left out (RFC 8221 §5: MAY, not of use here).</summary>
    public static ReadOnlySpan<byte> KeyLengths(Cipher cipher) =>
        cipher == Cipher.None ? NoLengths : cipher == Cipher.ChaCha20Poly1305 ? ChaChaLengths : AesLengths;

    /// <summary>Length of the separate integrity key: 20, 32, 48 or 64 for the HMACs (RFC 4868 §2.1.1), 0 for AEADs.</summary>
    public static int IntegrityKeyLength(Cipher cipher) => cipher switch
    {
        Cipher.AesCbcHmacSha1 => 20,
        Cipher.AesCbcHmacSha256 => 32,
        Cipher.AesCbcHmacSha384 => 48,
        Cipher.AesCbcHmacSha512 => 64,
        _ => 0,
    };

    /// <summary>Octets of KEYMAT for one direction: encryption key, salt, integrity key (RFC 7296 §2.17).</summary>
    public static int KeyMaterialLength(Cipher cipher, int keyLength) => keyLength + SaltLength(cipher) + IntegrityKeyLength(cipher);

    /// <summary>
    /// Key length that a KEYMAT of <paramref name="materialLength"/> octets spells; 0 when no allowed one does.
    /// </summary>
    public static int KeyLengthOf(Cipher cipher, int materialLength)
    {
        foreach (var length in KeyLengths(cipher))
            if (KeyMaterialLength(cipher, length) == materialLength)
                return length;
        return 0;
    }

    /// <summary>
    /// Whether manual keying is forbidden: counter-mode keys must be fresh for every SA, since a repeated (key, IV) pair breaks the cipher (RFC 4106 §2, RFC 8221 §3).
    /// </summary>
    public static bool MustNotBeKeyedByHand(Cipher cipher) => !IsCbc(cipher);
}
