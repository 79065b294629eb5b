using Appliance.Shared;

namespace Appliance.Policy;

/// <summary>Names an adjacency: a neighbour at a port.</summary>
public readonly record struct AdjacencyKey(byte Port, IpAddress Neighbour);

/// <summary>An adjacency as it shall stand in the region.</summary>
/// <param name="Key">Port and neighbour.</param>
/// <param name="IsResolved">False: the neighbour's link-layer address is not known; the record is there so that SAs can name it.</param>
/// <param name="NoEthernet">The port has no link layer.</param>
/// <param name="Mtu">Octets.</param>
/// <param name="DestinationMac">First octet lowest.</param>
/// <param name="SourceMac">First octet lowest.</param>
public readonly record struct Adjacency(AdjacencyKey Key, bool IsResolved, bool NoEthernet, ushort Mtu, ulong DestinationMac, ulong SourceMac);

/// <summary>Where a route leads, with names in place of slots. Equal values share one record.</summary>
public readonly record struct NextHop(NextHopKind Kind, bool Protected, byte Port, string? Tunnel, AdjacencyKey Adjacency, IpAddress Address)
{
    /// <summary>To a member of a group: <see cref="Address"/> is the outer destination.</summary>
    public bool IsMember => Kind == NextHopKind.Tunnel && !Address.IsAny;

    /// <summary>To this machine.</summary>
    public static NextHop Local => new(NextHopKind.Local, false, 0, null, default, default);

    /// <summary>Out of the host's own door.</summary>
    public static NextHop Punt => new(NextHopKind.Punt, true, 0, null, default, default);

    /// <summary>To an address of a tunnel's interface, which takes from tunnels what came through its own.</summary>
    public static NextHop ToInterface(byte port) => new(NextHopKind.Punt, true, port, null, default, default);

    /// <summary>Nowhere.</summary>
    public static NextHop Discard(bool isProtected) => new(NextHopKind.Discard, isProtected, 0, null, default, default);

    /// <summary>Into a tunnel.</summary>
    public static NextHop Into(string tunnel) => new(NextHopKind.Tunnel, true, 0, tunnel, default, default);

    /// <summary>Into a group's tunnel, to the member with this ESP address. The neighbour towards it is the writer's affair: it changes with the underlay, and this does not.</summary>
    public static NextHop Into(string tunnel, IpAddress member) => new(NextHopKind.Tunnel, true, 0, tunnel, default, member);

    /// <summary>To a resolved neighbour.</summary>
    public static NextHop To(AdjacencyKey adjacency) => new(NextHopKind.Adjacent, false, adjacency.Port, null, adjacency, default);

    /// <summary>To a connected network, or (with a gateway) to a neighbour that is still to be resolved.</summary>
    public static NextHop Glean(byte port, IpAddress gateway) => new(NextHopKind.Glean, false, port, null, default, gateway);
}

/// <summary>A tunnel as it shall stand in the region.</summary>
public sealed record TunnelContents
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>How it carries packets.</summary>
    public TunnelKind Kind { get; init; }

    /// <summary>Packets are held while there is no SA.</summary>
    public bool Hold { get; init; }

    /// <summary>The inner source must be routed back.</summary>
    public bool CheckSource { get; init; }

    /// <summary>The inner source must be routed into a tunnel that is an interface.</summary>
    public bool SourceByInterfaces { get; init; }

    /// <summary>Group that it is a tunnel of; null for none.</summary>
    public string? Group { get; init; }

    /// <summary>Port of its own interface; null for none.</summary>
    public byte? Interface { get; init; }

    /// <summary>Outer source.</summary>
    public IpAddress Local { get; init; }

    /// <summary>Outer destination; <see cref="IpAddress.Any"/> while it is not known.</summary>
    public IpAddress Remote { get; init; }

    /// <summary>The ends are those of its SAs now and change with them (IKE); otherwise other ends are another tunnel.</summary>
    public bool EndsMove { get; init; }

    /// <summary>Largest inner packet in octets.</summary>
    public ushort InnerMtu { get; init; }

    /// <summary>TCP MSS for IPv4 inner packets; 0 leaves it.</summary>
    public ushort MssClampV4 { get; init; }

    /// <summary>TCP MSS for IPv6 inner packets; 0 leaves it.</summary>
    public ushort MssClampV6 { get; init; }

    /// <summary>Largest outer packet in octets: for the tunnel's SAs.</summary>
    public ushort PathMtu { get; init; }

    /// <summary>Where the tunnel's outer packets leave; null while there is no route to the peer.</summary>
    public AdjacencyKey? Path { get; init; }
}

/// <summary>An SPD rule as it shall stand in the region, the tunnel by name (null: by route). The record's tunnel slot is filled by the writer.</summary>
public readonly record struct RuleContents(SpdRule Rule, string? Tunnel);

/// <summary>A port's kernel side as it shall stand in the region.</summary>
public sealed record PortContents(byte Index, string Name, PortKind Kind, PortSide Side, ushort Mtu, uint InterfaceIndex, ulong Mac, IpAddress AddressV4, IpAddress AddressV6)
{
    /// <summary>The tunnel whose interface it is; null for any other port.</summary>
    public string? Tunnel { get; init; }
}

/// <summary>What the tables shall hold. Values compare by content, so two of these can be told apart piece by piece.</summary>
public sealed record TableContents
{
    /// <summary>Ports by index.</summary>
    public IReadOnlyList<PortContents> Ports { get; init; } = [];

    /// <summary>Tunnels by name.</summary>
    public IReadOnlyDictionary<string, TunnelContents> Tunnels { get; init; } = new Dictionary<string, TunnelContents>();

    /// <summary>Adjacencies by port and neighbour.</summary>
    public IReadOnlyDictionary<AdjacencyKey, Adjacency> Adjacencies { get; init; } = new Dictionary<AdjacencyKey, Adjacency>();

    /// <summary>Routes of both families.</summary>
    public IReadOnlyDictionary<IpPrefix, NextHop> Routes { get; init; } = new Dictionary<IpPrefix, NextHop>();

    /// <summary>Those of the routes that give way to a learned one into a tunnel, or that discards: protected ranges and templates without a tunnel, what the kernel has outside.</summary>
    public IReadOnlySet<IpPrefix> Yielding { get; init; } = new HashSet<IpPrefix>();

    /// <summary>The SPD in order.</summary>
    public IReadOnlyList<RuleContents> Rules { get; init; } = [];

    /// <summary>Addresses of the machine whose traffic (but for ESP) is the kernel's, in order.</summary>
    public IReadOnlyList<IpAddress> LocalAddresses { get; init; } = [];
}
