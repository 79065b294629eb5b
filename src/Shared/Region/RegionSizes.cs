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
    public int Ipv4Groups { get; init; } = 1 << 17;

    /// <summary>Nodes of the IPv6 route trie, 64 octets each: a full table of 250 000 prefixes takes about 300 000, one without any order up to 1.3 million.</summary>
    public int Ipv6Nodes { get; init; } = 1 << 20;

    /// <summary>Events that fit between two looks of the slow path, for each worker.</summary>
    public int EventsPerWorker { get; init; } = 1024;

    /// <summary>Slots (1 KiB each) for the contexts of IKE SAs; most contexts need one or two.</summary>
    public int ContextSlots { get; init; } = 16384;

    /// <summary>Senders of multi-point SAs known at once, those of all groups together, old and new SA of each during a rollover; 640 octets each as they are heard.</summary>
    public int Senders { get; init; } = 16384;
}
