using System.Collections.Concurrent;

namespace Appliance.Crypto;

/// <summary>
/// BCL keys, which promise nothing to two threads at once: each user has one of its own while it uses it. There are as many as ever were in use together, that is one a thread
/// of the pool that signs.
/// </summary>
internal sealed class KeyPool<T>(Func<T> import) : IDisposable
    where T : class, IDisposable
{
    private readonly ConcurrentBag<T> idle = [];
    private volatile bool ended;

    public T Rent()
    {
        ObjectDisposedException.ThrowIf(ended, this);
        return idle.TryTake(out var key) ? key : import();
    }

    public void Return(T key)
    {
        idle.Add(key);
        if (ended) Empty();
    }

    public void Dispose()
    {
        ended = true;
        Empty();
    }

    private void Empty()
    {
        while (idle.TryTake(out var key)) key.Dispose();
    }
}
