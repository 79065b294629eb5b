using Appliance.PacketIo.Memory;
using Appliance.Shared;

namespace Appliance.PacketIo.Tests;

public sealed class MemoryTests
{
    [Fact]
    public void Frames_cross_a_link_without_a_copy_and_all_come_home()
    {
        using var memory = new FrameMemory(64, 2);
        var pools = new FrameExchange(memory, 2).Pools;
        var (a, b) = MemoryQueue.Link(pools[0], 1, pools[1], 2, capacity: 8);
        var sent = new Packet[10];
        for (var i = 0; i < sent.Length; i++)
        {
            Assert.True(pools[0].TryTake(out var frame));
            sent[i] = new Packet { Address = frame + FrameMemory.Headroom, Length = 60 + i, InPort = 7, Depth = 3 };
        }

        Assert.Equal(8, a.Send(sent));
        Assert.True(b.HasPending());
        var received = new Packet[10];
        Assert.Equal(8, b.Receive(received));
        Assert.Equal(sent[..8].Select(p => p.Address), received[..8].Select(p => p.Address));
        Assert.All(received[..8], p => Assert.Equal((2, 0), (p.InPort, p.Depth)));
        Assert.False(b.HasPending());
        Assert.Equal(2, a.Send(sent.AsSpan(8)));
        foreach (var packet in received[..8]) pools[1].Give(packet.Address);
        b.Dispose();
        a.Dispose();
        pools[0].Collect();
        Assert.Equal(32, pools[0].Free);
        Assert.Equal(32, pools[1].Free);
    }

    [Fact]
    public void What_is_sent_to_a_closed_end_is_counted_and_its_frame_comes_back()
    {
        using var memory = new FrameMemory(16, 1);
        var pool = new FrameExchange(memory, 1).Pools[0];
        var (a, b) = MemoryQueue.Link(pool, 0, pool, 1);
        b.Dispose();
        Assert.True(pool.TryTake(out var frame));
        Assert.Equal(1, a.Send([new Packet { Address = frame + 256, Length = 10 }]));
        Assert.Equal(1ul, a.Missed);
        a.Dispose();
        Assert.Equal(16, pool.Free);
    }

    [Fact]
    public void A_source_always_has_packets_and_a_sink_swallows_them_without_allocating()
    {
        using var memory = new FrameMemory(128, 4);
        var pool = new FrameExchange(memory, 1).Pools[0];
        var templates = new[] { Bytes(60), Bytes(1420), Bytes(8900) };
        using var source = new SourceQueue(pool, 1, templates);
        using var sink = new SinkQueue(pool, 2);
        var batch = new Packet[64];
        for (var round = 0; round < 3; round++) Turn(source, sink, batch, memory, templates);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < 100; round++) sink.Send(batch.AsSpan(0, source.Receive(batch)));
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(source.Packets, sink.Packets);
        Assert.Equal(128, pool.Free);
        Assert.Equal(4, pool.FreeJumbo);
        source.Remaining = 3;
        Assert.Equal(3, source.Receive(batch));
        sink.Send(batch.AsSpan(0, 3));
        Assert.Equal(0, source.Receive(batch));
    }

    private static void Turn(SourceQueue source, SinkQueue sink, Packet[] batch, FrameMemory memory, byte[][] templates)
    {
        var count = source.Receive(batch.AsSpan(0, 9));
        Assert.Equal(9, count);
        for (var i = 0; i < count; i++) Assert.True(memory.Span(batch[i]).SequenceEqual(templates[i % 3]));
        Assert.Equal(count, sink.Send(batch.AsSpan(0, count)));
    }

    private static byte[] Bytes(int length)
    {
        var octets = new byte[length];
        Random.Shared.NextBytes(octets);
        return octets;
    }
}
