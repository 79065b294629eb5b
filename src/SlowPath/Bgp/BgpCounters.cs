namespace Appliance.SlowPath.Bgp;

/// <summary>What is counted of BGP's connections.</summary>
internal enum BgpCount
{
    /// <summary>Connections that came in and were handed to the machine.</summary>
    ConnectionsAccepted,

    /// <summary>Connections from addresses that are no neighbour's.</summary>
    ConnectionsRefused,

    /// <summary>Connections for which there was no room: too many of one address, or in all.</summary>
    ConnectionsCrowded,

    /// <summary>Connections that we began and that came about.</summary>
    ConnectionsOpened,

    /// <summary>Connections that we began and that did not come about.</summary>
    ConnectionsFailed,

    /// <summary>Octets of whole messages that came in.</summary>
    OctetsReceived,

    /// <summary>Octets that the kernel took.</summary>
    OctetsSent,

    /// <summary>Best routes that changed.</summary>
    RouteChanges,
}

/// <summary>Counters of BGP; any thread counts, any thread reads.</summary>
internal sealed class BgpCounters
{
    private readonly long[] counts = new long[Enum.GetValues<BgpCount>().Length];

    /// <summary>How often it happened.</summary>
    public long this[BgpCount what] => Volatile.Read(ref counts[(int)what]);

    /// <summary>Counts one, or several at once.</summary>
    public void Add(BgpCount what, long number = 1) => Interlocked.Add(ref counts[(int)what], number);
}
