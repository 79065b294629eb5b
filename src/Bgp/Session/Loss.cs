namespace Appliance.Bgp;

/// <summary>How a connection came to its end.</summary>
internal enum Loss : byte
{
    /// <summary>TCP ended, or the neighbour connected anew (RFC 4271 §8.1.4, TcpConnectionFails): what a restart looks like.</summary>
    Transport,

    /// <summary>The neighbour sent a NOTIFICATION.</summary>
    NotificationReceived,

    /// <summary>The neighbour sent Cease with Hard Reset: nothing is kept (RFC 8538 §4).</summary>
    HardReset,

    /// <summary>We found an error, or a timer of ours expired.</summary>
    ErrorHere,

    /// <summary>The operator, the configuration or the end of this process wants it.</summary>
    Administrative,

    /// <summary>BFD says that the neighbour cannot be reached (RFC 5882 §4.3).</summary>
    PathDown,

    /// <summary>The other one of two connections stays (RFC 4271 §6.8).</summary>
    Collision,
}
