using System.Net;

namespace Appliance.Bgp;

/// <summary>Something shall be done.</summary>
public abstract record BgpAction;

/// <summary>How the TCP connections with a neighbour, or with a range of them, are made.</summary>
public sealed record TransportOptions
{
    /// <summary>Our address; null for the kernel's choice.</summary>
    public IPAddress? Local { get; init; }

    /// <summary>TTL or hop limit of what is sent: 255 with GTSM (RFC 5082).</summary>
    public int Ttl { get; init; } = 64;

    /// <summary>Segments with a lower TTL are dropped by the kernel; 0 for no check.</summary>
    public int MinimumTtl { get; init; }

    /// <summary>Key of TCP-MD5 (RFC 2385), or null; owned by the configuration. Never shown.</summary>
    public byte[]? Md5Key { get; init; }

    /// <summary>Device of link-local addresses; empty for none.</summary>
    public string Device { get; init; } = "";

    /// <summary>Names no key.</summary>
    public override string ToString() => $"ttl {Ttl}/{MinimumTtl}";
}

/// <summary>Who may connect, and how: exact addresses and ranges. Replaces what was said before. A connection from anybody else is refused by the host.</summary>
public sealed record ListenFor(int Port, IReadOnlyList<(IPNetwork Peers, TransportOptions Options)> Peers) : BgpAction;

/// <summary>Connect → <see cref="ConnectionOpened"/> or <see cref="ConnectionFailed"/>. One at a time for a neighbour.</summary>
public sealed record OpenConnection(string Neighbor, IPEndPoint Remote, TransportOptions Options) : BgpAction;

/// <summary>Give up on an <see cref="OpenConnection"/> that is under way; nothing is said about it any more.</summary>
public sealed record CancelConnection(string Neighbor) : BgpAction;

/// <summary>Send the first octets of a buffer from ArrayPool&lt;byte&gt;.Shared; the host gives it back and says <see cref="OctetsSent"/>.</summary>
public sealed record SendOctets(ulong Connection, byte[] Buffer, int Length) : BgpAction;

/// <summary>Close, once what was handed over is sent (at most a second).</summary>
public sealed record CloseConnection(ulong Connection) : BgpAction;

/// <summary>Watch a neighbour with BFD, or no longer (<paramref name="Settings"/> null) → <see cref="BfdChanged"/>.</summary>
public sealed record WatchBfd(string Neighbor, IPAddress? Local, IPAddress Remote, bool IsMultihop, BfdSettings? Settings) : BgpAction;

/// <summary>Next hops whose reachability matters now → <see cref="NextHopsResolved"/>, at once for new ones and at every change.</summary>
public sealed record WatchNextHops(IReadOnlyList<IPAddress> Added, IReadOnlyList<IPAddress> Removed) : BgpAction;

/// <summary>Egress endpoints of tunnels whose reachability in the underlay, learned routes aside, matters now → <see cref="EgressResolved"/>, at once for new ones and at every change.</summary>
public sealed record WatchEgress(IReadOnlyList<IPAddress> Added, IReadOnlyList<IPAddress> Removed) : BgpAction;

/// <summary>Best routes changed; in the order in which it shall be applied. The list is the host's.</summary>
/// <param name="Vrf">Name of the VRF; empty for the global table.</param>
/// <param name="Family">IPv4 or IPv6 unicast: VPN routes come as those of the VRFs that import them.</param>
/// <param name="Changes">The changes.</param>
public sealed record BestRoutesChanged(string Vrf, Family Family, IReadOnlyList<RouteChange> Changes) : BgpAction;

/// <summary>A prefix and where it leads now; null: nowhere any more.</summary>
public readonly record struct RouteChange(Prefix Prefix, BestPaths? Paths);

/// <summary>The best path of a prefix, and with multipath those that are as good. Shared between prefixes: the same path of many prefixes is one object.</summary>
/// <param name="Paths">Best first; never empty.</param>
public sealed record BestPaths(IReadOnlyList<BestPath> Paths);

/// <summary>A path that was chosen.</summary>
/// <param name="Attributes">After the import policy.</param>
/// <param name="Neighbor">Name of the neighbour that it is from; empty for our own.</param>
/// <param name="IsLocal">Originated here.</param>
/// <param name="IsExternal">Learned by EBGP.</param>
public sealed record BestPath(PathAttributes Attributes, string Neighbor, bool IsLocal, bool IsExternal);

/// <summary>
/// All routes of a family that a restart had to wait for are there (RFC 4724 §4.1: End-of-RIB from everybody, or the deferral time is over): the host forgets what an earlier process left.
/// Also said, at once, when nothing is waited for.
/// </summary>
public sealed record RoutesComplete(string Vrf, Family Family) : BgpAction;

/// <summary>A session changed its state: for the log.</summary>
/// <param name="Neighbor">Its name.</param>
/// <param name="Before">State before.</param>
/// <param name="After">State after.</param>
/// <param name="Reason">Why, and what to do, as a sentence.</param>
public sealed record SessionChanged(string Neighbor, SessionState Before, SessionState After, string Reason) : BgpAction;

/// <summary>Something the operator should know of that is no change of state (an update treated as withdrawal, a limit near): for the log, rate-limited by the machine.</summary>
public sealed record BgpNotice(string Neighbor, bool IsWarning, string Message) : BgpAction;

/// <summary>States of a session (RFC 4271 §8.2.2).</summary>
public enum SessionState : byte
{
    /// <summary>Not started, or held down.</summary>
    Idle,

    /// <summary>Waits for TCP.</summary>
    Connect,

    /// <summary>Waits before trying again.</summary>
    Active,

    /// <summary>OPEN was sent.</summary>
    OpenSent,

    /// <summary>OPEN was taken, KEEPALIVE is waited for.</summary>
    OpenConfirm,

    /// <summary>Routes are exchanged.</summary>
    Established,
}
