using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Appliance.Crypto;
using Appliance.SlowPath.Configuration;
using Appliance.SlowPath.Sas;

namespace Appliance.SlowPath.Api;

/// <summary>
/// Body of a request that carries keys. Read with a forward reader straight from the octets, so that no key becomes a string, which could not be wiped. Unknown names
/// are refused; no message shows a value of a key.
/// </summary>
internal sealed class SaBody
{
    private const int MaximumKey = 128;

    public string? Tunnel { get; private set; }

    public string? Direction { get; private set; }

    public string? Cipher { get; private set; }

    public uint? Spi { get; private set; }

    public byte[]? Key { get; private set; }

    public bool? Esn { get; private set; }

    public ulong? ReplayWindow { get; private set; }

    public ulong? Worker { get; private set; }

    public ulong? SoftSequence { get; private set; }

    public ulong? HardSequence { get; private set; }

    public ulong? LifetimeSeconds { get; private set; }

    public ulong? RetireSeconds { get; private set; }

    public SaBody? Outbound { get; private set; }

    public SaBody? Inbound { get; private set; }

    /// <summary>Reads an object whose names are among <paramref name="allowed"/>; inner objects ("outbound", "inbound") may have spi, key and worker.</summary>
    /// <exception cref="RefusedException">It is not such an object. Keys read so far are wiped.</exception>
    public static SaBody Read(ReadOnlySpan<byte> json, params string[] allowed)
    {
        var body = new SaBody();
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 3 });
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) throw new RefusedException("the body is no JSON object", "send { … }");
            body.ReadObject(ref reader, allowed);
            if (reader.Read()) throw new RefusedException("something follows the JSON object", "send one object");
            return body;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException) // the latter for text that is not UTF-8
        {
            body.Wipe();
            throw new RefusedException("the body is not valid JSON", "check quotes and commas");
        }
        catch (RefusedException)
        {
            body.Wipe();
            throw;
        }
    }

    /// <summary>Forgets the keys.</summary>
    public void Wipe()
    {
        CryptographicOperations.ZeroMemory(Key);
        Outbound?.Wipe();
        Inbound?.Wipe();
    }

    /// <summary>The SA that the body asks for; what is common to a pair comes from <paramref name="common"/>. The key is handed over. <paramref name="servesTunnel"/>: it takes the place of all older SAs.</summary>
    /// <exception cref="RefusedException">Something is missing or wrong.</exception>
    public SaRequest ToRequest(SaBody common, string tunnel, bool isOutbound, bool servesTunnel = false)
    {
        var what = isOutbound ? "outbound" : "inbound";
        var name = common.Cipher ?? throw new RefusedException("'cipher' is missing", "one of: " + string.Join(", ", CipherNames.Names));
        if (!CipherNames.TryParse(name, out var cipher, out var keyLength)) throw new RefusedException($"cipher '{Spelling.Shorten(name)}' is not known", Spelling.Hint(name, CipherNames.Names));
        var spi = Spi ?? throw new RefusedException($"{what}: 'spi' is missing", "a number from 256 to 4294967295 (RFC 4303 §2.1)");
        var key = Key ?? throw new RefusedException($"{what}: 'key' is missing", "hexadecimal: encryption key, salt, integrity key");
        var length = CipherFacts.KeyMaterialLength(cipher, keyLength);
        if (key.Length != length) throw new RefusedException($"{what}: the key has {key.Length} octets, {name} takes {length}", "hexadecimal: encryption key, salt, integrity key (RFC 7296 §2.17)");
        var window = common.ReplayWindow ?? 1024;
        if (window % 64 != 0 || window > 4096) throw new RefusedException($"a replay window of {window} packets", "0, or a multiple of 64 up to 4096");
        var esn = common.Esn ?? true;
        var last = esn ? ulong.MaxValue : uint.MaxValue;
        if (common.HardSequence > last || common.SoftSequence > (common.HardSequence ?? last)) throw new RefusedException("the sequence limits do not fit", $"soft_sequence ≤ hard_sequence ≤ {last}");
        return new SaRequest
        {
            Tunnel = tunnel, IsOutbound = isOutbound, Spi = spi, Cipher = cipher, KeyLength = keyLength, KeyMaterial = key, Esn = esn, ReplayWindow = (int)window,
            Worker = (int?)(Worker ?? common.Worker), ServesTunnel = servesTunnel, SoftSequence = common.SoftSequence ?? 0, HardSequence = common.HardSequence ?? 0, LifetimeMilliseconds = (long)(common.LifetimeSeconds ?? 0) * 1000,
        };
    }

    private void ReadObject(ref Utf8JsonReader reader, string[] allowed)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            if (!allowed.Contains(name)) throw new RefusedException($"'{Spelling.Shorten(name)}' is not known here", Spelling.Hint(name, allowed));
            if (!seen.Add(name)) throw new RefusedException($"'{name}' stands there twice", "write it once");
            reader.Read();
            if (reader.TokenType == JsonTokenType.Null) continue;
            ReadValue(ref reader, name);
        }
    }

    private void ReadValue(ref Utf8JsonReader reader, string name)
    {
        switch (name)
        {
            case "tunnel": Tunnel = Text(ref reader, name); break;
            case "direction": Direction = Text(ref reader, name); break;
            case "cipher": Cipher = Text(ref reader, name); break;
            case "spi": Spi = ReadSpi(ref reader); break;
            case "key": Key = ReadKey(ref reader); break;
            case "esn": Esn = reader.TokenType is JsonTokenType.True or JsonTokenType.False ? reader.GetBoolean() : throw new RefusedException("'esn' is not true or false", "write true or false"); break;
            case "replay_window": ReplayWindow = Number(ref reader, name, 4096); break;
            case "worker": Worker = Number(ref reader, name, 15); break;
            case "soft_sequence": SoftSequence = Number(ref reader, name, ulong.MaxValue); break;
            case "hard_sequence": HardSequence = Number(ref reader, name, ulong.MaxValue); break;
            case "lifetime_seconds": LifetimeSeconds = Number(ref reader, name, 31_536_000); break;
            case "retire_seconds": RetireSeconds = Number(ref reader, name, 3600); break;
            case "outbound": Outbound = Inner(ref reader, name); break;
            default: Inbound = Inner(ref reader, name); break;
        }
    }

    private static SaBody Inner(ref Utf8JsonReader reader, string name)
    {
        if (reader.TokenType != JsonTokenType.StartObject) throw new RefusedException($"'{name}' is no object", "write { \"spi\": …, \"key\": … }");
        var inner = new SaBody();
        try
        {
            inner.ReadObject(ref reader, ["spi", "key", "worker"]);
            return inner;
        }
        catch (Exception)
        {
            inner.Wipe();
            throw;
        }
    }

    private static string Text(ref Utf8JsonReader reader, string name) =>
        reader.TokenType == JsonTokenType.String && reader.ValueSpan.Length <= 64 ? reader.GetString()! : throw new RefusedException($"'{name}' is no short text", "write it in quotes");

    private static ulong Number(ref Utf8JsonReader reader, string name, ulong most) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetUInt64(out var number) && number <= most ? number : throw new RefusedException($"'{name}' is not a number from 0 to {most.ToString(CultureInfo.InvariantCulture)}", "write a whole number without quotes");

    private static uint ReadSpi(ref Utf8JsonReader reader)
    {
        var good = reader.TokenType switch
        {
            JsonTokenType.Number => reader.TryGetUInt32(out var number) && number >= 256 ? number : 0,
            JsonTokenType.String when reader.ValueSpan.Length <= 16 => SpiText.TryParse(reader.GetString()!, out var spi) ? spi : 0,
            _ => 0u,
        };
        return good != 0 ? good : throw new RefusedException("'spi' is no SPI", "a number from 256 to 4294967295, or \"0x…\" (RFC 4303 §2.1: 1 to 255 are reserved)");
    }

    private static byte[] ReadKey(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String || reader.ValueIsEscaped || reader.ValueSpan.Length % 2 != 0 || reader.ValueSpan.Length > MaximumKey * 2)
            throw new RefusedException("'key' is not made of pairs of hexadecimal digits", "write it in quotes");
        var key = new byte[reader.ValueSpan.Length / 2];
        for (var i = 0; i < key.Length; i++)
        {
            var (high, low) = (Digit(reader.ValueSpan[2 * i]), Digit(reader.ValueSpan[2 * i + 1]));
            if ((high | low) < 0)
            {
                CryptographicOperations.ZeroMemory(key);
                throw new RefusedException("'key' is not made of pairs of hexadecimal digits", "write it in quotes");
            }

            key[i] = (byte)(high << 4 | low);
        }

        return key;
    }

    private static int Digit(byte c) => c switch
    {
        >= (byte)'0' and <= (byte)'9' => c - '0',
        >= (byte)'a' and <= (byte)'f' => c - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => c - 'A' + 10,
        _ => -1,
    };
}
