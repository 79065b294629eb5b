namespace Appliance.Shared;

/// <summary>
/// Writes the inbound SA lookup. A cell goes Free → Live → Retired → (no worker can be reading it any more) Writing: its place in the probe sequences stays, and it can
/// take another entry; or Free again, when the sequences that pass it end right behind it. One thread.
/// </summary>
public sealed class SaLookupTable
{
    private readonly Region region;
    private readonly SaLookup lookup;
    private readonly Quiescence quiescence;
    private readonly Queue<(ulong Ticket, uint At)> retired = new();
    private readonly int most;

    /// <summary>Takes over the lookup of a region: what is live stays, what was being removed will be.</summary>
    public SaLookupTable(Region region, Quiescence quiescence)
    {
        this.region = region;
        lookup = region.SaLookup;
        this.quiescence = quiescence;
        most = lookup.Capacity - lookup.Capacity / 8;
        foreach (var at in region.TouchedLookupCells())
        {
            if (lookup.At(at).State == SlotState.Live) Count++;
            else if (lookup.At(at).State == SlotState.Retired) retired.Enqueue((quiescence.Ticket(), at));
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

        ref var entry = ref lookup.At(at);
        entry.Spi = spi;
        entry.Sa = sa;
        entry.Destination = destination;
        entry.Source = source;
        Volatile.Write(ref entry.State, SlotState.Live);
        Count++;
        return true;
    }

    /// <summary>Takes an entry out; the SA's own slot can be retired after this.</summary>
    public bool TryRemove(uint spi, IpAddress destination, IpAddress source)
    {
        if (!TryLocate(spi, destination, source, out var at)) return false;
        Volatile.Write(ref lookup.At(at).State, SlotState.Retired);
        retired.Enqueue((quiescence.Ticket(), at));
        Count--;
        return true;
    }

    /// <summary>All live entries: SPI, destination, source and slot.</summary>
    public IEnumerable<(uint Spi, IpAddress Destination, IpAddress Source, uint Sa)> Entries()
    {
        foreach (var at in region.TouchedLookupCells())
        {
            var entry = lookup.At(at);
            if (entry.State == SlotState.Live) yield return (entry.Spi, entry.Destination, entry.Source, entry.Sa);
        }
    }

    /// <summary>Makes cells usable again that no worker can be reading any more.</summary>
    public void Reclaim()
    {
        while (retired.TryPeek(out var next) && quiescence.HasPassed(next.Ticket))
        {
            retired.Dequeue();
            Volatile.Write(ref lookup.At(next.At).State, SlotState.Writing);

            // A probe that would go on past these cells ends behind them anyway.
            for (var at = next.At; lookup.At(at).State == SlotState.Writing && lookup.At(lookup.Next(at)).State == SlotState.Free; at = lookup.Before(at))
                Volatile.Write(ref lookup.At(at).State, SlotState.Free);
        }
    }

    private bool TryLocate(uint spi, IpAddress destination, IpAddress source, out uint at)
    {
        at = lookup.Home(spi);
        for (var probes = 0; probes < lookup.Capacity && lookup.At(at).State != SlotState.Free; probes++, at = lookup.Next(at))
        {
            if (lookup.At(at).State == SlotState.Live && lookup.At(at).Is(spi, destination, source)) return true;
        }

        return false;
    }
}
