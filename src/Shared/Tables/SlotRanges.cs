namespace Appliance.Shared;

/// <summary>
/// Hands out runs of consecutive slots: SPD rules and traffic selectors, whose lists are written at a new place and put in force by one store of where they start.
/// A run that is retired is used again once no worker can be reading it. One thread.
/// </summary>
public sealed class SlotRanges
{
    private readonly Quiescence quiescence;
    private readonly SortedSet<uint> holes = [];
    private readonly Dictionary<uint, uint> lengths = [];
    private readonly Dictionary<uint, uint> startOfEnd = [];
    private readonly Queue<(ulong Ticket, uint Start, uint Count)> retired = new();

    /// <summary>All of <paramref name="count"/> slots free; after a restart <see cref="TryClaim"/> what is in force.</summary>
    public SlotRanges(int count, Quiescence quiescence)
    {
        this.quiescence = quiescence;
        if (count > 0) Open(0, (uint)count);
    }

    /// <summary>Slots that are free, or will be after the workers' next quiescent points.</summary>
    public long Free => lengths.Values.Sum(c => (long)c) + retired.Sum(r => (long)r.Count);

    /// <summary>Takes a run; false when no hole is large enough. A run of 0 starts at 0 and needs no retiring.</summary>
    public bool TryTake(int count, out uint start)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        Reclaim();
        start = 0;
        if (count == 0) return true;
        foreach (var at in holes)
        {
            if (lengths[at] < count) continue;
            start = at;
            Cut(at, at, (uint)count);
            return true;
        }

        return false;
    }

    /// <summary>Takes a run by number; false when any of it is taken.</summary>
    public bool TryClaim(uint start, int count)
    {
        if (count == 0) return true;
        if (holes.Count == 0 || holes.Min > start) return false;
        var at = holes.GetViewBetween(holes.Min, start).Max;
        if ((ulong)start + (uint)count > (ulong)at + lengths[at]) return false;
        Cut(at, start, (uint)count);
        return true;
    }

    /// <summary>Gives a run back, which nothing names any more.</summary>
    public void Retire(uint start, int count)
    {
        if (count > 0) retired.Enqueue((quiescence.Ticket(), start, (uint)count));
    }

    /// <summary>Frees what no worker can be reading any more.</summary>
    public void Reclaim()
    {
        while (retired.TryPeek(out var next) && quiescence.HasPassed(next.Ticket))
        {
            retired.Dequeue();
            Release(next.Start, next.Count);
        }
    }

    private void Release(uint start, uint count)
    {
        if (startOfEnd.TryGetValue(start, out var before))
        {
            count += lengths[before];
            start = before;
            Close(before);
        }

        if (lengths.TryGetValue(start + count, out var behind))
        {
            Close(start + count);
            count += behind;
        }

        Open(start, count);
    }

    private void Cut(uint hole, uint start, uint count)
    {
        var end = hole + lengths[hole];
        Close(hole);
        if (start > hole) Open(hole, start - hole);
        if (end > start + count) Open(start + count, end - start - count);
    }

    private void Open(uint start, uint count)
    {
        holes.Add(start);
        lengths[start] = count;
        startOfEnd[start + count] = start;
    }

    private void Close(uint start)
    {
        holes.Remove(start);
        startOfEnd.Remove(start + lengths[start]);
        lengths.Remove(start);
    }
}
