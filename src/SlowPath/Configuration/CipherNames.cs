using Appliance.Crypto;

namespace Appliance.SlowPath.Configuration;

/// <summary>Names of ciphers as files, API and tables spell them: algorithm and key length together.</summary>
public static class CipherNames
{
    private static readonly (string Name, Cipher Cipher, int KeyLength)[] All = Build();

    /// <summary>Every name.</summary>
    public static IEnumerable<string> Names => All.Select(c => c.Name);

    /// <summary>Cipher and octets of encryption key that a name spells.</summary>
    public static bool TryParse(string name, out Cipher cipher, out int keyLength)
    {
        foreach (var known in All)
        {
            if (known.Name != name) continue;
            (cipher, keyLength) = (known.Cipher, known.KeyLength);
            return true;
        }

        (cipher, keyLength) = (Cipher.None, 0);
        return false;
    }

    /// <summary>Name of a cipher with a key of so many octets.</summary>
    public static string NameOf(Cipher cipher, int keyLength)
    {
        foreach (var known in All)
            if (known.Cipher == cipher && known.KeyLength == keyLength)
                return known.Name;
        return "unknown";
    }

    private static (string Name, Cipher Cipher, int KeyLength)[] Build()
    {
        var all = new List<(string, Cipher, int)>();
        foreach (var (bits, octets) in new[] { (128, 16), (256, 32) })
        {
            all.Add(($"aes-{bits}-gcm", Cipher.AesGcm, octets));
            all.Add(($"aes-{bits}-gmac", Cipher.AesGmac, octets));
            all.Add(($"aes-{bits}-cbc-hmac-sha1-96", Cipher.AesCbcHmacSha1, octets));
            all.Add(($"aes-{bits}-cbc-hmac-sha2-256-128", Cipher.AesCbcHmacSha256, octets));
            all.Add(($"aes-{bits}-cbc-hmac-sha2-384-192", Cipher.AesCbcHmacSha384, octets));
            all.Add(($"aes-{bits}-cbc-hmac-sha2-512-256", Cipher.AesCbcHmacSha512, octets));
        }

        all.Add(("chacha20-poly1305", Cipher.ChaCha20Poly1305, 32));
        return [.. all];
    }
}
