using System.Buffers.Binary;
using Appliance.PacketIo.Pcap;
using Appliance.Shared;

namespace Appliance.PacketIo.Tests;

public sealed class PcapTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("pktio").FullName;
    private readonly FrameMemory memory = new(64, 4);
    private readonly FramePool pool;

    public PcapTests() => pool = new FrameExchange(memory, 1).Pools[0];

    public void Dispose()
    {
        Assert.Equal(64, pool.Free);
        Assert.Equal(4, pool.FreeJumbo);
        memory.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData(false, 0xa1b2c3d4u, 1u)]
    [InlineData(true, 0xa1b2c3d4u, 1u)]
    [InlineData(false, 0xa1b23c4du, 101u)]
    [InlineData(true, 0xa1b23c4du, 228u)]
    public void Files_of_both_byte_orders_resolutions_and_link_types_are_replayed(bool big, uint magic, uint link)
    {
        var packets = new[] { Bytes(60), Bytes(1500), Bytes(9000) };
        using var queue = new PcapQueue(pool, 4, Write(big, magic, link, packets), null);
        var batch = new Packet[8];
        Assert.True(queue.HasPending());
        Assert.Equal(3, queue.Receive(batch));
        for (var i = 0; i < 3; i++)
        {
            Assert.True(memory.Span(batch[i]).SequenceEqual(packets[i]));
            Assert.Equal((4, link != 1), (batch[i].InPort, (batch[i].Flags & PacketFlags.NoEthernet) != 0));
            pool.Give(batch[i].Address);
        }

        Assert.False(queue.HasPending());
        Assert.Equal(0, queue.Receive(batch));
        Assert.Equal(0ul, queue.Missed);
    }

    [Fact]
    public void What_is_written_is_read_back_the_same_by_us_and_by_tcpdump()
    {
        var path = Path.Combine(folder, "out.pcap");
        var packets = new[] { Bytes(60), Bytes(1500), Bytes(9000) };
        using (var queue = new PcapQueue(pool, 0, null, path)) Assert.Equal(3, queue.Send(Lease(packets)));
        using (var again = new PcapQueue(pool, 0, path, null))
        {
            var batch = new Packet[8];
            Assert.Equal(3, again.Receive(batch));
            for (var i = 0; i < 3; i++)
            {
                Assert.True(memory.Span(batch[i]).SequenceEqual(packets[i]));
                pool.Give(batch[i].Address);
            }
        }

        if (File.Exists("/usr/bin/tcpdump")) Assert.Equal("3", NetworkNamespace.Shell($"tcpdump -nr {path} 2>/dev/null | grep -c '^[0-9][0-9]:'").Trim());
    }

    [Fact]
    public void Packets_without_an_Ethernet_header_get_one_in_an_Ethernet_file()
    {
        var path = Path.Combine(folder, "out.pcap");
        var packet = Bytes(60);
        packet[0] = 0x60;
        using (var queue = new PcapQueue(pool, 0, null, path))
        {
            var lease = Lease([packet]);
            lease[0].Flags = PacketFlags.NoEthernet;
            queue.Send(lease);
            Assert.False(queue.HasPending());
            Assert.Equal(PcapFormat.HeaderSize + PcapFormat.RecordHeaderSize + 74, new FileInfo(path).Length);
        }

        Assert.Equal((byte[])[0x86, 0xdd, .. packet], File.ReadAllBytes(path)[^62..]);
    }

    [Fact]
    public void Torn_and_hostile_records_end_the_replay_and_are_counted()
    {
        var whole = File.ReadAllBytes(Write(false, 0xa1b2c3d4, 1, [Bytes(100), Bytes(100)]));
        for (var length = PcapFormat.HeaderSize; length < whole.Length; length++)
        {
            var path = Path.Combine(folder, "torn.pcap");
            File.WriteAllBytes(path, whole[..length]);
            using var queue = new PcapQueue(pool, 0, path, null);
            var batch = new Packet[8];
            var count = queue.Receive(batch);
            Assert.Equal((length - PcapFormat.HeaderSize) / 116, count);
            Assert.Equal((length - PcapFormat.HeaderSize) % 116 == 0 ? 0ul : 1ul, queue.Missed);
            for (var i = 0; i < count; i++) pool.Give(batch[i].Address);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(whole.AsSpan(PcapFormat.HeaderSize + 8), uint.MaxValue);
        var hostile = Path.Combine(folder, "hostile.pcap");
        File.WriteAllBytes(hostile, whole);
        using var bad = new PcapQueue(pool, 0, hostile, null);
        Assert.Equal(0, bad.Receive(new Packet[8]));
        Assert.Equal(1ul, bad.Missed);
    }

    [Fact]
    public void A_packet_larger_than_any_buffer_is_skipped()
    {
        using var queue = new PcapQueue(pool, 0, Write(false, 0xa1b2c3d4, 1, [Bytes(20000), Bytes(80)]), null);
        var batch = new Packet[8];
        Assert.Equal(1, queue.Receive(batch));
        Assert.Equal(80, batch[0].Length);
        Assert.Equal(1ul, queue.Missed);
        pool.Give(batch[0].Address);
    }

    [Fact]
    public void A_file_that_is_none_says_what_it_is()
    {
        var path = Path.Combine(folder, "x.pcapng");
        File.WriteAllBytes(path, [0x0a, 0x0d, 0x0d, 0x0a, .. new byte[40]]);
        Assert.Contains("pcapng", Assert.Throws<IOException>(() => new PcapQueue(pool, 0, path, null)).Message, StringComparison.Ordinal);
    }

    private string Write(bool big, uint magic, uint link, byte[][] packets)
    {
        var path = Path.Combine(folder, Guid.NewGuid() + ".pcap");
        using var file = File.Create(path);
        void Word(uint value)
        {
            var octets = new byte[4];
            if (big) BinaryPrimitives.WriteUInt32BigEndian(octets, value);
            else BinaryPrimitives.WriteUInt32LittleEndian(octets, value);
            file.Write(octets);
        }

        Word(magic);
        Word(big ? 0x0002_0004u : 0x0004_0002u);
        foreach (var value in (ReadOnlySpan<uint>)[0, 0, 65535, link]) Word(value);
        foreach (var packet in packets)
        {
            foreach (var value in (ReadOnlySpan<uint>)[1, 2, (uint)packet.Length, (uint)packet.Length]) Word(value);
            file.Write(packet);
        }

        return path;
    }

    private Packet[] Lease(byte[][] packets) => [.. packets.Select(octets =>
    {
        var taken = octets.Length > 1500 ? pool.TryTakeJumbo(out var frame) : pool.TryTake(out frame);
        Assert.True(taken);
        octets.CopyTo(memory.Span(frame + 256, octets.Length));
        return new Packet { Address = frame + 256, Length = octets.Length };
    })];

    private static byte[] Bytes(int length)
    {
        var octets = new byte[length];
        Random.Shared.NextBytes(octets);
        return octets;
    }
}
