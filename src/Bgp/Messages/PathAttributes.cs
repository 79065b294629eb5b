using System.Net;

namespace Appliance.Bgp;

/// <summary>ORIGIN (RFC 4271 §5.1.1).</summary>
public enum Origin : byte
{
    /// <summary>Interior to the originating AS.</summary>
    Igp = 0,

    /// <summary>Learned by EGP.</summary>
    Egp = 1,

    /// <summary>By some other means.</summary>
    Incomplete = 2,
}

/// <summary>AGGREGATOR: AS and address of who aggregated (RFC 4271 §5.1.7, RFC 6793).</summary>
public readonly record struct Aggregator(uint As, uint Address)
{
    /// <summary>As "65000 192.0.2.1".</summary>
    public override string ToString() => $"{As} {new IPAddress(System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(Address))}";
}

/// <summary>A large community (RFC 8092).</summary>
public readonly record struct LargeCommunity(uint Global, uint Local1, uint Local2)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Global}:{Local1}:{Local2}";
}

/// <summary>A segment of AS_PATH (RFC 4271 §4.3, RFC 5065).</summary>
/// <param name="Type">1 AS_SET, 2 AS_SEQUENCE, 3 AS_CONFED_SEQUENCE, 4 AS_CONFED_SET.</param>
/// <param name="Ases">Its AS numbers, 4 octets each.</param>
public readonly record struct AsSegment(byte Type, uint[] Ases);

/// <summary>An attribute that is not known here; optional transitive ones travel on with the Partial bit (RFC 4271 §5).</summary>
public sealed record UnknownAttribute(byte Flags, byte Type, byte[] Value);

/// <summary>
/// The path attributes of a route, without NLRI: an immutable value that many routes share. Equal sets are made one object (interned) by the RIB, so that references compare. Members that
/// hold several things are never null and never changed once made.
/// </summary>
public sealed partial class PathAttributes
{
    /// <summary>ORIGIN.</summary>
    public Origin Origin { get; init; }

    /// <summary>AS_PATH, with AS4_PATH merged in (RFC 6793 §4.2.3).</summary>
    public IReadOnlyList<AsSegment> AsPath { get; init; } = [];

    /// <summary>NEXT_HOP, or the global next hop of MP_REACH_NLRI.</summary>
    public IPAddress NextHop { get; init; } = IPAddress.Any;

    /// <summary>The link-local next hop that stands behind it (RFC 2545 §3), or null.</summary>
    public IPAddress? LinkLocalNextHop { get; init; }

    /// <summary>MULTI_EXIT_DISC, or null.</summary>
    public uint? Med { get; init; }

    /// <summary>LOCAL_PREF, or null.</summary>
    public uint? LocalPref { get; init; }

    /// <summary>ATOMIC_AGGREGATE is there.</summary>
    public bool AtomicAggregate { get; init; }

    /// <summary>AGGREGATOR, or null.</summary>
    public Aggregator? Aggregator { get; init; }

    /// <summary>COMMUNITIES (RFC 1997), in the order in which they came.</summary>
    public uint[] Communities { get; init; } = [];

    /// <summary>EXTENDED COMMUNITIES (RFC 4360), 8 octets each as a number.</summary>
    public ulong[] ExtendedCommunities { get; init; } = [];

    /// <summary>LARGE_COMMUNITY (RFC 8092).</summary>
    public LargeCommunity[] LargeCommunities { get; init; } = [];

    /// <summary>ORIGINATOR_ID (RFC 4456 §8), or null.</summary>
    public uint? OriginatorId { get; init; }

    /// <summary>CLUSTER_LIST (RFC 4456 §8).</summary>
    public uint[] ClusterList { get; init; } = [];

    /// <summary>Tunnel Encapsulation (RFC 9012 §2): the octets of the attribute's value, checked to be whole TLVs; null without. Read with TunnelEncapsulation.</summary>
    public byte[]? TunnelEncapsulation { get; init; }

    /// <summary>
    /// Not on the wire. Of a path from a neighbour of a group with an IPsec tunnel: the egress endpoint whose reachability counts in place of the next hop's (RFC 9012 §7.1), <see cref="IPAddress.Any"/>
    /// where none can be used. Null: the next hop's counts.
    /// </summary>
    public IPAddress? Egress { get; init; }

    /// <summary>Not on the wire. Of a route of our own: names of the groups whose neighbours alone are told; null for all neighbours.</summary>
    public IReadOnlyList<string>? Groups { get; init; }

    /// <summary>Optional transitive attributes that are not known here, by type.</summary>
    public UnknownAttribute[] Unknown { get; init; } = [];
}
