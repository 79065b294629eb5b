using Appliance.Shared;

namespace Appliance.Policy;

/// <summary>A group with a multi-point SA as routes and tables see it (draft-yamaya-ipsecme-mpsa-04 §3.4, §4).</summary>
public sealed record GroupConfiguration
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Our ESP addresses, one a family at most.</summary>
    public IReadOnlyList<IpAddress> Local { get; init; } = [];

    /// <summary>BGP neighbours whose routes with an "IPsec in tunnel mode" encapsulation lead to members of this group.</summary>
    public IReadOnlyList<string> Neighbors { get; init; } = [];

    /// <summary>Prefixes behind members that need no BGP, each with the ESP address of its member: of a family that <see cref="Local"/> has.</summary>
    public IReadOnlyDictionary<IpPrefix, IpAddress> Members { get; init; } = new Dictionary<IpPrefix, IpAddress>();

    /// <summary>Multicast groups that hosts here want, and that are announced like prefixes.</summary>
    public IReadOnlyList<IpPrefix> Multicast { get; init; } = [];

    /// <summary>Replay window for each sender in packets; 0 for none.</summary>
    public int ReplayWindow { get; init; } = 1024;

    /// <summary>Name of the tunnel for an outer family.</summary>
    public string TunnelName(bool isV4) => TunnelName(Name, isV4);

    /// <summary>Name of a group's tunnel for an outer family.</summary>
    public static string TunnelName(string group, bool isV4) => group + (isV4 ? ".v4" : ".v6");
}
