using System.Net;

namespace Appliance.Bgp;

/// <summary>Something happened.</summary>
public abstract record BgpEvent;

/// <summary>Time passed; timers that are due fire.</summary>
public sealed record BgpTimePassed : BgpEvent
{
    /// <summary>There is only one.</summary>
    public static BgpTimePassed Event { get; } = new();
}

/// <summary>
/// The configuration changed (or is there at last). What it does not touch goes on. <paramref name="Restarted"/>: an earlier process of this node left forwarding state in place
/// (RFC 4724 §4.1): the restart and forwarding bits are set at the first sessions.
/// </summary>
public sealed record BgpConfigured(BgpConfiguration Configuration, bool Restarted) : BgpEvent;

/// <summary>A TCP connection is there: one that <see cref="OpenConnection"/> asked for (then <paramref name="Neighbor"/> is its name) or one that came in (null).</summary>
public sealed record ConnectionOpened(ulong Connection, IPEndPoint Local, IPEndPoint Remote, string? Neighbor) : BgpEvent;

/// <summary>A connection that was asked for did not come about.</summary>
public sealed record ConnectionFailed(string Neighbor, string Why) : BgpEvent;

/// <summary>A connection ended: the other side closed it, or an error. Not said for those that <see cref="CloseConnection"/> closed.</summary>
public sealed record ConnectionClosed(ulong Connection, string Why) : BgpEvent;

/// <summary>
/// One or several whole messages, cut by their length fields alone; where such a field cannot be, the last message is what there is of it. The octets are the host's: valid within the step.
/// </summary>
public sealed record MessagesReceived(ulong Connection, ReadOnlyMemory<byte> Octets) : BgpEvent;

/// <summary>The socket took so many octets of what <see cref="SendOctets"/> handed over.</summary>
public sealed record OctetsSent(ulong Connection, int Octets) : BgpEvent;

/// <summary>BFD says how a neighbour is (RFC 5882 §4.3): <paramref name="Diagnostic"/> for the log.</summary>
public sealed record BfdChanged(string Neighbor, bool IsUp, string Diagnostic) : BgpEvent;

/// <summary>Reachability of next hops that <see cref="WatchNextHops"/> asked for; those that are not said are unreachable.</summary>
/// <param name="Hops">Next hop; reachable or not; the metric of the way there (RFC 4271 §9.1.2.2 e).</param>
public sealed record NextHopsResolved(IReadOnlyList<(IPAddress Hop, bool IsReachable, uint Metric)> Hops) : BgpEvent;

/// <summary>Reachability of egress endpoints that <see cref="WatchEgress"/> asked for; those that are not said are unreachable.</summary>
/// <param name="Endpoints">As in <see cref="NextHopsResolved"/>.</param>
public sealed record EgressResolved(IReadOnlyList<(IPAddress Hop, bool IsReachable, uint Metric)> Endpoints) : BgpEvent;

/// <summary>What an operator can ask of a neighbour.</summary>
public enum BgpVerb
{
    /// <summary>End the session and begin anew.</summary>
    Clear,

    /// <summary>Ask for its routes again, and send ours again.</summary>
    Refresh,

    /// <summary>Administratively down (RFC 8203).</summary>
    Disable,

    /// <summary>Up again.</summary>
    Enable,
}

/// <summary>The operator asks. <paramref name="Neighbor"/>: its name or address; "*" for all.</summary>
public sealed record BgpOperatorAsked(BgpVerb Verb, string Neighbor) : BgpEvent;

/// <summary>This process stops for good: sessions end with Cease (administrative shutdown).</summary>
public sealed record BgpShutdownAsked : BgpEvent;
