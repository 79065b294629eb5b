using Appliance.Shared;

namespace Appliance.PacketIo.AfXdp;

/// <summary>
/// One queue of a NIC past the kernel. Made by any thread; the pool is first touched by <see cref="Poll"/>, in the thread that owns both. In packet order:
/// 1. <see cref="Poll"/> lends empty frames to the kernel (fill ring);
/// 2. the kernel puts packets into them, <see cref="Receive"/> takes them (receive ring), and joins chains in jumbo runs;
/// 3. <see cref="Send"/> lends frames with packets to the kernel (transmit ring), a packet longer than a frame as a chain;
/// 4. <see cref="Poll"/> makes the kernel send when it asks for that, and takes sent frames back (completion ring).
/// <c>lent</c> counts for each frame (for a run: at its first frame) in how many places of these rings it stands, so that a frame goes back
/// to the pool exactly once, also when the device disappears with it. Opening takes no frame (the keeper opens): the first <see cref="Poll"/> of the worker does.
/// </summary>
public sealed class AfXdpQueue : PortQueue
{
    private const int RefillBatch = 64;
    private const uint AliveEvery = 1 << 14;

    private readonly FrameMemory memory;
    private readonly XskSocket socket;
    private readonly byte[] lent;
    private readonly int fillTarget;
    private int filled;
    private uint polls;
    private ulong discarded;
    private ulong missedAtClose;
    private bool lost;
    private bool closed;

    // A chain of which the last part has not come yet.
    private bool inChain;
    private bool chainFails;
    private uint chainRun;
    private int chainLength;

    internal AfXdpQueue(FramePool pool, byte port, int queue, XskSocket socket, int fillTarget)
        : base(pool, port)
    {
        Queue = queue;
        memory = pool.Memory;
        this.socket = socket;
        this.fillTarget = Math.Min(fillTarget, (int)socket.Fill.Size);
        lent = new byte[memory.Length / FrameMemory.FrameSize];
    }

    /// <summary>Number of the queue on its device.</summary>
    public int Queue { get; }

    /// <summary>True when the driver writes into the frames itself.</summary>
    public bool IsZeroCopy => socket.Mode.ZeroCopy;

    /// <summary>True when packets longer than a frame come and go.</summary>
    public bool IsMultiBuffer => socket.Mode.MultiBuffer;

    /// <inheritdoc/>
    public override int Descriptor => socket.Descriptor;

    /// <inheritdoc/>
    public override bool IsLost => Volatile.Read(ref lost);

    /// <summary>Packets dropped before <see cref="Receive"/>: by the kernel for want of a frame or of room, and here for want of a jumbo run.</summary>
    public override ulong Missed => closed ? missedAtClose : socket.Drops() + discarded;

    /// <inheritdoc/>
    public override int Receive(Span<Packet> batch)
    {
        ref var ring = ref socket.Rx;
        var available = (int)Math.Min(ring.Available, (uint)batch.Length);
        if (available == 0) return 0;
        for (var i = 0; i < available; i++) memory.Prefetch((uint)ring.Descriptor(ring.Consumed + (uint)i).Address);
        var count = 0;
        for (var i = 0; i < available; i++)
        {
            ref var descriptor = ref ring.Descriptor(ring.Consumed + (uint)i);
            var address = (uint)descriptor.Address;
            lent[address / FrameMemory.FrameSize] = 0;
            if (((descriptor.Options & XskDescriptor.Continues) != 0) | inChain)
            {
                if (Join(address, descriptor.Length, (descriptor.Options & XskDescriptor.Continues) != 0, out batch[count])) count++;
                continue;
            }

            batch[count++] = new Packet { Address = address, Length = descriptor.Length, InPort = Port };
        }

        filled -= available;
        ring.Release((uint)available);
        return count;
    }

    /// <inheritdoc/>
    public override int Send(ReadOnlySpan<Packet> batch)
    {
        if (lost) return 0;
        ref var ring = ref socket.Tx;
        var room = ring.Room;
        if (room < (uint)batch.Length)
        {
            Kick();
            TakeBack();
            room = ring.Room;
        }

        uint used = 0;
        var sent = 0;
        for (; sent < batch.Length; sent++)
        {
            ref readonly var packet = ref batch[sent];
            if ((uint)(packet.Length - 1) >= (uint)memory.Room(packet.Address))
            {
                // The kernel would swallow such a descriptor without giving the frame back.
                discarded++;
                Pool.Give(packet.Address);
                continue;
            }

            var pieces = (packet.Address % FrameMemory.FrameSize + (uint)packet.Length + FrameMemory.FrameSize - 1) / FrameMemory.FrameSize;
            if (used + pieces > room) break;
            lent[memory.FrameOf(packet.Address) / FrameMemory.FrameSize] = (byte)pieces;
            if (pieces == 1) ring.Descriptor(ring.Produced + used) = new XskDescriptor { Address = packet.Address, Length = packet.Length };
            else WriteChain(packet, used);
            used += pieces;
        }

        ring.Publish(used);
        return sent;
    }

    /// <inheritdoc/>
    public override void Poll()
    {
        if (lost) return;
        if (socket.Tx.Room != socket.Tx.Size) Kick();
        TakeBack();
        if (fillTarget - filled >= RefillBatch) Refill();
        if (socket.Fill.NeedsWakeup || (++polls & (AliveEvery - 1)) == 0) Note(socket.Wake());
    }

    /// <inheritdoc/>
    public override bool HasPending()
    {
        if (lost) return false;
        Note(socket.Wake());
        if (fillTarget > filled) Refill();
        return socket.Rx.Available != 0 || socket.Tx.Room != socket.Tx.Size;
    }

    /// <inheritdoc/>
    protected override void Close()
    {
        if (closed) return;
        if (!lost && socket.Tx.Room != socket.Tx.Size) Kick();
        missedAtClose = socket.Drops() + discarded;
        closed = true;
        lost = true;
        socket.Dispose();
        for (var i = 0; i < lent.Length; i++)
        {
            if (lent[i] == 0) continue;
            lent[i] = 0;
            Pool.Give((uint)i * FrameMemory.FrameSize);
        }

        if (inChain && !chainFails) Pool.Give(chainRun);
        inChain = false;
    }

    private void Kick()
    {
        if (socket.Tx.NeedsWakeup) Note(socket.Kick());
    }

    private void TakeBack()
    {
        ref var ring = ref socket.Completion;
        var available = ring.Available;
        if (available == 0) return;
        for (uint i = 0; i < available; i++)
        {
            var frame = memory.FrameOf((uint)ring.Address(ring.Consumed + i));
            ref var places = ref lent[frame / FrameMemory.FrameSize];
            if (places == 0 || --places != 0) continue;
            Pool.Give(frame);
        }

        ring.Release(available);
    }

    private void Refill()
    {
        ref var ring = ref socket.Fill;
        var wanted = Math.Min(ring.Room, (uint)(fillTarget - filled));
        uint count = 0;
        while (count < wanted && Pool.TryTake(out var frame))
        {
            lent[frame / FrameMemory.FrameSize] = 1;
            ring.Address(ring.Produced + count++) = frame;
        }

        filled += (int)count;
        ring.Publish(count);
    }

    private void WriteChain(in Packet packet, uint at)
    {
        ref var ring = ref socket.Tx;
        var address = packet.Address;
        var left = packet.Length;
        while (left > 0)
        {
            var length = Math.Min(left, (int)(FrameMemory.FrameSize - address % FrameMemory.FrameSize));
            left -= length;
            ring.Descriptor(ring.Produced + at++) = new XskDescriptor { Address = address, Length = length, Options = left > 0 ? XskDescriptor.Continues : 0 };
            address += (uint)length;
        }
    }

    /// <summary>One part of a chain: copied behind the others in a jumbo run, its frame given back. True when it was the last one and all fitted.</summary>
    private bool Join(uint address, int length, bool continues, out Packet packet)
    {
        if (!inChain)
        {
            inChain = true;
            chainLength = 0;
            chainFails = !Pool.TryTakeJumbo(out chainRun);
        }

        if (!chainFails && chainLength + length > FrameMemory.JumboSize - FrameMemory.Headroom)
        {
            chainFails = true;
            Pool.Give(chainRun);
        }

        if (!chainFails) memory.Span(address, length).CopyTo(memory.Span(chainRun + FrameMemory.Headroom + (uint)chainLength, length));
        chainLength += length;
        Pool.Give(address);
        packet = default;
        if (continues) return false;
        inChain = false;
        if (chainFails)
        {
            discarded++;
            return false;
        }

        packet = new Packet { Address = chainRun + FrameMemory.Headroom, Length = chainLength, InPort = Port };
        return true;
    }

    private void Note(int error)
    {
        if (error is Errno.NetworkDown or Errno.NoDeviceOrAddress or Errno.NoDevice) Volatile.Write(ref lost, true);
    }
}
