using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Appliance.SlowPath.Configuration;

/// <summary>
/// Reads shared keys, from the configuration or from a file of their own: text as it stands, <c>0x…</c> hexadecimal, <c>0s…</c> Base64. No octet of a key enters a message; buffers
/// are wiped (not so the YAML reader's strings: a file is better).
/// </summary>
internal sealed class SecretReader(ConfigurationErrors errors, ConfigurationFiles files)
{
    private const int Longest = 4096;

    /// <summary>A key by <paramref name="key"/> or in the file named by <paramref name="fileKey"/>; null when neither is there or it is wrong.</summary>
    public byte[]? Read(MapReader map, string key, string fileKey, int shortest, string weak)
    {
        var text = map.Text(key);
        var file = map.Text(fileKey);
        if (text is not null && file is not null)
        {
            map.Wrong(key, $"both '{key}' and '{fileKey}'", "keep one of them");
            return null;
        }

        var secret = text is not null ? Decode(text, key, Encoding.UTF8.GetBytes(text.Text)) : file is not null ? FromFile(file, fileKey) : null;
        if (secret is not null && secret.Length < shortest) errors.Warn((text ?? file)!.At, $"a key of {secret.Length} octets", $"take at least {shortest} ({weak}), as 'openssl rand -hex 32' makes them, with 0x before");
        return secret;
    }

    private byte[]? FromFile(YamlText file, string key)
    {
        if (files.Existing(file, key) is not { } path) return null;
        var octets = new byte[Longest + 1];
        try
        {
            using var stream = File.OpenRead(path);
            var length = stream.ReadAtLeast(octets, octets.Length, throwOnEndOfStream: false);
            if (length > Longest)
            {
                errors.Add(file.At, $"'{path}' is longer than {Longest} octets", "it holds one key and nothing else");
                return null;
            }

            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead)) != 0)
                errors.Warn(file.At, $"'{path}' can be read by others", $"chmod 600 {path}");
            while (length > 0 && octets[length - 1] is (byte)'\n' or (byte)'\r') length--;
            return Decode(file, key, octets.AsSpan(0, length));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            errors.Add(file.At, $"'{path}' cannot be read: {exception.Message.ReplaceLineEndings(" ")}", "let this user read it");
            return null;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(octets);
        }
    }

    private byte[]? Decode(YamlText at, string key, ReadOnlySpan<byte> written)
    {
        byte[]? secret = null;
        var problem = "is empty";
        if (written.StartsWith("0x"u8) || written.StartsWith("0X"u8)) (secret, problem) = (Hexadecimal(written[2..]), "is not made of pairs of hexadecimal digits behind 0x");
        else if (written.StartsWith("0s"u8) || written.StartsWith("0S"u8)) (secret, problem) = (Base64Octets(written[2..]), "is no Base64 behind 0s");
        else if (written.Length > 0) secret = written.ToArray();
        if (secret is { Length: > 0 }) return secret;
        errors.Add(at.At, $"the key of '{key}' {problem}", "write text, 0x and hexadecimal digits, or 0s and Base64");
        return null;
    }

    private static byte[]? Hexadecimal(ReadOnlySpan<byte> digits)
    {
        var octets = new byte[digits.Length / 2];
        if (digits.Length % 2 == 0 && Convert.FromHexString(digits, octets, out _, out _) == OperationStatus.Done) return octets;
        CryptographicOperations.ZeroMemory(octets);
        return null;
    }

    private static byte[]? Base64Octets(ReadOnlySpan<byte> text)
    {
        var octets = new byte[Base64.GetMaxDecodedFromUtf8Length(text.Length)];
        var good = Base64.DecodeFromUtf8(text, octets, out _, out var length) == OperationStatus.Done;
        var secret = good ? octets.AsSpan(0, length).ToArray() : null;
        CryptographicOperations.ZeroMemory(octets);
        return secret;
    }
}
