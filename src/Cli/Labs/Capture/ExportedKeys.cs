using System.Net;
using System.Security.Cryptography;

namespace Appliance.Cli.Labs;

/// <summary>
/// The keys of ESP SAs that a gateway wrote with <c>--export-keys</c>, tried on packets by .NET's AES-GCM: none of our own code. Keys of other ciphers than AES-GCM cannot be tried, and say so.
/// </summary>
internal sealed class ExportedKeys : IDisposable
{
    private const int SaltLength = 4, IvLength = 8, HeaderLength = 8, IcvLength = 16;
    private readonly List<(IPAddress? Source, IPAddress? Destination, AesGcm Key, byte[] Salt)> keys = [];

    /// <summary>Reads lines as Wireshark's <c>esp_sa</c> has them: family, source, destination, SPI, cipher, key, integrity, its key.</summary>
    /// <exception cref="Failure">A line is not understood.</exception>
    public ExportedKeys(IEnumerable<string> lines)
    {
        foreach (var line in lines.Distinct().Where(l => l.Trim().Length > 0))
        {
            var fields = line.TrimStart('#', ' ').Split(',').Select(f => f.Trim().Trim('"')).ToList();
            if (fields.Count < 6 || !fields[4].StartsWith("AES-GCM", StringComparison.Ordinal) || !fields[5].StartsWith("0x", StringComparison.Ordinal)) throw Unknown(fields);
            var octets = Convert.FromHexString(fields[5].AsSpan(2));
            if (octets.Length is not (16 + SaltLength or 24 + SaltLength or 32 + SaltLength)) throw Unknown(fields);
            keys.Add((Address(fields[1]), Address(fields[2]), new AesGcm(octets.AsSpan(0, octets.Length - SaltLength), IcvLength), octets[^SaltLength..]));
        }
    }

    /// <summary>How many.</summary>
    public int Count => keys.Count;

    /// <summary>How many of these packets any key opens. A key of an SA between two addresses is not tried on packets between these two: it is theirs.</summary>
    public long Opened(IEnumerable<(IPAddress Source, IPAddress Destination, byte[] Esp)> packets) => packets.LongCount(packet => keys.Any(key => !IsOwn(key.Source, key.Destination, packet.Source, packet.Destination) && Opens(key.Key, key.Salt, packet.Esp)));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var key in keys) key.Key.Dispose();
    }

    private static bool IsOwn(IPAddress? source, IPAddress? destination, IPAddress from, IPAddress to) => source is not null && destination is not null && from.Equals(source) && to.Equals(destination);

    private static bool Opens(AesGcm key, byte[] salt, byte[] esp)
    {
        var length = esp.Length - HeaderLength - IvLength - IcvLength;
        if (length < 0) return false;
        Span<byte> nonce = stackalloc byte[SaltLength + IvLength];
        salt.CopyTo(nonce);
        esp.AsSpan(HeaderLength, IvLength).CopyTo(nonce[SaltLength..]);
        try
        {
            key.Decrypt(nonce, esp.AsSpan(HeaderLength + IvLength, length), esp.AsSpan(esp.Length - IcvLength), new byte[length], esp.AsSpan(0, HeaderLength));
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    private static IPAddress? Address(string text) => IPAddress.TryParse(text, out var address) && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any) ? address : null;

    private static Failure Unknown(List<string> fields) =>
        new("an exported key cannot be tried", fields.Count > 3 ? $"SPI {fields[3]}" : "the file of keys", fields.Count > 4 ? $"cipher '{fields[4]}'" : "too few fields", "let the gateways of this lab use AES-GCM alone");
}
