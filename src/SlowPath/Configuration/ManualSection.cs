using System.Buffers;
using System.Globalization;
using Appliance.Crypto;
using Appliance.Policy;

namespace Appliance.SlowPath.Configuration;

/// <summary>Reads <c>manual:</c>: keys in the file, for AES-CBC with HMAC alone (RFC 4106 §2, RFC 8221 §3). A key's text never enters a message.</summary>
internal sealed class ManualSection(ConfigurationErrors errors, List<(string Direction, uint Spi, SourcePosition At)> spis)
{
    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdefABCDEF");

    /// <summary>The keys, or null when there are none or they are wrong (errors noted).</summary>
    public ManualKeys? Read(YamlNode? node)
    {
        if (node is null) return null;
        var map = new MapReader(node, "manual", errors);
        map.Required("cipher", "write aes-128-cbc-hmac-sha2-256-128 or another of aes-*-cbc-hmac-*");
        var known = Cipher(map, out var cipher, out var name, out var keyLength);
        var window = map.Number("replay_window", 0, 0, 4096, "packets");
        if (window % 64 != 0) map.Wrong("replay_window", $"a replay window of {window} packets", "0, or a multiple of 64 up to 4096");
        if (map.Node("esn") is not null) map.Wrong("esn", "no extended sequence numbers with manual keys", "remove 'esn' (RFC 4303 §2.2.1: negotiated by the key management protocol)");
        var outbound = Direction(map, "outbound", known, cipher, keyLength);
        var inbound = Direction(map, "inbound", known, cipher, keyLength);
        map.Done();
        if (!known || outbound.Key.Length == 0 || inbound.Key.Length == 0) return null;
        return new ManualKeys
        {
            Cipher = name, ReplayWindow = (ushort)window,
            OutboundSpi = outbound.Spi, OutboundKey = outbound.Key, InboundSpi = inbound.Spi, InboundKey = inbound.Key,
        };
    }

    private bool Cipher(MapReader map, out Cipher cipher, out string name, out int keyLength)
    {
        (cipher, keyLength, name) = (Crypto.Cipher.None, 0, "");
        if (map.Text("cipher") is not { } text) return false;
        name = text.Text;
        if (!CipherNames.TryParse(name, out cipher, out keyLength))
        {
            errors.Add(text.At, $"cipher '{Spelling.Shorten(name)}' is not known", Spelling.Hint(name, CipherNames.Names.Where(n => n.Contains("cbc", StringComparison.Ordinal))));
            return false;
        }

        if (!CipherFacts.MustNotBeKeyedByHand(cipher)) return true;
        errors.Add(text.At, $"{name} must not be keyed by hand (RFC 4106 §2, RFC 8221 §3)",
            "a key used again after a restart repeats IVs and breaks the cipher: install fresh keys through the API, or write aes-128-cbc-hmac-sha2-256-128");
        return false;
    }

    private (uint Spi, byte[] Key) Direction(MapReader parent, string direction, bool known, Cipher cipher, int keyLength)
    {
        var node = parent.Required(direction, $"write {direction}: {{ spi: 0x1001, encryption_key: HEX, integrity_key: HEX }}");
        if (node is null) return (0, []);
        var map = new MapReader(node, direction, errors);
        map.Required("spi", "write a number of 256 or more, as 0x1001");
        var spi = Spi(map, direction);
        map.Required("encryption_key", "write hexadecimal digits");
        map.Required("integrity_key", "write hexadecimal digits");
        var encryption = Key(map, "encryption_key", known ? keyLength : 0);
        var integrity = Key(map, "integrity_key", known ? CipherFacts.IntegrityKeyLength(cipher) : 0);
        map.Done();
        return (spi, encryption.Length > 0 && integrity.Length > 0 ? [.. encryption, .. integrity] : []);
    }

    private uint Spi(MapReader map, string direction)
    {
        if (map.Text("spi") is not { } text) return 0;
        if (!SpiText.TryParse(text.Text, out var spi))
        {
            errors.Add(text.At, $"'spi: {Spelling.Shorten(text.Text)}' is no SPI", "a number from 256 to 4294967295, decimal or 0x… (RFC 4303 §2.1: 1 to 255 are reserved)");
            return 0;
        }

        spis.Add((direction, spi, text.At));
        return spi;
    }

    private byte[] Key(MapReader map, string key, int length)
    {
        if (map.Text(key) is not { } text) return [];
        var digits = text.Text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text.Text.AsSpan(2) : text.Text.AsSpan();
        if (digits.Length == 0 || digits.Length % 2 != 0 || digits.ContainsAnyExcept(HexDigits))
        {
            errors.Add(text.At, $"'{key}' is not made of pairs of hexadecimal digits", length > 0 ? $"write {length * 2} digits" : "write two digits an octet");
            return [];
        }

        if (length > 0 && digits.Length != length * 2)
        {
            errors.Add(text.At, $"'{key}' has {digits.Length / 2} octets, the cipher takes {length}", $"write {length * 2} hexadecimal digits");
            return [];
        }

        return Convert.FromHexString(digits);
    }
}

/// <summary>An SPI as people write it.</summary>
internal static class SpiText
{
    /// <summary>Decimal or 0x…; 0 to 255 are refused (RFC 4303 §2.1).</summary>
    public static bool TryParse(string text, out uint spi)
    {
        var good = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? uint.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out spi)
            : uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out spi);
        return good && spi >= 256;
    }
}
