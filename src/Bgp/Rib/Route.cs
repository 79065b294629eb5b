namespace Appliance.Bgp;

/// <summary>What is true of a route.</summary>
[Flags]
internal enum RouteFlags : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Its neighbour restarts, or sends all its routes anew, and has not said it again (RFC 4724 §4.2, RFC 7313 §4).</summary>
    Stale = 1,

    /// <summary>Its next hop has to be reachable.</summary>
    Tracked = 2,

    /// <summary>In a VRF: brought in from a VPN family; PathId is the slot there.</summary>
    Imported = 4,

    /// <summary>In a VPN family: a route of one of our VRFs; PathId is the number of the VRF.</summary>
    Exported = 8,

    /// <summary>With <see cref="Imported"/>: from VPN-IPv6, not from VPN-IPv4.</summary>
    FromVpnv6 = 16,
}

/// <summary>A route in an Adj-RIB-In: 24 octets, in a chain with the other routes of its prefix.</summary>
internal struct Route : ILinked
{
    /// <summary>Attributes as they came.</summary>
    public int In;

    /// <summary>Attributes after the import policy; 0: rejected.</summary>
    public int Out;

    /// <summary>Path identifier that it came with (RFC 7911).</summary>
    public uint PathId;

    /// <summary>Label of VPN families.</summary>
    public uint Label;

    /// <summary>Number of the neighbour within the RIB; 0: our own.</summary>
    public ushort Peer;

    /// <summary>What is true of it.</summary>
    public RouteFlags Flags;

    /// <inheritdoc/>
    public int Next { get; set; }
}

/// <summary>A prefix of a table.</summary>
internal struct PrefixState
{
    /// <summary>First of its routes.</summary>
    public int Routes;

    /// <summary>The best of them; 0: none.</summary>
    public int Best;

    /// <summary>Number of the best paths that were told.</summary>
    public int Paths;

    /// <summary>What is true of it.</summary>
    public PrefixFlags Flags;
}

/// <summary>What is true of a prefix.</summary>
[Flags]
internal enum PrefixFlags
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The slot is used.</summary>
    Used = 1,

    /// <summary>Waits for the decision.</summary>
    Dirty = 2,

    /// <summary>Is told again even when the decision comes out as before.</summary>
    Retell = 4,

    /// <summary>Some neighbour's turn came while it waited: those are to look at it once it is decided.</summary>
    Look = 8,
}
