using System.Net;

namespace Appliance.Bgp;

/// <summary>What an operator sees of BGP as a whole. Immutable; made anew when it is asked for.</summary>
/// <param name="LocalAs">Our AS.</param>
/// <param name="RouterId">BGP Identifier.</param>
/// <param name="IsRestarting">After a restart, routes of some family are still waited for (RFC 4724 §4.1).</param>
/// <param name="Neighbors">All neighbours, dynamic ones too, by name.</param>
/// <param name="Tables">The tables that hold something or that a neighbour belongs to.</param>
public sealed record BgpSummary(uint LocalAs, uint RouterId, bool IsRestarting, IReadOnlyList<NeighborStatus> Neighbors, IReadOnlyList<TableStatus> Tables);

/// <summary>A table of routes.</summary>
/// <param name="Vrf">Name of the VRF; empty for the global table.</param>
/// <param name="Family">Its family.</param>
/// <param name="Prefixes">Prefixes that there is at least one path to.</param>
/// <param name="Paths">Paths.</param>
/// <param name="IsComplete">False while routes are waited for after a restart.</param>
public sealed record TableStatus(string Vrf, Family Family, int Prefixes, int Paths, bool IsComplete);

/// <summary>What an operator sees of a neighbour.</summary>
public sealed record NeighborStatus
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its address.</summary>
    public required IPAddress Address { get; init; }

    /// <summary>Our address of the session, or null without a session.</summary>
    public IPAddress? LocalAddress { get; init; }

    /// <summary>VRF; empty for the global table.</summary>
    public string Vrf { get; init; } = "";

    /// <summary>Its AS; 0 while a dynamic neighbour did not say it.</summary>
    public uint RemoteAs { get; init; }

    /// <summary>Our AS towards it.</summary>
    public uint LocalAs { get; init; }

    /// <summary>Its BGP Identifier; 0 without a session.</summary>
    public uint RouterId { get; init; }

    /// <summary>EBGP.</summary>
    public bool IsExternal { get; init; }

    /// <summary>Made after a template.</summary>
    public bool IsDynamic { get; init; }

    /// <summary>Administratively down.</summary>
    public bool IsDisabled { get; init; }

    /// <summary>A client of this route reflector.</summary>
    public bool IsReflectorClient { get; init; }

    /// <summary>State of the session.</summary>
    public SessionState State { get; init; }

    /// <summary>Whole seconds since the state was entered.</summary>
    public long SecondsInState { get; init; }

    /// <summary>How often the session was established.</summary>
    public int TimesEstablished { get; init; }

    /// <summary>Why the session is in its state, or why the last one ended, as a sentence; empty when there was none.</summary>
    public string LastReason { get; init; } = "";

    /// <summary>The last NOTIFICATION that was sent or received ("received Cease/Administrative Shutdown …"); empty when there was none.</summary>
    public string LastNotification { get; init; } = "";

    /// <summary>Seconds until the next attempt to connect, or null.</summary>
    public long? SecondsToRetry { get; init; }

    /// <summary>Hold time in force, in seconds (RFC 4271 §4.2); 0 for none.</summary>
    public int HoldSeconds { get; init; }

    /// <summary>Interval of KEEPALIVEs in force, in seconds.</summary>
    public int KeepaliveSeconds { get; init; }

    /// <summary>Capabilities that both sides know, as words ("route-refresh", "4-octet-as", "add-path ipv4 receive").</summary>
    public IReadOnlyList<string> Capabilities { get; init; } = [];

    /// <summary>Capabilities that the neighbour said, as words.</summary>
    public IReadOnlyList<string> RemoteCapabilities { get; init; } = [];

    /// <summary>BFD: null when it is not used, else whether it is up.</summary>
    public bool? BfdUp { get; init; }

    /// <summary>Octets that wait for the socket to take them.</summary>
    public int OctetsUnsent { get; init; }

    /// <summary>Messages of this process's life.</summary>
    public MessageCounts Received { get; init; } = new();

    /// <summary>Messages of this process's life.</summary>
    public MessageCounts Sent { get; init; } = new();

    /// <summary>UPDATEs with errors that did not end the session (RFC 7606).</summary>
    public long MalformedUpdates { get; init; }

    /// <summary>Its families, those that are not in use too.</summary>
    public IReadOnlyList<NeighborFamilyStatus> Families { get; init; } = [];
}

/// <summary>How many messages went one way.</summary>
public sealed record MessageCounts
{
    /// <summary>OPEN.</summary>
    public long Opens { get; init; }

    /// <summary>UPDATE.</summary>
    public long Updates { get; init; }

    /// <summary>NOTIFICATION.</summary>
    public long Notifications { get; init; }

    /// <summary>KEEPALIVE.</summary>
    public long Keepalives { get; init; }

    /// <summary>ROUTE-REFRESH.</summary>
    public long Refreshes { get; init; }

    /// <summary>All.</summary>
    public long All => Opens + Updates + Notifications + Keepalives + Refreshes;
}

/// <summary>A family with a neighbour.</summary>
public sealed record NeighborFamilyStatus
{
    /// <summary>The family.</summary>
    public required Family Family { get; init; }

    /// <summary>Both sides speak it and the session is established.</summary>
    public bool IsNegotiated { get; init; }

    /// <summary>Paths that the neighbour announced and that are kept (also those that the import policy rejects, where they are kept).</summary>
    public int Received { get; init; }

    /// <summary>Paths that the import policy accepted.</summary>
    public int Accepted { get; init; }

    /// <summary>Paths that we announced.</summary>
    public int Sent { get; init; }

    /// <summary>Paths that are kept although the session ended (RFC 4724 §4.2).</summary>
    public int Stale { get; init; }

    /// <summary>Prefixes that are taken at most; 0 for no limit.</summary>
    public int MaximumPrefixes { get; init; }

    /// <summary>Name of the import policy; empty for none.</summary>
    public string Import { get; init; } = "";

    /// <summary>Name of the export policy; empty for none.</summary>
    public string Export { get; init; } = "";

    /// <summary>The neighbour's End-of-RIB came.</summary>
    public bool EndOfRibReceived { get; init; }

    /// <summary>Our End-of-RIB went out.</summary>
    public bool EndOfRibSent { get; init; }

    /// <summary>Several paths are taken (RFC 7911).</summary>
    public bool AddPathReceive { get; init; }

    /// <summary>Several paths are sent (RFC 7911).</summary>
    public bool AddPathSend { get; init; }
}

/// <summary>A prefix in a table, with all its paths.</summary>
/// <param name="Vrf">Name of the VRF; empty for the global table.</param>
/// <param name="Family">Family of the table.</param>
/// <param name="Nlri">The prefix, with its route distinguisher in VPN families.</param>
/// <param name="Paths">All paths, the best first.</param>
public sealed record RouteStatus(string Vrf, Family Family, Nlri Nlri, IReadOnlyList<PathStatus> Paths);

/// <summary>A path of a prefix.</summary>
public sealed record PathStatus
{
    /// <summary>Its attributes, after the import policy.</summary>
    public required PathAttributes Attributes { get; init; }

    /// <summary>Name of the neighbour that it is from; empty for our own.</summary>
    public string Neighbor { get; init; } = "";

    /// <summary>Identifier that the neighbour gave it (RFC 7911); 0 without.</summary>
    public uint PathId { get; init; }

    /// <summary>It is the best.</summary>
    public bool IsBest { get; init; }

    /// <summary>It is as good as the best and is used beside it.</summary>
    public bool IsMultipath { get; init; }

    /// <summary>Its neighbour's session ended; it is kept while the neighbour restarts (RFC 4724).</summary>
    public bool IsStale { get; init; }

    /// <summary>It was taken: by the import policy, and it holds no loop and no next hop of ours.</summary>
    public bool IsAccepted { get; init; } = true;

    /// <summary>It was taken and its next hop is reachable.</summary>
    public bool IsReachable { get; init; }

    /// <summary>Learned by EBGP.</summary>
    public bool IsExternal { get; init; }

    /// <summary>Originated here.</summary>
    public bool IsLocal { get; init; }

    /// <summary>Group to whose member it leads; null for none.</summary>
    public string? Group { get; init; }

    /// <summary>Why it is the best, or by which step of the decision it lost (RFC 4271 §9.1.2.2), in few words; empty when there is nothing to say.</summary>
    public string Why { get; init; } = "";
}
