using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;

namespace Appliance.SlowPath.Credentials;

/// <summary>Reads PEM (RFC 7468) or DER in bounded memory; octets that may be a key are wiped.</summary>
internal static class PemFile
{
    /// <summary>Longest file with certificates or keys, in octets.</summary>
    public const int Longest = 1 << 20;

    private const int MostBlocks = 256;

    /// <summary>A file's octets; the caller wipes them. Null with the reason when it cannot be read or is longer than <paramref name="longest"/>.</summary>
    public static byte[]? Read(string path, int longest, out string problem)
    {
        problem = "";
        byte[] octets = [];
        try
        {
            // Not File.ReadAllBytes: a file may be a pipe or grow while it is read.
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            octets = new byte[Math.Min(stream.Length, longest) + 1];
            var length = stream.ReadAtLeast(octets, octets.Length, throwOnEndOfStream: false);
            if (length < octets.Length) return Take(octets, length);
            problem = length > longest ? $"longer than {longest} octets" : "it changed while it was read";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            problem = e switch
            {
                FileNotFoundException or DirectoryNotFoundException => "there is no such file",
                UnauthorizedAccessException => "this user may not read it",
                _ => e.Message.ReplaceLineEndings(" "),
            };
        }

        CryptographicOperations.ZeroMemory(octets);
        return null;
    }

    /// <summary>The blocks of a PEM text: label and DER, which the caller wipes. Null when a block is damaged.</summary>
    public static List<(string Label, byte[] Der)>? Blocks(ReadOnlySpan<byte> text)
    {
        var blocks = new List<(string, byte[])>();
        while (blocks.Count < MostBlocks && PemEncoding.TryFindUtf8(text, out var fields))
        {
            var der = new byte[fields.DecodedDataLength];
            if (Base64.DecodeFromUtf8(text[fields.Base64Data], der, out _, out var written) != OperationStatus.Done || written != der.Length) return null;
            blocks.Add((System.Text.Encoding.ASCII.GetString(text[fields.Label]), der));
            text = text[fields.Location.End..];
        }

        return blocks;
    }

    /// <summary>Wipes blocks.</summary>
    public static void Wipe(List<(string Label, byte[] Der)>? blocks)
    {
        foreach (var (_, der) in blocks ?? []) CryptographicOperations.ZeroMemory(der);
    }

    private static byte[] Take(byte[] octets, int length)
    {
        var taken = octets.AsSpan(0, length).ToArray();
        CryptographicOperations.ZeroMemory(octets);
        return taken;
    }
}
