namespace Appliance.SlowPath.Bgp;

/// <summary>What a connection can have to say.</summary>
internal enum BgpNewsKind : byte
{
    /// <summary>It is there.</summary>
    Opened,

    /// <summary>It did not come about.</summary>
    Failed,

    /// <summary>Whole messages came.</summary>
    Received,

    /// <summary>The kernel took octets.</summary>
    Sent,

    /// <summary>It ended.</summary>
    Closed,
}

/// <summary>News of a connection.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Connection">Where; null for one that <see cref="BgpNewsKind.Failed"/>.</param>
/// <param name="Attempt">The attempt that failed or came about, or null.</param>
/// <param name="Why">Of an end: why.</param>
/// <param name="Octets">Messages that were <see cref="BgpNewsKind.Received"/>, the first <paramref name="Length"/> of a buffer of the pool.</param>
/// <param name="Length">How many octets count.</param>
internal readonly record struct BgpNews(BgpNewsKind Kind, BgpConnection? Connection, ConnectAttempt? Attempt = null, string Why = "", byte[]? Octets = null, int Length = 0);

/// <summary>
/// News between the connections' tasks and the loop, in the order in which they happened. Bounded by those who post: a connection has at most two batches of messages and one of each other kind in
/// here, and there are only so many connections.
/// </summary>
/// <param name="wake">Makes the loop look.</param>
internal sealed class BgpInbox(Action wake)
{
    private readonly Queue<BgpNews> queue = [];

    /// <summary>Whether nothing waits.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (queue) return queue.Count == 0;
        }
    }

    /// <summary>Puts news in. Any thread.</summary>
    public void Add(in BgpNews news)
    {
        lock (queue) queue.Enqueue(news);
        wake();
    }

    /// <summary>Takes the oldest. Loop.</summary>
    public bool TryTake(out BgpNews news)
    {
        lock (queue) return queue.TryDequeue(out news);
    }
}
