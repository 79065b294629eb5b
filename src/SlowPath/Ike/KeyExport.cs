using System.Globalization;
using System.Net;
using Appliance.Ike;
using Appliance.Ike.Messages;

namespace Appliance.SlowPath.Ike;

/// <summary>
/// Keys for Wireshark, on explicit request alone: IKE SAs in FILE, a line each as Wireshark's <c>ikev2_decryption_table</c> has them, ESP SAs in FILE.esp as its <c>esp_sa</c>
/// has them (a line of what Wireshark does not know starts with #). Mode 0600; lines are added, so that a slow path started anew goes on with the file.
/// </summary>
internal sealed class KeyExport : IDisposable
{
    /// <summary>Any address, as Wireshark's table has it.</summary>
    private const string Anybody = "*";
    private readonly StreamWriter ike, esp;

    /// <summary>Opens both files.</summary>
    /// <exception cref="IOException">One cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">One may not be written.</exception>
    public KeyExport(string file)
    {
        File = Path.GetFullPath(file);
        ike = Open(File);
        esp = Open(File + ".esp");
    }

    /// <summary>Where IKE's keys go.</summary>
    public string File { get; }

    /// <summary>Writes the keys of an IKE SA.</summary>
    public void Write(ExportKeys keys) => ike.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"{keys.InitiatorSpi:x16},{keys.ResponderSpi:x16},{Hex(keys.EncryptionInitiator.Octets)},{Hex(keys.EncryptionResponder.Octets)},\"{keys.Encryption}\",{Hex(keys.IntegrityInitiator.Octets)},{Hex(keys.IntegrityResponder.Octets)},\"{keys.Integrity}\""));

    /// <summary>Writes both directions of a child.</summary>
    public void Write(InstallChild install)
    {
        var child = install.Child;
        Write(child.Encryption, child.Integrity, Family(child.Local.Address), child.Remote.Address.ToString(), child.Local.Address.ToString(), child.InboundSpi, install.InboundKey.Octets);
        Write(child.Encryption, child.Integrity, Family(child.Local.Address), child.Local.Address.ToString(), child.Remote.Address.ToString(), child.OutboundSpi, install.OutboundKey.Octets);
    }

    /// <summary>Writes a multi-point SA: one key from anybody to anybody, of either outer family.</summary>
    public void Write(InstallGroupSa install)
    {
        foreach (var family in (string[])["IPv4", "IPv6"]) Write(install.Sa.Encryption, install.Sa.Integrity, family, Anybody, Anybody, install.Sa.Spi, install.Key.Octets);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ike.Dispose();
        esp.Dispose();
    }

    private static string Family(IPAddress address) => address.IsV4() ? "IPv4" : "IPv6";

    private void Write(EncryptionChoice choice, IntegrityTransform authentication, string family, string source, string destination, uint spi, ReadOnlySpan<byte> key)
    {
        var (encryption, length) = choice.Transform switch
        {
            EncryptionTransform.AesGcm16 => ("AES-GCM with 16 octet ICV [RFC4106]", key.Length),
            EncryptionTransform.AesCbc => ("AES-CBC [RFC3602]", choice.KeyBits / 8),
            EncryptionTransform.NullAesGmac => ("AES-GMAC [RFC4543]", key.Length),
            _ => ("ChaCha20-Poly1305 [RFC7634]", key.Length),
        };
        var integrity = authentication switch
        {
            IntegrityTransform.HmacSha1Bits96 => "HMAC-SHA-1-96 [RFC2404]",
            IntegrityTransform.HmacSha256Bits128 => "HMAC-SHA-256-128 [RFC4868]",
            IntegrityTransform.HmacSha384Bits192 => "HMAC-SHA-384-192 [RFC4868]",
            IntegrityTransform.HmacSha512Bits256 => "HMAC-SHA-512-256 [RFC4868]",
            _ => "NULL",
        };
        var unknown = choice.Transform is EncryptionTransform.AesGcm16 or EncryptionTransform.AesCbc ? "" : "# ";
        esp.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{unknown}\"{family}\",\"{source}\",\"{destination}\",\"0x{spi:x8}\",\"{encryption}\",\"0x{Hex(key[..length])}\",\"{integrity}\",\"0x{Hex(key[length..])}\""));
    }

    private static StreamWriter Open(string path)
    {
        var options = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.Read };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var file = new FileStream(path, options);
        if (!OperatingSystem.IsWindows()) System.IO.File.SetUnixFileMode(file.SafeFileHandle, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return new StreamWriter(file) { AutoFlush = true };
    }

    private static string Hex(ReadOnlySpan<byte> octets) => Convert.ToHexStringLower(octets);
}
