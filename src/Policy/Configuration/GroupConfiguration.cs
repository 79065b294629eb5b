using Appliance.Shared;

namespace Appliance.Policy;

/// <summary>A group with a multi-point SA as routes and tables see it (draft-yamaya-ipsecme-mpsa-04 §3.4, §4).</summary>
public sealed record GroupConfiguration
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Our ESP addresses, one a family at most.</summary>
    public IReadOnlyList<IpAddress> Local { get; init; } = [];

    /// <summary>BGP neighbours whose routes with an "IPsec in tunnel mode" encapsulation lead to members of this group; a star at the end of a name stands for anything.</summary>
    public IReadOnlyList<string> Neighbors { get; init; } = [];

    /// <summary>Prefixes behind this node that its neighbours are told, beside BGP's own networks.</summary>
    public IReadOnlyList<IpPrefix> Announce { get; init; } = [];

    /// <summary>Static routes to members that need no BGP; each address is of a family that <see cref="Local"/> has. Several may have one multicast prefix.</summary>
    public IReadOnlyList<GroupMember> Members { get; init; } = [];

    /// <summary>Multicast groups that hosts here want, and that are announced like prefixes.</summary>
    public IReadOnlyList<IpPrefix> Multicast { get; init; } = [];

    /// <summary>Replay window for each sender in packets; 0 for none.</summary>
    public int ReplayWindow { get; init; } = 4096;

    /// <summary>Whether a neighbour's routes are this group's.</summary>
    public bool TakesNeighbor(string neighbor) => Neighbors.Count > 0 && new RouteMatch(Neighbors, [], []).TakesNeighbor(neighbor);

    /// <summary>Name of the tunnel for an outer family.</summary>
    public string TunnelName(bool isV4) => TunnelName(Name, isV4);

    /// <summary>Name of a group's tunnel for an outer family.</summary>
    public static string TunnelName(string group, bool isV4) => group + (isV4 ? ".v4" : ".v6");

    /// <summary>The group whose tunnel has this name.</summary>
    public static string GroupOf(string tunnel) => tunnel.EndsWith(".v4", StringComparison.Ordinal) || tunnel.EndsWith(".v6", StringComparison.Ordinal) ? tunnel[..^3] : tunnel;
}

/// <summary>A static route to a member of a group.</summary>
/// <param name="Prefix">What lies behind it.</param>
/// <param name="Address">Its ESP address.</param>
public readonly record struct GroupMember(IpPrefix Prefix, IpAddress Address)
{
    /// <summary>It wants multicast: no other route leads there, and others may want the same.</summary>
    public bool IsMulticast => AddressScope.IsMulticast(Prefix.Address);
}
