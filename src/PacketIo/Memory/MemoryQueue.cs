using Appliance.Shared;

namespace Appliance.PacketIo.Memory;

/// <summary>
/// One end of a link between two ports of one process: frames cross without a copy. One ring for each direction; the two ends may belong to two workers. A worker that has
/// both ends need not be woken; one that has one end must ask (<see cref="Descriptor"/> is -1).
/// </summary>
public sealed class MemoryQueue : PortQueue
{
    private readonly SpscRing<Packet> inbound;
    private readonly SpscRing<Packet> outbound;
    private MemoryQueue peer = null!;
    private ulong discarded;
    private bool closed;

    private MemoryQueue(FramePool pool, byte port, SpscRing<Packet> inbound, SpscRing<Packet> outbound)
        : base(pool, port)
    {
        this.inbound = inbound;
        this.outbound = outbound;
    }

    /// <inheritdoc/>
    public override int Descriptor => -1;

    /// <inheritdoc/>
    public override bool IsLost => false;

    /// <summary>Packets that were sent after the other end had closed.</summary>
    public override ulong Missed => discarded;

    /// <summary>Makes both ends of a link that holds <paramref name="capacity"/> packets in each direction.</summary>
    public static (MemoryQueue A, MemoryQueue B) Link(FramePool poolA, byte portA, FramePool poolB, byte portB, int capacity = 1024)
    {
        var toB = new SpscRing<Packet>(capacity);
        var toA = new SpscRing<Packet>(capacity);
        var a = new MemoryQueue(poolA, portA, toA, toB);
        var b = new MemoryQueue(poolB, portB, toB, toA);
        (a.peer, b.peer) = (b, a);
        return (a, b);
    }

    /// <inheritdoc/>
    public override int Receive(Span<Packet> batch)
    {
        var count = inbound.Dequeue(batch);
        foreach (ref var packet in batch[..count])
        {
            packet.InPort = Port;
            packet.Flags &= PacketFlags.NoEthernet;
            packet.Depth = 0;
        }

        return count;
    }

    /// <inheritdoc/>
    public override int Send(ReadOnlySpan<Packet> batch)
    {
        if (Volatile.Read(ref peer.closed))
        {
            foreach (ref readonly var packet in batch) Pool.Give(packet.Address);
            discarded += (ulong)batch.Length;
            return batch.Length;
        }

        var sent = 0;
        while (sent < batch.Length && outbound.TryEnqueue(batch[sent])) sent++;
        return sent;
    }

    /// <inheritdoc/>
    public override void Poll()
    {
    }

    /// <inheritdoc/>
    public override bool HasPending() => inbound.Count != 0;

    /// <inheritdoc/>
    protected override void Close()
    {
        if (closed) return;
        Volatile.Write(ref closed, true);
        Drain(inbound);
        if (Volatile.Read(ref peer.closed)) Drain(outbound);
    }

    private void Drain(SpscRing<Packet> ring)
    {
        while (ring.TryDequeue(out var packet)) Pool.Give(packet.Address);
    }
}
