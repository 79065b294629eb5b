using System.Security.Cryptography;

namespace Appliance.Cli.Labs;

/// <summary>How many octets of KEYMAT each cipher takes (RFC 7296 §2.17: encryption key, salt, integrity key), and fresh ones.</summary>
internal static class CipherKeys
{
    private static readonly Dictionary<string, int> Lengths = new()
    {
        ["aes-128-gcm"] = 16 + 4,
        ["aes-256-gcm"] = 32 + 4,
        ["aes-128-gmac"] = 16 + 4,
        ["aes-256-gmac"] = 32 + 4,
        ["chacha20-poly1305"] = 32 + 4,
        ["aes-128-cbc-hmac-sha1-96"] = 16 + 20,
        ["aes-128-cbc-hmac-sha2-256-128"] = 16 + 32,
        ["aes-256-cbc-hmac-sha2-256-128"] = 32 + 32,
        ["aes-128-cbc-hmac-sha2-384-192"] = 16 + 48,
        ["aes-256-cbc-hmac-sha2-384-192"] = 32 + 48,
        ["aes-128-cbc-hmac-sha2-512-256"] = 16 + 64,
        ["aes-256-cbc-hmac-sha2-512-256"] = 32 + 64,
    };

    /// <summary>Names of the ciphers.</summary>
    public static IEnumerable<string> Names => Lengths.Keys;

    /// <summary>Octets of KEYMAT, or false for a name that is no cipher.</summary>
    public static bool TryLength(string cipher, out int octets) => Lengths.TryGetValue(cipher, out octets);

    /// <summary>Fresh keying material in hexadecimal.</summary>
    public static string Fresh(string cipher) => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Lengths[cipher]));

    /// <summary>A fresh SPI; 0–255 are not for use (RFC 4303 §2.1).</summary>
    public static uint FreshSpi() => (uint)RandomNumberGenerator.GetInt32(256, int.MaxValue);
}
