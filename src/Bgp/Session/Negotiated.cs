namespace Appliance.Bgp;

/// <summary>A family that both sides speak, and how.</summary>
/// <param name="Family">The family.</param>
/// <param name="AddPathSend">We put path identifiers in front of what we send (RFC 7911 §4).</param>
/// <param name="AddPathReceive">The neighbour does.</param>
/// <param name="ExtendedNextHop">IPv4 routes may have IPv6 next hops (RFC 8950).</param>
internal readonly record struct NegotiatedFamily(Family Family, bool AddPathSend, bool AddPathReceive, bool ExtendedNextHop);

/// <summary>What holds on a connection after both OPENs.</summary>
internal sealed record Negotiated
{
    /// <summary>Before the neighbour's OPEN.</summary>
    public static Negotiated Nothing { get; } = new();

    /// <summary>The neighbour's AS.</summary>
    public uint RemoteAs { get; init; }

    /// <summary>The neighbour's BGP Identifier.</summary>
    public uint RemoteId { get; init; }

    /// <summary>The smaller of both hold times, in seconds; 0 for none.</summary>
    public int HoldSeconds { get; init; }

    /// <summary>AS numbers have 4 octets (RFC 6793).</summary>
    public bool FourOctetAs { get; init; }

    /// <summary>Messages may have 65535 octets, both ways (RFC 8654).</summary>
    public bool ExtendedMessages { get; init; }

    /// <summary>Both know ROUTE-REFRESH (RFC 2918).</summary>
    public bool RouteRefresh { get; init; }

    /// <summary>Both know BoRR and EoRR (RFC 7313).</summary>
    public bool EnhancedRefresh { get; init; }

    /// <summary>What the neighbour says of restarts; null when it does not know graceful restart (RFC 4724).</summary>
    public GracefulRestart? Restart { get; init; }

    /// <summary>A NOTIFICATION other than Hard Reset leaves routes in place, both ways (RFC 8538).</summary>
    public bool NotificationKeeps { get; init; }

    /// <summary>Families that both speak.</summary>
    public IReadOnlyList<NegotiatedFamily> Families { get; init; } = [];

    /// <summary>Everything the neighbour said, as words.</summary>
    public IReadOnlyList<string> RemoteWords { get; init; } = [];

    /// <summary>Octets that a message may have.</summary>
    public int MessageMost => ExtendedMessages ? 65535 : 4096;

    /// <summary>How a family is spoken, or null.</summary>
    public NegotiatedFamily? Of(Family family)
    {
        foreach (var f in Families)
            if (f.Family == family) return f;
        return null;
    }

    /// <summary>Whether the neighbour keeps a family through a restart (RFC 4724 §3).</summary>
    public bool Keeps(Family family) => Restart is { } restart && restart.Families.Any(f => f.Family == family);

    /// <summary>Whether it kept what it forwards in a family this time.</summary>
    public bool Kept(Family family) => Restart is { } restart && restart.Families.Any(f => f.Family == family && f.ForwardingKept);
}
