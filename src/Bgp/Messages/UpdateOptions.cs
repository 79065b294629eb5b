namespace Appliance.Bgp;

/// <summary>What was agreed with a neighbour and changes how UPDATE messages from it are read.</summary>
public readonly record struct UpdateOptions
{
    /// <summary>AS numbers have 4 octets: both sides said so (RFC 6793).</summary>
    public bool FourOctetAs { get; init; }

    /// <summary>The neighbour is external: LOCAL_PREF, ORIGINATOR_ID and CLUSTER_LIST are not its to say (RFC 7606 §7.5, §7.9, §7.10).</summary>
    public bool IsExternal { get; init; }

    /// <summary>AS that has to be the leftmost of AS_PATH (RFC 4271 §6.3, RFC 7606 §7.2): the neighbour's; 0 where it need not be (IBGP, route servers).</summary>
    public uint FirstAs { get; init; }

    /// <summary>Families that both sides speak; routes of others are ignored.</summary>
    public FamilySet Families { get; init; }

    /// <summary>Families whose NLRI from the neighbour have path identifiers (RFC 7911).</summary>
    public FamilySet AddPath { get; init; }

    /// <summary>Families of AFI 1 whose next hops from the neighbour can be IPv6 addresses (RFC 8950).</summary>
    public FamilySet ExtendedNextHop { get; init; }
}
