using Appliance.Ike.Children;
using Appliance.Machine;

namespace Appliance.Ike.Machine;

/// <summary>What the manager knows of a PAD entry: what is wanted of it, what is under way, and how the last attempts went.</summary>
internal sealed class PeerRecord(IkePeer peer)
{
    /// <summary>The entry.</summary>
    public IkePeer Peer { get; set; } = peer;

    /// <summary>Another entry has the same two identities: INITIAL_CONTACT must not be sent, since it would end the other's IKE SAs (RFC 7296 §2.4).</summary>
    public bool IsReplicated { get; set; }

    /// <summary>Children that somebody wants now, by tunnel: a packet waits, or the operator asked.</summary>
    public Dictionary<string, ChildWish> Wishes { get; } = [];

    /// <summary>Tunnels whose child is being negotiated.</summary>
    public HashSet<string> Pending { get; } = [];

    /// <summary>Tunnels that the operator took down: they come back when the operator or a packet asks.</summary>
    public HashSet<string> HeldDown { get; } = [];

    /// <summary>The operator wants the IKE SA itself, with or without children.</summary>
    public bool WantsIkeSa { get; set; }

    /// <summary>Operators who wait.</summary>
    public List<OperatorWait> Operators { get; } = [];

    /// <summary>Attempts in all.</summary>
    public ulong Attempts { get; set; }

    /// <summary>Addresses of the peer that failed in turn: the next attempt goes to the one behind them, and to one that works again and again.</summary>
    public int AddressesFailed { get; set; }

    /// <summary>Attempts that failed since the last that did not.</summary>
    public int Failures { get; set; }

    /// <summary>When gateways sent us elsewhere, lately (RFC 5685 §7).</summary>
    public Queue<Instant> Redirects { get; } = [];

    /// <summary>Not before that.</summary>
    public Instant NotBefore { get; set; }

    /// <summary>Why the last attempt failed; empty when it did not.</summary>
    public string LastProblem { get; set; } = "";
}

/// <summary>An operator who waits for children, or for the IKE SA alone.</summary>
internal sealed class OperatorWait(ulong request, IEnumerable<string> tunnels)
{
    /// <summary>Number of the request.</summary>
    public ulong Request { get; } = request;

    /// <summary>Tunnels that are not settled.</summary>
    public HashSet<string> Tunnels { get; } = [.. tunnels];

    /// <summary>What went wrong so far.</summary>
    public string? Problem { get; set; }
}
