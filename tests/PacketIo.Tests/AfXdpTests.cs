using Appliance.PacketIo.AfXdp;
using Appliance.PacketIo.Bpf;
using Appliance.Shared;

namespace Appliance.PacketIo.Tests;

public sealed class AfXdpTests
{
    private const int Frames = 2048, Jumbos = 16;

    [SkippableTheory]
    [InlineData(PortMode.Native)]
    [InlineData(PortMode.Generic)]
    public void A_frame_of_a_raw_socket_is_received_and_one_that_is_sent_arrives_unchanged(PortMode mode) => OnVeth(1500, 1, mode, (port, wire) =>
    {
        foreach (var length in (ReadOnlySpan<int>)[60, 61, 200, 1400, 1514])
        {
            var frame = Frame(length);
            wire.Send(frame);
            var packet = Assert.Single(port.Receive(1));
            Assert.Equal(frame, port.Memory.Span(packet).ToArray());
            Assert.True(packet.Address % FrameMemory.FrameSize >= FrameMemory.Headroom - 14);
            port.Memory.Span(packet)[20] ^= 0xff;
            frame[20] ^= 0xff;
            Assert.Equal(1, port.Queues[0].Send([packet]));
            Assert.Equal(frame, port.AwaitOn(wire));
        }
    });

    [SkippableTheory]
    [InlineData(PortMode.Native)]
    [InlineData(PortMode.Generic)]
    public void A_jumbo_packet_is_received_in_one_run_and_sent_as_a_chain(PortMode mode) => OnVeth(9000, 1, mode, (port, wire) =>
    {
        Skip.IfNot(port.Queues[0].IsMultiBuffer, "this kernel has no XDP_USE_SG");
        foreach (var length in (ReadOnlySpan<int>)[1700, 1792, 1793, 2048, 4000, 8900, 9014])
        {
            var frame = Frame(length);
            wire.Send(frame);
            var packet = Assert.Single(port.Receive(1));
            Assert.Equal(length, packet.Length);
            Assert.True(frame.AsSpan().SequenceEqual(port.Memory.Span(packet)), $"{length} octets differ after Receive");
            Assert.Equal(1, port.Queues[0].Send([packet]));
            Assert.True(frame.AsSpan().SequenceEqual(port.AwaitOn(wire)), $"{length} octets differ on the wire");
        }
    });

    [SkippableFact]
    public void A_burst_larger_than_the_rings_is_counted_and_no_frame_is_lost() => OnVeth(1500, 1, PortMode.Native, (port, wire) =>
    {
        const int burst = 3000;
        for (var i = 0; i < burst; i++) wire.Send(Frame(100));
        var received = port.Receive(burst, milliseconds: 200);
        Assert.InRange(received.Count, 1, burst);
        Assert.Equal((ulong)(burst - received.Count), port.Queues[0].Missed);
        foreach (var packet in received) port.Pool.Give(packet.Address);
    });

    [SkippableFact]
    public void A_packet_longer_than_its_frame_is_refused_and_its_frame_comes_back() => OnVeth(1500, 1, PortMode.Native, (port, _) =>
    {
        Assert.True(port.Pool.TryTake(out var frame));
        var free = port.Pool.Free;
        Assert.Equal(1, port.Queues[0].Send([new Packet { Address = frame + FrameMemory.Headroom, Length = 4000 }]));
        Assert.Equal(free + 1, port.Pool.Free);
        Assert.Equal(1ul, port.Queues[0].Missed);
    });

    [SkippableFact]
    public void Two_queues_both_receive_and_send() => OnVeth(1500, 2, PortMode.Native, (port, wire) =>
    {
        Assert.Equal(2, port.Queues.Count);
        var frame = Frame(100);
        foreach (var queue in port.Queues)
        {
            Assert.True(port.Pool.TryTake(out var at));
            frame.CopyTo(port.Memory.Span(at + FrameMemory.Headroom, frame.Length));
            Assert.Equal(1, queue.Send([new Packet { Address = at + FrameMemory.Headroom, Length = frame.Length }]));
            Assert.Equal(frame, port.AwaitOn(wire));
        }

        for (var i = 0; i < 32; i++) wire.Send(Frame(100));
        foreach (var packet in port.Receive(32)) port.Pool.Give(packet.Address);
    });

    [SkippableFact]
    public void A_device_that_is_deleted_is_noticed_and_taken_back_when_it_returns() => InNamespace(network =>
    {
        network.AddVeth("x0", "x1");
        using var memory = new FrameMemory(Frames, Jumbos);
        var pool = new FrameExchange(memory, 1).Pools[0];
        var umem = new XskMemory(memory);
        using var addresses = LocalAddressMaps.Create();
        using var maps = SteeringMaps.Create(addresses);
        using var program = maps.LoadSteer();
        var link = XdpLink.Attach(program, "x0");
        var queue = AfXdpPort.Open(umem, [pool], 3, "x0", PortMode.None, maps.Xsk)[0];
        Assert.False(queue.IsLost);
        network.Exec("ip link del x0");
        Assert.False(link.IsDevicePresent);
        Assert.False(queue.HasPending());
        Assert.True(queue.IsLost);
        queue.Dispose();
        Assert.Equal(Frames, pool.Free);
        Assert.Throws<IOException>(() => AfXdpPort.Open(umem, [pool], 3, "x0", PortMode.None, maps.Xsk));
        Assert.Equal(Frames, pool.Free);
        link.Dispose();

        network.AddVeth("x0", "x1");
        using var again = XdpLink.Attach(program, "x0");
        using var reopened = AfXdpPort.Open(umem, [pool], 3, "x0", PortMode.None, maps.Xsk)[0];
        using var wire = new RawSocket("x1");
        reopened.Poll();
        wire.Send(Frame(80));
        var batch = new Packet[8];
        var end = Environment.TickCount64 + 1000;
        var count = 0;
        while (count == 0 && Environment.TickCount64 < end)
        {
            reopened.Poll();
            count = reopened.Receive(batch);
        }

        Assert.Equal(1, count);
        Assert.Equal(3, batch[0].InPort);
        pool.Give(batch[0].Address);
    });

    [SkippableFact]
    public void A_device_that_is_set_down_is_lost_until_it_is_up_again() => InNamespace(network =>
    {
        network.AddVeth("x0", "x1");
        using var memory = new FrameMemory(Frames, Jumbos);
        var pool = new FrameExchange(memory, 1).Pools[0];
        using var port = new TestPort(memory, pool, "x0", PortMode.None);
        network.Exec("ip link set x0 down");
        Assert.False(port.Queues[0].HasPending());
        Assert.True(port.Queues[0].IsLost);
        Assert.Equal(0, port.Queues[0].Send([default]));
        port.Queues[0].Dispose();
        Assert.Equal(Frames, pool.Free);
        Assert.Contains("is down", Assert.Throws<IOException>(() => port.Open()).Message, StringComparison.Ordinal);
        network.Exec("ip link set x0 up");
        using var again = port.Open()[0];
        Assert.False(again.HasPending());
        Assert.False(again.IsLost);
    });

    [SkippableFact]
    public void A_queue_opens_again_at_once_after_it_was_closed() => InNamespace(network =>
    {
        network.AddVeth("x0", "x1");
        using var memory = new FrameMemory(Frames, Jumbos);
        var pool = new FrameExchange(memory, 1).Pools[0];
        var umem = new XskMemory(memory);
        using var addresses = LocalAddressMaps.Create();
        using var maps = SteeringMaps.Create(addresses);
        using var program = maps.LoadSteer();
        using var link = XdpLink.Attach(program, "x0");
        for (var i = 0; i < 5; i++)
        {
            foreach (var queue in AfXdpPort.Open(umem, [pool], 0, "x0", PortMode.None, maps.Xsk)) queue.Dispose();
            Assert.Equal(Frames, pool.Free);
        }
    });

    [SkippableFact]
    public void Ports_on_two_devices_share_frames_without_a_copy() => InNamespace(network =>
    {
        network.AddVeth("x0", "x1");
        network.AddVeth("y0", "y1");
        using var memory = new FrameMemory(Frames, Jumbos);
        var pool = new FrameExchange(memory, 1).Pools[0];
        using var x = new TestPort(memory, pool, "x0", PortMode.None);
        using var y = new TestPort(memory, pool, "y0", PortMode.None, x.Umem);
        using var pass = XdpLink.AttachPass("y1");
        using var sender = new RawSocket("x1");
        using var receiver = new RawSocket("y1");
        var frame = Frame(500);
        sender.Send(frame);
        var packet = Assert.Single(x.Receive(1));
        Assert.Equal(1, y.Queues[0].Send([packet]));
        Assert.Equal(frame, y.AwaitOn(receiver));
        x.Dispose();
        sender.Send(frame);
        Assert.True(pool.TryTake(out var at));
        frame.CopyTo(memory.Span(at + 256, frame.Length));
        Assert.Equal(1, y.Queues[0].Send([new Packet { Address = at + 256, Length = frame.Length }]));
        Assert.Equal(frame, y.AwaitOn(receiver));
        y.Dispose();
        Assert.Equal(Frames, pool.Free);
    });

    /// <summary>Nobody's address, so the steering program takes it as to be forwarded.</summary>
    private static byte[] Frame(int length)
    {
        var frame = new byte[length];
        Random.Shared.NextBytes(frame);
        frame[0] = 2;
        frame[6] = 2;
        frame[12] = 0x08;
        frame[13] = 0x00;
        frame[14] = 0x45;
        (frame[30], frame[31], frame[32], frame[33]) = (198, 51, 100, 7);
        return frame;
    }

    private static void InNamespace(Action<NetworkNamespace> body)
    {
        Need.Root();
        using var network = new NetworkNamespace();
        network.Run(() => body(network));
    }

    private static void OnVeth(int mtu, int queues, PortMode mode, Action<TestPort, RawSocket> body) => InNamespace(network =>
    {
        network.AddVeth("x0", "x1", queues, mtu);
        using var memory = new FrameMemory(Frames, Jumbos);
        var pool = new FrameExchange(memory, 1).Pools[0];
        using (var port = new TestPort(memory, pool, "x0", mode))
        using (XdpLink.AttachPass("x1"))
        using (var wire = new RawSocket("x1"))
            body(port, wire);
        Assert.Equal(Frames, pool.Free);
        Assert.Equal(Jumbos, pool.FreeJumbo);
    });
}
