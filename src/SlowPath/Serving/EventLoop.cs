namespace Appliance.SlowPath.Serving;

/// <summary>
/// One thread that owns all state. Others hand it work with <c>RunAsync</c>; an await in that work comes back to the same thread, so between two awaits nothing
/// else runs. A tick runs at least every few milliseconds. What comes in great numbers (datagrams, messages, results) waits in inboxes of its own: <see cref="Wake"/> makes the loop call
/// every one of <see cref="Turns"/>, which empty them, a bounded number each time, so that all kinds of work take turns.
/// </summary>
internal sealed class EventLoop : SynchronizationContext
{
    private const int ItemsPerRound = 16;
    private readonly Queue<(SendOrPostCallback Work, object? State)> queue = [];
    private readonly Action tick;
    private readonly int tickMilliseconds;
    private int awake;

    /// <summary>A loop that calls <paramref name="tick"/> about every <paramref name="tickMilliseconds"/>.</summary>
    public EventLoop(Action tick, int tickMilliseconds)
    {
        this.tick = tick;
        this.tickMilliseconds = tickMilliseconds;
    }

    /// <summary>Called in each round of the loop, one after the other. Each says when it wants to be called next (<see cref="Environment.TickCount64"/>): now or earlier when it has more to do.</summary>
    public List<Func<long>> Turns { get; } = [];

    /// <summary>Runs until told to stop. The caller's thread is the loop.</summary>
    public void Run(CancellationToken stop)
    {
        var before = Current;
        SetSynchronizationContext(this);
        var next = Environment.TickCount64;
        var turn = next;
        while (!stop.IsCancellationRequested)
        {
            var wait = (int)Math.Clamp(Math.Min(next, turn) - Environment.TickCount64, 0, tickMilliseconds);
            for (var items = 0; items < ItemsPerRound && TryTake(items == 0 ? wait : 0, out var item); items++) item.Work(item.State);
            Interlocked.Exchange(ref awake, 0);
            turn = long.MaxValue;
            foreach (var one in Turns) turn = Math.Min(turn, one());
            if (Environment.TickCount64 < next) continue;
            next = Environment.TickCount64 + tickMilliseconds;
            tick();
        }

        SetSynchronizationContext(before);
    }

    /// <summary>Makes the loop call <see cref="Turns"/> soon. Any thread; cheap when that is under way already.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref awake, 1) == 1) return;
        lock (queue) Monitor.Pulse(queue);
    }

    /// <inheritdoc/>
    public override void Post(SendOrPostCallback d, object? state)
    {
        lock (queue)
        {
            queue.Enqueue((d, state));
            Monitor.Pulse(queue);
        }
    }

    /// <summary>Runs work on the loop; its outcome, also an exception, comes back in the task.</summary>
    public Task<T> RunAsync<T>(Func<Task<T>> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(async _ =>
        {
            try
            {
                done.SetResult(await work());
            }
            catch (Exception exception)
            {
                done.SetException(exception);
            }
        }, null);
        return done.Task;
    }

    /// <summary>Runs work without an await on the loop.</summary>
    public Task<T> RunAsync<T>(Func<T> work) => RunAsync(() => Task.FromResult(work()));

    private bool TryTake(int milliseconds, out (SendOrPostCallback Work, object? State) item)
    {
        lock (queue)
        {
            if (queue.Count == 0 && milliseconds > 0 && Volatile.Read(ref awake) == 0) Monitor.Wait(queue, milliseconds);
            return queue.TryDequeue(out item);
        }
    }
}
