namespace Appliance.Shared;

/// <summary>
/// Writes the inbound SA lookup. A cell goes Free → Live → Retired → (no worker can be reading it any more) Writing: its place in the probe sequences stays, and it can
/// take another entry. Such gaps are closed, or probes would grow for ever: an entry from further on is copied into the gap, its old cell is retired after
/// every worker that may have passed the gap before has ended its round; a gap that no probe has to pass is free. One thread.
/// </summary>
public sealed class SaLookupTable
{
    private readonly Region region;
    private readonly SaLookup lookup;
    private readonly Quiescence quiescence;
    private readonly Queue<Waiting> waiting = new();
    private readonly HashSet<uint> moving = [];
    private readonly int most;

    /// <summary>Takes over the lookup of a region: what is live stays, what was being removed or moved will be.</summary>
    public SaLookupTable(Region region, Quiescence quiescence)
    {
        this.region = region;
        lookup = region.SaLookup;
        this.quiescence = quiescence;
        most = lookup.Capacity - lookup.Capacity / 8;
        foreach (var at in region.TouchedLookupCells())
        {
            if (lookup.At(at).State == SlotState.Retired) waiting.Enqueue(new Waiting(quiescence.Ticket(), at, IsMove: false));
            if (lookup.At(at).State != SlotState.Live) continue;
            if (IsFirst(at)) Count++;
            else Move(at);
        }
    }

    /// <summary>Live entries.</summary>
    public int Count { get; private set; }

    /// <summary>
    /// Publishes an entry for an SPI (host order); <see cref="IpAddress.Any"/> matches every address. False when the same key is there already, when a source is named without
    /// a destination (RFC 4301 §4.1 knows no such match), or when the table is full.
    /// </summary>
    public bool TryAdd(uint spi, IpAddress destination, IpAddress source, uint sa)
    {
        Reclaim();
        if (destination.IsAny && !source.IsAny) return false;
        if (Count >= most || TryLocate(spi, destination, source, out _)) return false;
        var at = lookup.Home(spi);
        for (var probes = 0; lookup.At(at).State is not (SlotState.Free or SlotState.Writing); probes++, at = lookup.Next(at))
        {
            if (probes == lookup.Capacity) return false;
        }

        Publish(at, spi, destination, source, sa);
        Count++;
        return true;
    }

    /// <summary>Takes an entry out; the SA's own slot can be retired after this.</summary>
    public bool TryRemove(uint spi, IpAddress destination, IpAddress source)
    {
        if (!TryLocate(spi, destination, source, out var at)) return false;
        do Retire(at);
        while (TryLocate(spi, destination, source, out at));
        Count--;
        return true;
    }

    /// <summary>All live entries: SPI, destination, source and slot.</summary>
    public IEnumerable<(uint Spi, IpAddress Destination, IpAddress Source, uint Sa)> Entries()
    {
        foreach (var at in region.TouchedLookupCells())
        {
            var entry = lookup.At(at);
            if (entry.State == SlotState.Live && IsFirst(at)) yield return (entry.Spi, entry.Destination, entry.Source, entry.Sa);
        }
    }

    /// <summary>Goes on with what waited for the workers; call it now and then.</summary>
    public void Reclaim()
    {
        while (waiting.TryPeek(out var next) && quiescence.HasPassed(next.Ticket))
        {
            waiting.Dequeue();
            if (next.IsMove)
            {
                moving.Remove(next.At);
                if (lookup.At(next.At).State == SlotState.Live) Retire(next.At);
                continue;
            }

            Volatile.Write(ref lookup.At(next.At).State, SlotState.Writing);

            // This gap, and those in front of it that an entry behind it was in the way of.
            var at = next.At;
            for (var steps = 0; steps < lookup.Capacity && lookup.At(at).State != SlotState.Free; steps++)
            {
                var before = lookup.Before(at);
                if (lookup.At(at).State == SlotState.Writing) CloseGap(at);
                at = before;
            }
        }
    }

    // Fills the gap with the furthest entry whose probe passes it, or frees it when there is none.
    private void CloseGap(uint gap)
    {
        uint? furthest = null;
        var needed = false;
        for (var at = lookup.Next(gap); at != gap && lookup.At(at).State != SlotState.Free; at = lookup.Next(at))
        {
            if (lookup.At(at).State != SlotState.Live || lookup.Distance(lookup.Home(lookup.At(at).Spi), at) < lookup.Distance(gap, at)) continue;
            needed = true;
            if (!moving.Contains(at)) furthest = at;
        }

        if (furthest is { } from)
        {
            ref var entry = ref lookup.At(from);
            Publish(gap, entry.Spi, entry.Destination, entry.Source, entry.Sa);
            Move(from);
        }
        else if (!needed)
        {
            Volatile.Write(ref lookup.At(gap).State, SlotState.Free);
        }
    }

    private void Publish(uint at, uint spi, IpAddress destination, IpAddress source, uint sa)
    {
        ref var entry = ref lookup.At(at);
        entry.Spi = spi;
        entry.Sa = sa;
        entry.Destination = destination;
        entry.Source = source;
        Volatile.Write(ref entry.State, SlotState.Live);
    }

    private void Retire(uint at)
    {
        Volatile.Write(ref lookup.At(at).State, SlotState.Retired);
        waiting.Enqueue(new Waiting(quiescence.Ticket(), at, IsMove: false));
    }

    private void Move(uint at)
    {
        moving.Add(at);
        waiting.Enqueue(new Waiting(quiescence.Ticket(), at, IsMove: true));
    }

    // False for the old cell of an entry that was copied nearer to its home.
    private bool IsFirst(uint at) => TryLocate(lookup.At(at).Spi, lookup.At(at).Destination, lookup.At(at).Source, out var first) && first == at;

    private bool TryLocate(uint spi, IpAddress destination, IpAddress source, out uint at)
    {
        at = lookup.Home(spi);
        for (var probes = 0; probes < lookup.Capacity && lookup.At(at).State != SlotState.Free; probes++, at = lookup.Next(at))
        {
            if (lookup.At(at).State == SlotState.Live && lookup.At(at).Is(spi, destination, source)) return true;
        }

        return false;
    }

    /// <summary>A cell that waits for the workers: to be used again, or (a move) to be retired, now that its copy is found by everybody.</summary>
    private readonly record struct Waiting(ulong Ticket, uint At, bool IsMove);
}
