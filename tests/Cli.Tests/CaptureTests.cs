using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using Appliance.Cli;
using Appliance.Cli.Labs;

namespace Appliance.CliTests;

/// <summary>What the labs' judge makes of captured packets: it must be able to say no.</summary>
public sealed class CaptureTests
{
    private static readonly byte[] KeyAndSalt = [.. Enumerable.Range(1, 36).Select(i => (byte)i)];
    private static readonly LabSite A = Site("a", "192.0.2.1", "2001:db8:1::1"), B = Site("b", "198.51.100.1"), C = Site("c", "203.0.113.1");

    [Fact]
    public void Pcap_GivesFramesWithTheirTime_AndEndsAtEveryTruncatedLength()
    {
        var file = Pcap(1700000000, 250000, Frame("192.0.2.1", "198.51.100.1", Esp(7, 1, 64)));
        var reader = new PcapReader(new MemoryStream(file));
        Assert.True(reader.TryNext(out var seconds, out var frame));
        Assert.Equal(1700000000.25, seconds, 6);
        Assert.Equal(14 + 20 + 64, frame.Length);
        Assert.False(reader.TryNext(out _, out _));
        for (var length = 0; length < file.Length; length++) Assert.False(new PcapReader(new MemoryStream(file, 0, length)).TryNext(out _, out _));
    }

    [Theory]
    [InlineData(0, "it begins with")]
    [InlineData(20, "link type")]
    [InlineData(35, "octets")]
    public void Pcap_OfAnotherKind_IsRefused(int at, string why)
    {
        var file = Pcap(1, 1, Frame("192.0.2.1", "198.51.100.1", Esp(7, 1, 64)));
        file[at] ^= 0x40;
        Assert.Contains(why, Assert.Throws<Failure>(() => new PcapReader(new MemoryStream(file)).TryNext(out _, out _)).Why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("192.0.2.1", "198.51.100.1")]
    [InlineData("2001:db8:1::1", "2001:db8:2::1")]
    public void Outer_IsReadInBothFamilies_AndNothingThatIsCutOff(string source, string destination)
    {
        var frame = Frame(source, destination, Esp(0x11223344, 0x0102030405060708, 80));
        Assert.True(OuterPacket.TryParse(frame, out var packet));
        Assert.Equal((IPAddress.Parse(source), IPAddress.Parse(destination)), (packet.Source, packet.Destination));
        Assert.Equal((0x11223344u, 0x0102030405060708ul, 80, false), (packet.Spi, packet.Iv, packet.Esp.Length, packet.IsIke));
        for (var length = 0; length < frame.Length; length++) Assert.False(OuterPacket.TryParse(frame.AsSpan(0, length), out _));
    }

    [Theory]
    [InlineData(500, 0u, true)]
    [InlineData(4500, 0u, true)]
    [InlineData(4500, 0x1234u, false)]
    public void Outer_TellsIkeFromEspInUdp(int port, uint first, bool isIke)
    {
        var udp = new byte[8 + 40];
        BinaryPrimitives.WriteUInt16BigEndian(udp, (ushort)port);
        BinaryPrimitives.WriteUInt16BigEndian(udp.AsSpan(2), (ushort)port);
        BinaryPrimitives.WriteUInt32BigEndian(udp.AsSpan(8), first);
        Assert.True(OuterPacket.TryParse(Frame("192.0.2.1", "198.51.100.1", udp, protocol: 17), out var packet));
        Assert.Equal(isIke, packet.IsIke);
        if (!isIke) Assert.Equal(first, packet.Spi);
    }

    [Fact]
    public void Ivs_AnotherPacketWithTheSameSpiAndIv_IsCounted_ACopyIsNot()
    {
        var ledger = new IvLedger(limit: 3);
        ledger.Take(1, 1, [1, 2, 3]);
        ledger.Take(1, 1, [1, 2, 3]);
        ledger.Take(1, 2, [1, 2, 4]);
        ledger.Take(2, 1, [1, 2, 4]);
        Assert.Equal((4, 0, 0), (ledger.Checked, ledger.Repeated, ledger.Unchecked));
        ledger.Take(1, 1, [1, 2, 5]);
        ledger.Take(3, 3, [1]);
        Assert.Equal((5, 1, 1), (ledger.Checked, ledger.Repeated, ledger.Unchecked));
    }

    [Fact]
    public void Flows_SeeAWayRoundByAThird()
    {
        var counts = new Dictionary<EspFlow, long>();
        void Count(LabSite from, LabSite to, uint spi, bool large, long packets) => counts[new EspFlow(from.Outer[0], to.Outer[0], spi, large)] = packets;
        Count(A, B, 1, true, 5);
        var before = new EspFlows(new Dictionary<EspFlow, long>(counts));
        Count(A, B, 1, true, 8);
        Count(B, A, 1, true, 2);
        Count(A, B, 2, false, 4);
        Count(A, C, 3, false, 9);
        var seen = new EspFlows(new Dictionary<EspFlow, long>(counts)).Since(before);
        Assert.Equal((3, 2, 0), (seen.Large(A, B), seen.Large(B, A), seen.LargeElsewhere(A, B)));
        Assert.Equal((2u, 3u), (seen.Spi(A, B), seen.Spi(A, C)));
        Assert.Null(seen.Spi(C, A));
        Count(C, B, 3, true, 1);
        Assert.Equal(1, new EspFlows(counts).Since(before).LargeElsewhere(A, B));
    }

    [Fact]
    public void ExportedKeys_OpenWhatTheyProtect_AndNothingElse()
    {
        var line = $"\"IPv4\",\"*\",\"*\",\"0x11223344\",\"AES-GCM with 16 octet ICV [RFC4106]\",\"0x{Convert.ToHexString(KeyAndSalt)}\",\"NULL\",\"0x\"";
        var (good, forged) = (Sealed(), Sealed());
        forged[20] ^= 1;
        using var keys = new ExportedKeys([line, line, ""]);
        Assert.Equal(1, keys.Count);
        Assert.Equal(1, keys.Opened([(A.Outer[0], B.Outer[0], good), (A.Outer[0], B.Outer[0], forged), (A.Outer[0], B.Outer[0], new byte[16])]));
        using var others = new ExportedKeys([line.Replace("0x01", "0x02", StringComparison.Ordinal)]);
        Assert.Equal(0, others.Opened([(A.Outer[0], B.Outer[0], good)]));
        // An SA between two: what these two say is theirs, and nobody else's.
        using var own = new ExportedKeys([line.Replace("\"*\",\"*\"", "\"192.0.2.1\",\"198.51.100.1\"", StringComparison.Ordinal)]);
        Assert.Equal(1, own.Opened([(A.Outer[0], B.Outer[0], good), (A.Outer[0], C.Outer[0], good)]));
    }

    [Theory]
    [InlineData("\"IPv4\",\"*\",\"*\",\"0x1\",\"AES-CBC [RFC3602]\",\"0x00\",\"NULL\",\"0x\"", "AES-CBC")]
    [InlineData("\"IPv4\",\"*\"", "too few fields")]
    public void ExportedKeys_ThatCannotBeTried_AreRefused(string line, string why) =>
        Assert.Contains(why, Assert.Throws<Failure>(() => new ExportedKeys([line])).Why, StringComparison.Ordinal);

    private static byte[] Sealed()
    {
        var esp = Esp(0x11223344, 5, 8 + 8 + 32 + 16);
        using var gcm = new AesGcm(KeyAndSalt.AsSpan(0, 32), 16);
        gcm.Encrypt([.. KeyAndSalt[32..], .. esp[8..16]], new byte[32], esp.AsSpan(16, 32), esp.AsSpan(48), esp.AsSpan(0, 8));
        return esp;
    }

    private static LabSite Site(string name, params string[] outer) => new(name, $"host-{name}", [], [.. outer.Select(IPAddress.Parse)]);

    private static byte[] Esp(uint spi, ulong iv, int length)
    {
        var esp = new byte[length];
        BinaryPrimitives.WriteUInt32BigEndian(esp, spi);
        BinaryPrimitives.WriteUInt64BigEndian(esp.AsSpan(8), iv);
        return esp;
    }

    private static byte[] Frame(string source, string destination, byte[] payload, byte protocol = 50)
    {
        var (from, to) = (IPAddress.Parse(source).GetAddressBytes(), IPAddress.Parse(destination).GetAddressBytes());
        var head = new byte[from.Length == 4 ? 20 : 40];
        var ethernet = new byte[14];
        BinaryPrimitives.WriteUInt16BigEndian(ethernet.AsSpan(12), (ushort)(from.Length == 4 ? 0x0800 : 0x86dd));
        head[0] = (byte)(from.Length == 4 ? 0x45 : 0x60);
        BinaryPrimitives.WriteUInt16BigEndian(head.AsSpan(from.Length == 4 ? 2 : 4), (ushort)(payload.Length + (from.Length == 4 ? 20 : 0)));
        head[from.Length == 4 ? 9 : 6] = protocol;
        from.CopyTo(head, from.Length == 4 ? 12 : 8);
        to.CopyTo(head, from.Length == 4 ? 16 : 24);
        return [.. ethernet, .. head, .. payload];
    }

    private static byte[] Pcap(uint seconds, uint microseconds, byte[] frame)
    {
        var head = new byte[24 + 16];
        foreach (var (at, value) in new[] { (0, 0xa1b2c3d4u), (4, 0x00040002u), (16, 262144u), (20, 1u), (24, seconds), (28, microseconds), (32, (uint)frame.Length), (36, (uint)frame.Length) })
            BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(at), value);
        return [.. head, .. frame];
    }
}
