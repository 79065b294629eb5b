using System.Security.Cryptography;

namespace Appliance.Crypto;

/// <summary>From keying material to the key block of any <see cref="Cipher"/>.</summary>
public static class CipherKey
{
    /// <summary>
    /// Fills <paramref name="keyBlock"/> from KEYMAT of one direction, in IKE's order: encryption key, salt, integrity key (RFC 7296 §2.17, RFC 4106 §8.1, RFC 7634 §2).
    /// </summary>
    /// <param name="cipher">Cipher of the SA.</param>
    /// <param name="keyMaterial"><see cref="CipherFacts.KeyMaterialLength"/> octets for one of the allowed key lengths.</param>
    /// <param name="keyBlock">At least <see cref="KeyBlock.Size"/> octets; all of them are written.</param>
    /// <returns>Octets of the encryption key.</returns>
    /// <exception cref="ArgumentException">The cipher is none, or the lengths do not fit it.</exception>
    public static int Expand(Cipher cipher, ReadOnlySpan<byte> keyMaterial, Span<byte> keyBlock)
    {
        var keyLength = CipherFacts.KeyLengthOf(cipher, keyMaterial.Length);
        if (keyLength == 0)
            throw new ArgumentException($"{keyMaterial.Length} octets of keying material do not fit {cipher}", nameof(keyMaterial));
        if (keyBlock.Length < KeyBlock.Size)
            throw new ArgumentException($"a key block has {KeyBlock.Size} octets", nameof(keyBlock));
        var key = keyMaterial[..keyLength];
        var rest = keyMaterial[keyLength..];
        if (CipherFacts.HasKernel(cipher))
        {
            AesGcmKey.Expand(key, rest, keyBlock);
            return keyLength;
        }

        keyBlock = keyBlock[..KeyBlock.Size];
        CryptographicOperations.ZeroMemory(keyBlock);
        key.CopyTo(keyBlock);
        rest.CopyTo(keyBlock[(CipherFacts.IsCbc(cipher) ? KeyBlock.IntegrityKeyOffset : KeyBlock.SaltOffset)..]);
        return keyLength;
    }
}
