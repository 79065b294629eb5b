using System.Runtime.CompilerServices;

namespace Appliance.Shared;

/// <summary>
/// Who owns which frame, and the rings on which frames go home: one single-producer single-consumer ring for each ordered pair of
/// workers, as large as all the frames of the receiver, so that it can never be full.
/// </summary>
public sealed class FrameExchange
{
    private readonly int framesEach;
    private readonly int jumbosEach;
    private readonly SpscRing<uint>[] rings;
    private readonly int[]? leases;

    /// <summary>
    /// Divides <paramref name="memory"/> evenly between workers. With <paramref name="watchLeases"/> (tests, debug builds) each taking and giving back is
    /// checked, and a frame that is given back twice throws where it happens; without, it costs nothing.
    /// </summary>
    public FrameExchange(FrameMemory memory, int workers, bool watchLeases = WatchByDefault)
    {
        if (watchLeases) leases = new int[memory.Frames + memory.JumboRuns];
        Memory = memory;
        Workers = workers;
        framesEach = memory.Frames / workers;
        jumbosEach = memory.JumboRuns / workers;
        rings = new SpscRing<uint>[workers * workers];
        for (var i = 0; i < rings.Length; i++) rings[i] = new SpscRing<uint>(workers == 1 ? 2 : framesEach + jumbosEach);
        Pools = [.. Enumerable.Range(0, workers).Select(w => new FramePool(this, w, framesEach, jumbosEach))];
    }

    /// <summary>The memory.</summary>
    public FrameMemory Memory { get; }

    /// <summary>How many workers share it.</summary>
    public int Workers { get; }

    /// <summary>One pool for each worker.</summary>
    public IReadOnlyList<FramePool> Pools { get; }

#if DEBUG
    private const bool WatchByDefault = true;
#else
    private const bool WatchByDefault = false;
#endif

    /// <summary>Called when a frame is taken.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Lease(uint frame)
    {
        if (leases != null) Watch(frame, 1);
    }

    /// <summary>Called when a frame is given back, by whichever worker.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Return(uint frame)
    {
        if (leases != null) Watch(frame, 0);
    }

    private void Watch(uint frame, int taken)
    {
        if (Interlocked.Exchange(ref leases![IndexOf(frame)], taken) != taken) return;
        throw new InvalidOperationException(taken != 0 ? $"frame {frame:x} was taken while it was taken" : $"frame {frame:x} was given back twice");
    }

    private int IndexOf(uint address) => address < Memory.JumboStart
        ? (int)(address / FrameMemory.FrameSize)
        : Memory.Frames + (int)((address - Memory.JumboStart) / FrameMemory.JumboSize);

    internal int OwnerOf(uint address) => Workers == 1 ? 0 : address < Memory.JumboStart
        ? (int)(address / FrameMemory.FrameSize) / framesEach
        : (int)((address - Memory.JumboStart) / FrameMemory.JumboSize) / jumbosEach;

    internal void SendHome(int from, uint address)
    {
        if (!rings[from * Workers + OwnerOf(address)].TryEnqueue(address)) throw new InvalidOperationException("a frame was given back twice");
    }

    internal bool TryReceive(int from, int to, out uint address) => rings[from * Workers + to].TryDequeue(out address);
}
