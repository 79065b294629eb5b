using Appliance.Shared;

namespace Appliance.Policy;

/// <summary>Prefixes of a range of lengths inside another prefix, as prefix lists say them.</summary>
/// <param name="Within">What contains them.</param>
/// <param name="Shortest">Their shortest length.</param>
/// <param name="Longest">Their longest length.</param>
public readonly record struct PrefixRange(IpPrefix Within, int Shortest, int Longest)
{
    /// <summary>Every prefix of both families.</summary>
    public static IReadOnlyList<PrefixRange> Any { get; } = [new(new IpPrefix(IpAddress.FromV4(0), 0), 0, 32), new(new IpPrefix(default, 0), 0, 128)];

    /// <summary>Whether a prefix is one of them.</summary>
    public bool Matches(IpPrefix prefix) => prefix.Length >= Shortest && prefix.Length <= Longest && prefix.IsV4 == Within.IsV4 && Within.Contains(prefix);
}

/// <summary>From whom, by which gateway and for which prefixes something holds.</summary>
/// <param name="Neighbors">Names of neighbours; a star at the end stands for anything. Empty: all.</param>
/// <param name="Gateways">Where the gateway's address lies. Empty: anywhere.</param>
/// <param name="Prefixes">The prefixes announced. Empty: all.</param>
public sealed record RouteMatch(IReadOnlyList<string> Neighbors, IReadOnlyList<IpPrefix> Gateways, IReadOnlyList<PrefixRange> Prefixes)
{
    /// <summary>Everything.</summary>
    public static RouteMatch All { get; } = new([], [], []);

    /// <summary>Whether it holds for a neighbour.</summary>
    public bool TakesNeighbor(string neighbor)
    {
        if (Neighbors.Count == 0) return true;
        foreach (var name in Neighbors)
            if (name.EndsWith('*') ? neighbor.AsSpan().StartsWith(name.AsSpan(0, name.Length - 1), StringComparison.Ordinal) : name == neighbor)
                return true;
        return false;
    }

    /// <summary>Whether it holds for a gateway.</summary>
    public bool TakesGateway(IpAddress gateway)
    {
        if (Gateways.Count == 0) return true;
        foreach (var range in Gateways)
            if (range.Contains(gateway))
                return true;
        return false;
    }

    /// <summary>Whether it holds for a prefix.</summary>
    public bool TakesPrefix(IpPrefix prefix)
    {
        if (Prefixes.Count == 0) return true;
        foreach (var range in Prefixes)
            if (range.Matches(prefix))
                return true;
        return false;
    }
}

/// <summary>What the PAD lets a gateway claim (RFC 4301 §4.4.3).</summary>
/// <param name="Gateways">Addresses of the entry; empty: every gateway.</param>
/// <param name="Allowed">Ranges that its prefixes must lie in; empty: no limit.</param>
public sealed record GatewayClaim(IReadOnlyList<IpAddress> Gateways, IReadOnlyList<AddressRange> Allowed)
{
    /// <summary>Whether a prefix lies in one of the ranges.</summary>
    public bool Allows(IpPrefix prefix)
    {
        if (Allowed.Count == 0) return true;
        foreach (var range in Allowed)
            if (range.Low.IsV4 == prefix.IsV4 && range.Low <= prefix.Address && range.High >= prefix.Last)
                return true;
        return false;
    }
}

/// <summary>How routes with a Security Gateway Identity are dealt with (draft-guichard-ce-ce-ipsec-00 §7). Immutable.</summary>
public sealed record SecurityGatewayConfiguration
{
    /// <summary>Our own Security Gateway Identity.</summary>
    public IpAddress Gateway { get; init; }

    /// <summary>Our trusted subnets: they never lead into a tunnel.</summary>
    public IReadOnlyList<IpPrefix> Trusted { get; init; } = [];

    /// <summary>Prefixes that never leave in the clear.</summary>
    public IReadOnlyList<IpPrefix> Protected { get; init; } = [];

    /// <summary>Which identities are believed; none without a rule.</summary>
    public IReadOnlyList<RouteMatch> Accept { get; init; } = [];

    /// <summary>The PAD in order: the first entry with a gateway's address says what it may claim; a gateway without an entry claims nothing.</summary>
    public IReadOnlyList<GatewayClaim> Claims { get; init; } = [];

    /// <summary>Which routes with an identity need encryption; null: all of them.</summary>
    public IReadOnlyList<RouteMatch>? Encrypt { get; init; }

    /// <summary>Prefixes that may leave in the clear.</summary>
    public IReadOnlyList<IpPrefix> Bypass { get; init; } = [];

    /// <summary>How many prefixes are remembered at most.</summary>
    public int MaximumRemembered { get; init; } = 262_144;

    /// <summary>How many gateways are in use at most.</summary>
    public int MaximumGateways { get; init; } = 65_536;
}
