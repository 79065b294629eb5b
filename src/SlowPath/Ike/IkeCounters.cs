namespace Appliance.SlowPath.Ike;

/// <summary>What is counted of IKE's traffic and work.</summary>
internal enum IkeCount
{
    /// <summary>Messages that came in and were taken.</summary>
    MessagesReceived,

    /// <summary>Messages that went out.</summary>
    MessagesSent,

    /// <summary>Messages that the kernel did not take: no route, no room.</summary>
    SendFailed,

    /// <summary>Messages from an address that has no socket (any more).</summary>
    NoSocket,

    /// <summary>NAT keepalives that came in.</summary>
    KeepalivesReceived,

    /// <summary>NAT keepalives that went out.</summary>
    KeepalivesSent,

    /// <summary>Datagrams shorter than an IKE header.</summary>
    TooShort,

    /// <summary>ESP on UDP 4500 that the XDP program should have taken.</summary>
    EspOnSocket,

    /// <summary>Messages for which the inbox had no room.</summary>
    InboxFull,

    /// <summary>First messages of strangers for which their inbox had no room.</summary>
    StrangersFull,

    /// <summary>Work for which the pool had no room.</summary>
    WorkRefused,

    /// <summary>Work that was done.</summary>
    WorkDone,

    /// <summary>Contexts for which the region had no room.</summary>
    ContextsRefused,
}

/// <summary>Counters of IKE; any thread counts, any thread reads.</summary>
internal sealed class IkeCounters
{
    private readonly long[] counts = new long[Enum.GetValues<IkeCount>().Length];

    /// <summary>How often it happened.</summary>
    public long this[IkeCount what] => Volatile.Read(ref counts[(int)what]);

    /// <summary>Counts one.</summary>
    public void Add(IkeCount what) => Interlocked.Increment(ref counts[(int)what]);
}
