namespace Appliance.Machine;

/// <summary>
/// Timers as data: each key has at most one moment at which it is due. Setting one again replaces it; what was replaced stays in the heap until it surfaces,
/// and the heap is built anew when such leftovers outweigh what lives.
/// </summary>
/// <typeparam name="TKey">Names a timer; small and comparable by value.</typeparam>
public sealed class TimerQueue<TKey>
    where TKey : notnull
{
    private readonly Dictionary<TKey, Instant> due = [];
    private readonly PriorityQueue<TKey, Instant> heap = new();

    /// <summary>How many timers run.</summary>
    public int Count => due.Count;

    /// <summary>The earliest moment, or <see cref="Instant.Never"/>.</summary>
    public Instant NextDue
    {
        get
        {
            DropLeftovers();
            return heap.TryPeek(out _, out var at) ? at : Instant.Never;
        }
    }

    /// <summary>When a timer is due, or null when it does not run.</summary>
    public Instant? DueOf(TKey key) => due.TryGetValue(key, out var at) ? at : null;

    /// <summary>Starts a timer, or moves it.</summary>
    public void Set(TKey key, Instant at)
    {
        if (due.TryGetValue(key, out var before) && before == at) return;
        due[key] = at;
        heap.Enqueue(key, at);
        if (heap.Count > 64 && heap.Count > 4 * due.Count) Rebuild();
    }

    /// <summary>Stops a timer, if it runs.</summary>
    public void Stop(TKey key) => due.Remove(key);

    /// <summary>Takes the earliest timer that is due, which then no longer runs.</summary>
    public bool TryTake(Instant now, out TKey key)
    {
        DropLeftovers();
        if (!heap.TryPeek(out key!, out var at) || at > now) return false;
        heap.Dequeue();
        due.Remove(key);
        return true;
    }

    private void DropLeftovers()
    {
        while (heap.TryPeek(out var key, out var at) && !(due.TryGetValue(key, out var wanted) && wanted == at)) heap.Dequeue();
    }

    private void Rebuild()
    {
        heap.Clear();
        heap.EnqueueRange(due.Select(d => (d.Key, d.Value)));
    }
}
