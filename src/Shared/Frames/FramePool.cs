using System.Runtime.CompilerServices;

namespace Appliance.Shared;

/// <summary>
/// The free frames of one worker: a stack, since the frame given back last is the one still in cache. Each frame belongs to one worker; one
/// that comes back to another worker goes home over <see cref="FrameExchange"/>, so that no pool runs dry because its packets
/// always leave by somebody else. Used by its worker only.
/// </summary>
public sealed class FramePool
{
    private readonly FrameExchange exchange;
    private readonly uint[] frames;
    private readonly uint[] jumbos;
    private int frameTop;
    private int jumboTop;

    internal FramePool(FrameExchange exchange, int worker, int frameCount, int jumboCount)
    {
        this.exchange = exchange;
        Worker = worker;
        Memory = exchange.Memory;
        frames = new uint[frameCount];
        jumbos = new uint[jumboCount];
        for (var i = frameCount - 1; i >= 0; i--) frames[frameTop++] = (uint)((worker * frameCount + i) * FrameMemory.FrameSize);
        for (var i = jumboCount - 1; i >= 0; i--) jumbos[jumboTop++] = Memory.JumboStart + (uint)((worker * jumboCount + i) * FrameMemory.JumboSize);
    }

    /// <summary>The memory that the frames are in.</summary>
    public FrameMemory Memory { get; }

    /// <summary>Index of the worker.</summary>
    public int Worker { get; }

    /// <summary>Ordinary frames that are free here now.</summary>
    public int Free => frameTop;

    /// <summary>Jumbo runs that are free here now.</summary>
    public int FreeJumbo => jumboTop;

    /// <summary>Ordinary frames that belong to this worker.</summary>
    public int Capacity => frames.Length;

    /// <summary>Jumbo runs that belong to this worker.</summary>
    public int JumboCapacity => jumbos.Length;

    /// <summary>Takes an ordinary frame; the address is that of its first octet (add <see cref="FrameMemory.Headroom"/>).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTake(out uint frame)
    {
        if (frameTop == 0) Collect();
        if (frameTop == 0)
        {
            frame = 0;
            return false;
        }

        frame = frames[--frameTop];
        exchange.Lease(frame);
        return true;
    }

    /// <summary>Takes a jumbo run of <see cref="FrameMemory.JumboSize"/> octets.</summary>
    public bool TryTakeJumbo(out uint run)
    {
        if (jumboTop == 0) Collect();
        run = 0;
        if (jumboTop == 0) return false;
        run = jumbos[--jumboTop];
        exchange.Lease(run);
        return true;
    }

    /// <summary>Gives back the frame or run that holds <paramref name="address"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Give(uint address)
    {
        exchange.Return(address);
        if (exchange.OwnerOf(address) == Worker) GiveOwn(address);
        else exchange.SendHome(Worker, address);
    }

    /// <summary>Takes in what other workers sent home. Called once a loop.</summary>
    public void Collect()
    {
        for (var from = 0; from < exchange.Workers; from++)
        {
            if (from == Worker) continue;
            while (exchange.TryReceive(from, Worker, out var address)) GiveOwn(address);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void GiveOwn(uint address)
    {
        var frame = Memory.FrameOf(address);
        if (frame < Memory.JumboStart) frames[frameTop++] = frame;
        else jumbos[jumboTop++] = frame;
    }
}
