using System.Runtime.CompilerServices;
using Appliance.Shared;

namespace Appliance.DataPlane;

/// <summary>
/// What all stages of one worker share: the region, its frames, its clock, and the one place where a packet's fate is counted (design, rule 4). Used by its
/// worker's thread only.
/// </summary>
internal sealed class WorkerContext
{
    public WorkerContext(Region region, FramePool pool, int index)
    {
        Region = region;
        Pool = pool;
        Memory = pool.Memory;
        Index = index;
        Events = region.Events(index);
    }

    /// <summary>The region.</summary>
    public Region Region { get; }

    /// <summary>The worker's frames.</summary>
    public FramePool Pool { get; }

    /// <summary>The memory that they are in.</summary>
    public FrameMemory Memory { get; }

    /// <summary>Index of the worker.</summary>
    public int Index { get; }

    /// <summary>Events to the slow path.</summary>
    public EventRing Events { get; }

    /// <summary>Milliseconds of <see cref="Environment.TickCount64"/> at the start of this round.</summary>
    public long Tick { get; private set; }

    /// <summary>What the worker publishes.</summary>
    public ref WorkerBlock Block
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref Region.Worker(Index);
    }

    /// <summary>Sets the clock, once a round. No wall clock: a jump of it ends no SA.</summary>
    public void SetClock(long tick) => Tick = tick;

    /// <summary>Ends a packet for a reason that is counted, and gives its frame back.</summary>
    public void Drop(in Packet packet, DropReason reason)
    {
        CountDrop(packet.InPort, reason);
        Pool.Give(packet.Address);
    }

    /// <summary>Counts a packet that ended before it had a frame.</summary>
    public void CountDrop(byte port, DropReason reason)
    {
        ref var block = ref Block;
        block.Drops[(int)reason]++;
        block.Ports[port & (PortRecord.Maximum - 1)].Drops++;
    }

    /// <summary>Ends a packet that was used up: a fragment joined to others, a keepalive, a dummy.</summary>
    public void Absorb(in Packet packet)
    {
        Block.Absorbed++;
        Pool.Give(packet.Address);
    }

    /// <summary>Tells the slow path. A full ring loses the event: the next packet raises it again.</summary>
    public void Raise(ref EventRecord record)
    {
        record.Worker = (byte)Index;
        _ = Events.TryRaise(record);
    }
}
