using Appliance.Shared;

namespace Appliance.Policy;

/// <summary>A network device of the kernel.</summary>
/// <param name="Index">Interface index.</param>
/// <param name="Name">Its name.</param>
/// <param name="Mtu">Octets, without Ethernet header.</param>
/// <param name="Mac">Link-layer address, first octet lowest; 0 without one.</param>
/// <param name="IsUp">Administratively up.</param>
/// <param name="HasCarrier">Its other end is there: of a tunnel's interface, an SA.</param>
public sealed record KernelLink(uint Index, string Name, int Mtu, ulong Mac, bool IsUp, bool HasCarrier = true);

/// <summary>An address on a device.</summary>
public readonly record struct KernelAddress(uint Link, IpAddress Address, int PrefixLength);

/// <summary>A neighbour whose link-layer address the kernel knows.</summary>
/// <param name="Link">Interface index.</param>
/// <param name="Address">The neighbour.</param>
/// <param name="Mac">Its link-layer address, first octet lowest.</param>
public readonly record struct KernelNeighbour(uint Link, IpAddress Address, ulong Mac);

/// <summary>What a route of the kernel does.</summary>
public enum KernelRouteKind : byte
{
    /// <summary>Forwards.</summary>
    Unicast = 1,

    /// <summary>An address of the machine.</summary>
    Local = 2,

    /// <summary>A broadcast address of a connected network.</summary>
    Broadcast = 3,

    /// <summary>Drops: blackhole, unreachable, prohibit.</summary>
    Discard = 6,
}

/// <summary>A route of the kernel.</summary>
/// <param name="Prefix">Destination.</param>
/// <param name="Kind">What it does.</param>
/// <param name="Link">Interface index; 0 without one.</param>
/// <param name="Gateway">Next hop; <see cref="IpAddress.Any"/> for a connected network.</param>
/// <param name="Metric">Lower is preferred.</param>
/// <param name="Protocol">Who made it (rtm_protocol); <see cref="KernelRoutes.OwnProtocol"/> is ours.</param>
/// <param name="Source">Preferred source; <see cref="IpAddress.Any"/> for none.</param>
/// <param name="IsForIke">It stands in the table that IKE's own datagrams are looked up in first (<see cref="KernelRoutes.IkeTable"/>), not in main or local.</param>
public readonly record struct KernelRoute(IpPrefix Prefix, KernelRouteKind Kind, uint Link, IpAddress Gateway, uint Metric, byte Protocol, IpAddress Source, bool IsForIke = false);

/// <summary>What the kernel knows of links, addresses, neighbours and routes (tables main and local), at one moment.</summary>
public sealed record KernelView
{
    /// <summary>Devices.</summary>
    public IReadOnlyCollection<KernelLink> Links { get; init; } = [];

    /// <summary>Addresses.</summary>
    public IReadOnlyCollection<KernelAddress> Addresses { get; init; } = [];

    /// <summary>Resolved neighbours.</summary>
    public IReadOnlyCollection<KernelNeighbour> Neighbours { get; init; } = [];

    /// <summary>Routes.</summary>
    public IReadOnlyCollection<KernelRoute> Routes { get; init; } = [];
}
