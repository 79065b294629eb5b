using Appliance.Shared;

namespace Appliance.Policy;

/// <summary>What a learned route does.</summary>
public enum LearnedKind : byte
{
    /// <summary>Forwards to next hops, resolved recursively.</summary>
    Via,

    /// <summary>Leads into tunnels.</summary>
    Tunnel,

    /// <summary>Leads to members of a group with a multi-point SA: into tunnel <see cref="LearnedTarget.Tunnels"/>[i] with outer destination <see cref="LearnedTarget.NextHops"/>[i].</summary>
    Member,

    /// <summary>To every member of the list, and no other way: a multicast address.</summary>
    Replicate,

    /// <summary>Discards, and nothing less specific may take its place: a protected prefix.</summary>
    Discard,
}

/// <summary>
/// Where a learned route leads. Whoever makes them keeps equal ones one object, since a million routes share few: they are compared by reference.
/// </summary>
/// <param name="kind">What it does.</param>
/// <param name="nextHops">Of <see cref="LearnedKind.Via"/>: addresses, the best first; several share the flows. Of <see cref="LearnedKind.Member"/> and <see cref="LearnedKind.Replicate"/>: ESP addresses.</param>
/// <param name="tunnels">Of <see cref="LearnedKind.Tunnel"/>: names; several share the flows. Of <see cref="LearnedKind.Member"/> and <see cref="LearnedKind.Replicate"/>: the group's tunnel of each address's family.</param>
public sealed class LearnedTarget(LearnedKind kind, IReadOnlyList<IpAddress> nextHops, IReadOnlyList<string> tunnels)
{
    /// <summary>What it does.</summary>
    public LearnedKind Kind => kind;

    /// <summary>Next hops.</summary>
    public IReadOnlyList<IpAddress> NextHops => nextHops;

    /// <summary>Tunnels.</summary>
    public IReadOnlyList<string> Tunnels => tunnels;

    /// <summary>Of <see cref="LearnedKind.Replicate"/>: hosts here want it too.</summary>
    public bool IsWantedHere { get; init; }

    /// <summary>The discard of a protected prefix.</summary>
    public static LearnedTarget Discard { get; } = new(LearnedKind.Discard, [], []);
}

/// <summary>A change of a learned route: where the prefix leads now; null: nowhere any more.</summary>
public readonly record struct LearnedChange(IpPrefix Prefix, LearnedTarget? Target);

/// <summary>A path of a route as a routing protocol learned it.</summary>
/// <param name="NextHop">Its next hop.</param>
/// <param name="SecurityGateway">The Security Gateway Identity that came with it; <see cref="IpAddress.Any"/> for none.</param>
/// <param name="Neighbor">Who it is from; empty for our own.</param>
/// <param name="IsLocal">Originated here.</param>
/// <param name="Egress">ESP addresses of an "IPsec in tunnel mode" encapsulation (RFC 9012 §2, RFC 5566 §3; the next hop where an endpoint names none), in their order; null without one.</param>
public readonly record struct RoutedPath(IpAddress NextHop, IpAddress SecurityGateway, string Neighbor, bool IsLocal, IReadOnlyList<IpAddress>? Egress = null);

/// <summary>A prefix and its best paths now, the same list for many prefixes; null: withdrawn.</summary>
public readonly record struct RoutedPrefix(IpPrefix Prefix, IReadOnlyList<RoutedPath>? Paths);
