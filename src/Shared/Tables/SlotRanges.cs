namespace Appliance.Shared;

/// <summary>
/// Hands out runs of consecutive slots: SPD rules and traffic selectors, whose lists are written at a new place and put in force by one store of where they start.
/// A run that is retired is used again once no worker can be reading it. One thread.
/// </summary>
public sealed class SlotRanges
{
    private readonly Quiescence quiescence;
    private readonly SortedDictionary<uint, uint> free = [];
    private readonly Queue<(ulong Ticket, uint Start, uint Count)> retired = new();

    /// <summary>All of <paramref name="count"/> slots free; after a restart <see cref="TryClaim"/> what is in force.</summary>
    public SlotRanges(int count, Quiescence quiescence)
    {
        this.quiescence = quiescence;
        free[0] = (uint)count;
    }

    /// <summary>Slots that are free, or will be after the workers' next quiescent points.</summary>
    public long Free => free.Values.Sum(c => (long)c) + retired.Sum(r => (long)r.Count);

    /// <summary>Takes a run; false when no hole is large enough. A run of 0 starts at 0 and needs no retiring.</summary>
    public bool TryTake(int count, out uint start)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        Reclaim();
        start = 0;
        if (count == 0) return true;
        foreach (var (at, length) in free)
        {
            if (length < count) continue;
            start = at;
            return TryClaim(at, count);
        }

        return false;
    }

    /// <summary>Takes a run by number; false when any of it is taken.</summary>
    public bool TryClaim(uint start, int count)
    {
        if (count == 0) return true;
        foreach (var (at, length) in free)
        {
            if (start < at || (ulong)start + (uint)count > (ulong)at + length) continue;
            free.Remove(at);
            if (start > at) free[at] = start - at;
            var end = start + (uint)count;
            if (at + length > end) free[end] = at + length - end;
            return true;
        }

        return false;
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
        foreach (var (at, length) in free)
        {
            if (at + length == start)
            {
                free.Remove(at);
                Release(at, length + count);
                return;
            }

            if (at != start + count) continue;
            free.Remove(at);
            Release(start, count + length);
            return;
        }

        free[start] = count;
    }
}
