namespace Appliance.Shared;

/// <summary>How many records of each kind a region has room for. Memory is used as records are touched.</summary>
public sealed record RegionSizes
{
    /// <summary>Outbound SA records (1 KiB each) and their states.</summary>
    public int OutboundSas { get; init; } = 8192;

    /// <summary>Inbound SA records (1 KiB each), their states and twice as many lookup entries.</summary>
    public int InboundSas { get; init; } = 8192;

    /// <summary>Tunnels.</summary>
    public int Tunnels { get; init; } = 4096;

    /// <summary>Next hops that routes name.</summary>
    public int NextHops { get; init; } = 16384;

    /// <summary>Resolved neighbours.</summary>
    public int Adjacencies { get; init; } = 8192;

    /// <summary>SPD rules and traffic selectors.</summary>
    public int SpdRules { get; init; } = 8192;

    /// <summary>Groups of 16 cells for IPv4 routes longer than /24: one for a prefix of up to 28 bits, another for a longer one, shared by neighbours.</summary>
    public int Ipv4Groups { get; init; } = 65536;

    /// <summary>Nodes of the IPv6 route trie.</summary>
    public int Ipv6Nodes { get; init; } = 65536;

    /// <summary>Events that fit between two looks of the slow path, for each worker.</summary>
    public int EventsPerWorker { get; init; } = 1024;

    /// <summary>Slots (1 KiB each) for the contexts of IKE SAs; most contexts need one or two.</summary>
    public int ContextSlots { get; init; } = 16384;
}
