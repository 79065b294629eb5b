namespace Appliance.Bgp;

/// <summary>Type codes of path attributes (RFC 4271 §5 and later; IANA).</summary>
public static class AttributeType
{
    /// <summary>ORIGIN.</summary>
    public const byte Origin = 1;

    /// <summary>AS_PATH.</summary>
    public const byte AsPath = 2;

    /// <summary>NEXT_HOP.</summary>
    public const byte NextHop = 3;

    /// <summary>MULTI_EXIT_DISC.</summary>
    public const byte Med = 4;

    /// <summary>LOCAL_PREF.</summary>
    public const byte LocalPref = 5;

    /// <summary>ATOMIC_AGGREGATE.</summary>
    public const byte AtomicAggregate = 6;

    /// <summary>AGGREGATOR.</summary>
    public const byte Aggregator = 7;

    /// <summary>COMMUNITIES (RFC 1997).</summary>
    public const byte Communities = 8;

    /// <summary>ORIGINATOR_ID (RFC 4456).</summary>
    public const byte OriginatorId = 9;

    /// <summary>CLUSTER_LIST (RFC 4456).</summary>
    public const byte ClusterList = 10;

    /// <summary>MP_REACH_NLRI (RFC 4760).</summary>
    public const byte MpReach = 14;

    /// <summary>MP_UNREACH_NLRI (RFC 4760).</summary>
    public const byte MpUnreach = 15;

    /// <summary>EXTENDED COMMUNITIES (RFC 4360).</summary>
    public const byte ExtendedCommunities = 16;

    /// <summary>AS4_PATH (RFC 6793).</summary>
    public const byte As4Path = 17;

    /// <summary>AS4_AGGREGATOR (RFC 6793).</summary>
    public const byte As4Aggregator = 18;

    /// <summary>Tunnel Encapsulation (RFC 9012).</summary>
    public const byte TunnelEncapsulation = 23;

    /// <summary>IPv6 Address Specific Extended Community (RFC 5701).</summary>
    public const byte Ipv6ExtendedCommunities = 25;

    /// <summary>LARGE_COMMUNITY (RFC 8092).</summary>
    public const byte LargeCommunities = 32;

    /// <summary>The RFCs' name of a type.</summary>
    public static string NameOf(byte type) => type switch
    {
        Origin => "ORIGIN",
        AsPath => "AS_PATH",
        NextHop => "NEXT_HOP",
        Med => "MULTI_EXIT_DISC",
        LocalPref => "LOCAL_PREF",
        AtomicAggregate => "ATOMIC_AGGREGATE",
        Aggregator => "AGGREGATOR",
        Communities => "COMMUNITIES",
        OriginatorId => "ORIGINATOR_ID",
        ClusterList => "CLUSTER_LIST",
        MpReach => "MP_REACH_NLRI",
        MpUnreach => "MP_UNREACH_NLRI",
        ExtendedCommunities => "EXTENDED COMMUNITIES",
        As4Path => "AS4_PATH",
        As4Aggregator => "AS4_AGGREGATOR",
        TunnelEncapsulation => "Tunnel Encapsulation",
        Ipv6ExtendedCommunities => "IPv6 Address Specific Extended Community",
        LargeCommunities => "LARGE_COMMUNITY",
        _ => $"attribute {type}",
    };
}

/// <summary>A set of attribute types, without allocation.</summary>
public struct AttributeTypes : IEquatable<AttributeTypes>
{
    private UInt128 low;
    private UInt128 high;

    /// <summary>Nothing is in it.</summary>
    public readonly bool IsEmpty => low == 0 && high == 0;

    /// <summary>Whether a type is in it.</summary>
    public readonly bool Contains(byte type) => ((type < 128 ? low : high) >> (type & 127) & 1) != 0;

    /// <summary>Adds a type; whether it was new.</summary>
    public bool Add(byte type)
    {
        if (Contains(type)) return false;
        if (type < 128) low |= UInt128.One << type;
        else high |= UInt128.One << (type & 127);
        return true;
    }

    /// <inheritdoc/>
    public readonly bool Equals(AttributeTypes other) => low == other.low && high == other.high;

    /// <inheritdoc/>
    public override readonly bool Equals(object? obj) => obj is AttributeTypes other && Equals(other);

    /// <inheritdoc/>
    public override readonly int GetHashCode() => HashCode.Combine(low, high);

    /// <summary>Equal sets.</summary>
    public static bool operator ==(AttributeTypes a, AttributeTypes b) => a.Equals(b);

    /// <summary>Different sets.</summary>
    public static bool operator !=(AttributeTypes a, AttributeTypes b) => !a.Equals(b);

    /// <summary>Names with commas between.</summary>
    public override readonly string ToString()
    {
        var names = new List<string>();
        for (var type = 0; type < 256; type++)
        {
            if (Contains((byte)type)) names.Add(AttributeType.NameOf((byte)type));
        }

        return string.Join(", ", names);
    }
}
