using Appliance.Policy;

namespace Appliance.SlowPath.CustomerEdge;

/// <summary>Writes to <see cref="ProtectedFile"/> on a thread of the pool, so that the loop never waits for a disk. What could not be written is kept and tried again.</summary>
internal sealed class ProtectedWriter(ProtectedFile file) : IDisposable
{
    private const int EndMilliseconds = 2000;
    private readonly object gate = new();
    private HashSet<IpPrefix> remembered = [], forgotten = [];
    private readonly List<(IReadOnlyCollection<IpPrefix> Remembered, IReadOnlyCollection<IpPrefix> Forgotten)> written = [];
    private Task running = Task.CompletedTask;
    private bool busy;
    private volatile string? problem;

    /// <summary>What is wrong; null when all is on the disk.</summary>
    public string? Problem => problem;

    /// <summary>Called when <see cref="TakeWritten"/> has something, on any thread.</summary>
    public Action? Written { get; set; }

    /// <summary>What came to the disk since the last time, in its order. Any thread.</summary>
    public IReadOnlyList<(IReadOnlyCollection<IpPrefix> Remembered, IReadOnlyCollection<IpPrefix> Forgotten)> TakeWritten()
    {
        lock (gate)
        {
            if (written.Count == 0) return [];
            var taken = written.ToList();
            written.Clear();
            return taken;
        }
    }

    /// <summary>Notes changes, in their order. Any thread.</summary>
    public void Write(IReadOnlyCollection<IpPrefix> add, IReadOnlyCollection<IpPrefix> remove)
    {
        if (add.Count + remove.Count == 0) return;
        lock (gate)
        {
            forgotten.ExceptWith(add);
            remembered.UnionWith(add);
            remembered.ExceptWith(remove);
            forgotten.UnionWith(remove);
        }

        Retry();
    }

    /// <summary>Tries again what could not be written.</summary>
    public void Retry()
    {
        lock (gate)
        {
            if (busy || remembered.Count + forgotten.Count == 0) return;
            busy = true;
            running = Task.Run(Drain);
        }
    }

    /// <summary>Waits, for a while, until all is written.</summary>
    public bool Finish()
    {
        Retry();
        return running.Wait(EndMilliseconds) && problem is null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ = Finish();
        file.Dispose();
    }

    private void Drain()
    {
        while (true)
        {
            HashSet<IpPrefix> add, remove;
            lock (gate)
            {
                (add, remove) = (remembered, forgotten);
                (remembered, forgotten) = ([], []);
                busy = add.Count + remove.Count > 0;
                if (!busy) return;
            }

            try
            {
                file.Append(add, remove);
                problem = null;
                lock (gate) written.Add((add, remove));
                Written?.Invoke();
            }
            catch (IOException exception)
            {
                lock (gate)
                {
                    add.ExceptWith(forgotten);
                    remove.ExceptWith(remembered);
                    remembered.UnionWith(add);
                    forgotten.UnionWith(remove);
                    busy = false;
                }

                problem = $"the prefixes that must never leave in the clear cannot be written, and those that are new are discarded until they are: {exception.Message}";
                return;
            }
        }
    }
}
