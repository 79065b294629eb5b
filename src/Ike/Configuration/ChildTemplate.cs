using Appliance.Ike.Messages;

namespace Appliance.Ike;

/// <summary>When a child is set up.</summary>
public enum ChildStart
{
    /// <summary>Only when the peer asks.</summary>
    Passive,

    /// <summary>When the data plane has a packet for it.</summary>
    OnDemand,

    /// <summary>Always: at start, and again whenever it is lost.</summary>
    Always,
}

/// <summary>What the children of a tunnel carry.</summary>
public enum ChildMode
{
    /// <summary>Tunnel mode.</summary>
    Tunnel,

    /// <summary>Transport mode (USE_TRANSPORT_MODE) between the two ends.</summary>
    Transport,

    /// <summary>
    /// RFC 3884: transport mode over the outer addresses with protocol IPv4 or IPv6, asked for with USE_TRANSPORT_MODE. A peer that answers without it gets tunnel mode on
    /// the same interface: on the wire they are the same.
    /// </summary>
    IipTran,
}

/// <summary>The children of one tunnel of the configuration.</summary>
public sealed record ChildTemplate
{
    /// <summary>Name of the tunnel.</summary>
    public required string Name { get; init; }

    /// <summary>Mode asked for, and the one accepted.</summary>
    public ChildMode Mode { get; init; }

    /// <summary>
    /// Local traffic selectors. Empty: the outer address (transport), or the inner address that the peer gave us (<see cref="IkePeer.RequestAddress"/>).
    /// IIPtran always protects the outer addresses: there these are for a peer that answers with tunnel mode.
    /// </summary>
    public IReadOnlyList<TrafficSelector> Local { get; init; } = [];

    /// <summary>Remote traffic selectors. Empty: the peer's outer address (transport), or the inner address given to it. For IIPtran as with <see cref="Local"/>.</summary>
    public IReadOnlyList<TrafficSelector> Remote { get; init; } = [];

    /// <summary>ESP proposals, the preferred first.</summary>
    public required IReadOnlyList<EspProposal> Proposals { get; init; }

    /// <summary>When it is set up.</summary>
    public ChildStart Start { get; init; }

    /// <summary>Seconds after which it is rekeyed (less up to a tenth by chance); 0 for never. It ends a tenth later at the latest.</summary>
    public int RekeySeconds { get; init; } = 3600;

    /// <summary>Octets after which it is rekeyed; 0 for never. It sends nothing after 9/8 of that.</summary>
    public ulong RekeyBytes { get; init; }

    /// <summary>Packets after which it is rekeyed; 0 for when 7/8 of the sequence numbers are used.</summary>
    public ulong RekeyPackets { get; init; }

    /// <summary>Replay window in packets.</summary>
    public int ReplayWindow { get; init; } = 1024;

    /// <summary>We pad for traffic-flow confidentiality, when the peer allows it.</summary>
    public bool Tfc { get; init; }

    /// <summary>How many children, one a worker, for peers that know RFC 9611; 1 for one child.</summary>
    public int Resources { get; init; } = 1;

    /// <summary>Many peers share this template (the PAD entry has no remote address): each gets an instance of its own.</summary>
    public bool IsTemplate { get; init; }
}
