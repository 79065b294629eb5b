using System.Net;

namespace Appliance.Bgp;

/// <summary>What the RIB knows of a neighbour whose session is established (or whose routes are kept while it restarts).</summary>
public sealed record RibPeer
{
    /// <summary>Number of the neighbour, chosen by the caller; at least 1.</summary>
    public required int Id { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its AS.</summary>
    public required uint RemoteAs { get; init; }

    /// <summary>Our AS towards it.</summary>
    public required uint LocalAs { get; init; }

    /// <summary>Its BGP Identifier.</summary>
    public required uint RouterId { get; init; }

    /// <summary>Its address.</summary>
    public required IPAddress Address { get; init; }

    /// <summary>Our address of the session.</summary>
    public required IPAddress LocalAddress { get; init; }

    /// <summary>Our IPv4 address as next hop; null: <see cref="LocalAddress"/> where it is one.</summary>
    public IPAddress? NextHopIpv4 { get; init; }

    /// <summary>Our global IPv6 address as next hop; null: <see cref="LocalAddress"/> where it is one, else that address mapped (RFC 4659 §3.2.1.2).</summary>
    public IPAddress? NextHopIpv6 { get; init; }

    /// <summary>Our link-local address on the link to it, sent behind the global one (RFC 2545 §3); null for none.</summary>
    public IPAddress? LinkLocal { get; init; }

    /// <summary>VRF that it belongs to; empty for the global table.</summary>
    public string Vrf { get; init; } = "";

    /// <summary>It is a client of ours (RFC 4456).</summary>
    public bool ReflectorClient { get; init; }

    /// <summary>It takes part in the encrypted service: routes with a Security Gateway Identity go to it.</summary>
    public bool TakesSecurityGateways { get; init; } = true;

    /// <summary>Group with a multi-point SA whose members' routes it brings; null for none.</summary>
    public EgressGroup? Group { get; init; }

    /// <summary>How often our own AS may stand in a path from it.</summary>
    public int AllowOwnAs { get; init; }

    /// <summary>Its AS is replaced by ours in what is sent to it; without, routes that went through its AS are not sent.</summary>
    public bool AsOverride { get; init; }

    /// <summary>Families of the session, in the order in which they are sent.</summary>
    public IReadOnlyList<RibFamily> Families { get; init; } = [];

    /// <summary>EBGP.</summary>
    public bool IsExternal => RemoteAs != LocalAs;
}

/// <summary>What holds for one family with a neighbour.</summary>
public sealed record RibFamily
{
    /// <summary>The family.</summary>
    public required Family Family { get; init; }

    /// <summary>What is taken; null: nothing of EBGP (RFC 8212), everything of IBGP.</summary>
    public IRoutePolicy? Import { get; init; }

    /// <summary>What is sent; null: nothing to EBGP (RFC 8212), everything to IBGP.</summary>
    public IRoutePolicy? Export { get; init; }

    /// <summary>We are the next hop of what we send to IBGP, reflected routes aside (RFC 4456 §10).</summary>
    public bool NextHopSelf { get; init; }

    /// <summary>Paths of a prefix that are sent at most (RFC 7911, negotiated); 0: the best, without an identifier.</summary>
    public int AddPathSend { get; init; }

    /// <summary>It takes IPv6 next hops for IPv4 routes (RFC 8950, negotiated).</summary>
    public bool ExtendedNextHop { get; init; }

    /// <summary>A default route is sent.</summary>
    public bool DefaultOriginate { get; init; }
}
