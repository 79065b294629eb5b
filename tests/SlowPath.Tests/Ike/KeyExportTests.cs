using System.Net;
using Appliance.Crypto;
using Appliance.Ike;
using Appliance.Ike.Messages;
using Appliance.SlowPath.Ike;

namespace Appliance.SlowPath.Tests.Ike;

public sealed class KeyExportTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("ike-keys-").FullName;

    private string File => Path.Combine(folder, "keys");

    public void Dispose() => Directory.Delete(folder, true);

    [Fact]
    public void LinesAreAsWiresharkReadsThem()
    {
        using (var export = new KeyExport(File))
        {
            export.Write(new ExportKeys(0x0102030405060708, 0xf0, Key(4, 1), Key(4, 2), Key(2, 3), Key(2, 4), "AES-CBC-256 [RFC3602]", "HMAC_SHA2_256_128 [RFC4868]"));
            export.Write(Child(EncryptionTransform.AesGcm16, 128, IntegrityTransform.None, 20));
        }

        using (var again = new KeyExport(File)) again.Write(Child(EncryptionTransform.AesCbc, 128, IntegrityTransform.HmacSha256Bits128, 48));
        Assert.Equal("0102030405060708,00000000000000f0,01010101,02020202,\"AES-CBC-256 [RFC3602]\",0303,0404,\"HMAC_SHA2_256_128 [RFC4868]\"", Assert.Single(System.IO.File.ReadAllLines(File)));
        var lines = System.IO.File.ReadAllLines(File + ".esp");
        Assert.Equal($"\"IPv4\",\"198.51.100.1\",\"192.0.2.1\",\"0x00000011\",\"AES-GCM with 16 octet ICV [RFC4106]\",\"0x{Repeat("05", 20)}\",\"NULL\",\"0x\"", lines[0]);
        Assert.Equal($"\"IPv4\",\"192.0.2.1\",\"198.51.100.1\",\"0x00000022\",\"AES-GCM with 16 octet ICV [RFC4106]\",\"0x{Repeat("06", 20)}\",\"NULL\",\"0x\"", lines[1]);
        Assert.Equal($"\"IPv4\",\"192.0.2.1\",\"198.51.100.1\",\"0x00000022\",\"AES-CBC [RFC3602]\",\"0x{Repeat("06", 16)}\",\"HMAC-SHA-256-128 [RFC4868]\",\"0x{Repeat("06", 32)}\"", lines[3]);
    }

    [Fact]
    public void AGroupsKeyIsForAnybodyToAnybody()
    {
        var sa = new GroupSa { Group = "mesh", Gateway = "gw", Spi = 0x33, Encryption = new EncryptionChoice(EncryptionTransform.AesGcm16, 256), SenderIds = [1], SenderIdBits = 20, LifetimeMilliseconds = 1000 };
        using (var export = new KeyExport(File)) export.Write(new InstallGroupSa(1, sa, Key(36, 7)));
        Assert.Equal(
            ((string[])["IPv4", "IPv6"]).Select(f => $"\"{f}\",\"*\",\"*\",\"0x00000033\",\"AES-GCM with 16 octet ICV [RFC4106]\",\"0x{Repeat("07", 36)}\",\"NULL\",\"0x\""),
            System.IO.File.ReadAllLines(File + ".esp"));
    }

    [Fact]
    public void FilesAreTheOwnersAlone()
    {
        if (OperatingSystem.IsWindows()) return;
        System.IO.File.WriteAllText(File, "");
        System.IO.File.SetUnixFileMode(File, (UnixFileMode)0b110_100_100);
        using var export = new KeyExport(File);
        foreach (var file in (string[])[File, File + ".esp"]) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(file));
    }

    private static string Repeat(string text, int times) => string.Concat(Enumerable.Repeat(text, times));

    private static Secret Key(int length, byte value)
    {
        var key = new Secret(length);
        key.Octets.Fill(value);
        return key;
    }

    private static InstallChild Child(EncryptionTransform encryption, int bits, IntegrityTransform integrity, int length)
    {
        var child = new ChildSa
        {
            Tunnel = "t", Instance = "t", InboundSpi = 0x11, OutboundSpi = 0x22, Mode = ChildMode.Tunnel, Encryption = new EncryptionChoice(encryption, bits), Integrity = integrity,
            Local = new IPEndPoint(IPAddress.Parse("192.0.2.1"), 500), Remote = new IPEndPoint(IPAddress.Parse("198.51.100.1"), 500), LocalSelectors = [], RemoteSelectors = [],
        };
        return new InstallChild(1, child, Key(length, 5), Key(length, 6), true);
    }
}
