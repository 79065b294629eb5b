namespace Appliance.Shared;

/// <summary>
/// The worker's half of <see cref="Quiescence"/>: it says when it holds no reference to a table. Each of these is a full fence, so that no load of a table
/// moves in front of it. What a worker keeps across a quiescent point (a slot number in a ring, a held packet's tunnel) it must check against the
/// record's generation before it uses it again.
/// </summary>
public static class WorkerEpoch
{
    /// <summary>Before the first round, and after sleep: from here on the worker may read tables.</summary>
    public static void Enter(ref WorkerBlock block) => Interlocked.Exchange(ref block.Epoch, (block.Epoch | 1) + (block.Epoch & 1) * 2);

    /// <summary>Between two rounds: holds nothing now, and goes on.</summary>
    public static void Pass(ref WorkerBlock block) => Interlocked.Exchange(ref block.Epoch, block.Epoch + 2);

    /// <summary>Before sleep, and at the end: holds nothing until <see cref="Enter"/>.</summary>
    public static void Leave(ref WorkerBlock block) => Interlocked.Exchange(ref block.Epoch, (block.Epoch + 1) & ~1UL);

    /// <summary>
    /// A data plane that starts, before it names itself in <see cref="RegionHeader.DataPlaneProcess"/>: the workers of its predecessor, which may have died in the
    /// middle of a round, hold nothing any more.
    /// </summary>
    public static void TakeOver(Region region)
    {
        for (var worker = 0; worker < WorkerBlock.Maximum; worker++) Leave(ref region.Worker(worker));
    }
}
