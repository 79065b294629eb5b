using System.Buffers.Binary;
using System.Net;

namespace Appliance.Bgp;

/// <summary>A neighbour within the RIB.</summary>
internal sealed class PeerState
{
    public PeerState(ushort slot, RibPeer facts)
    {
        Slot = slot;
        Change(facts);
    }

    /// <summary>Number within the RIB.</summary>
    public ushort Slot { get; }

    /// <summary>What the caller said.</summary>
    public RibPeer Facts { get; private set; } = null!;

    /// <summary>What policies may ask.</summary>
    public PolicySession Session { get; private set; } = null!;

    /// <summary>Families of the session, and those of which routes are still there.</summary>
    public List<PeerFamily> Families { get; } = [];

    /// <summary>Order of peer addresses (RFC 4271 §9.1.2.2 g): IPv4 before IPv6, then as numbers.</summary>
    public (int Length, UInt128 Number) AddressOrder { get; private set; }

    /// <summary>Which VPN routes it asked for; null: RFC 4684 was not negotiated, it gets all.</summary>
    public RouteTargetFilter? Filter { get; set; }

    public void Change(RibPeer facts)
    {
        Facts = facts;
        Session = new PolicySession(facts.Name, facts.Address, facts.RemoteAs, facts.LocalAs, facts.LocalAddress, facts.IsExternal);
        var octets = facts.Address.GetAddressBytes();
        AddressOrder = (octets.Length, octets.Length == 4 ? BinaryPrimitives.ReadUInt32BigEndian(octets) : BinaryPrimitives.ReadUInt128BigEndian(octets));
    }

    public PeerFamily? Of(Family family)
    {
        foreach (var candidate in Families)
        {
            if (candidate.Facts.Family == family) return candidate;
        }

        return null;
    }

    /// <summary>An address of ours towards it, as a next hop.</summary>
    public bool IsOurs(IPAddress address) =>
        address.Equals(Facts.LocalAddress) || address.Equals(Facts.NextHopIpv4) || address.Equals(Facts.NextHopIpv6);
}

/// <summary>One family with a neighbour: what came, what was sent.</summary>
internal sealed class PeerFamily(PeerState peer, RibFamily facts, RibTable table)
{
    /// <summary>Whose.</summary>
    public PeerState Peer => peer;

    /// <summary>What the caller said.</summary>
    public RibFamily Facts { get; set; } = facts;

    /// <summary>Where its routes stand.</summary>
    public RibTable Table => table;

    /// <summary>Routes that came.</summary>
    public int Routes { get; set; }

    /// <summary>Routes that the import policy took.</summary>
    public int Accepted { get; set; }

    /// <summary>Of the routes that came, those that are stale.</summary>
    public int Stale { get; set; }

    /// <summary>What is sent.</summary>
    public AdjRibOut Out { get; } = new();

    /// <summary>The last attributes that came, and what they became: routes of one message share them.</summary>
    public PathAttributes? LastAttributes { get; set; }

    /// <summary>Their number, with a reference.</summary>
    public int LastIn { get; set; }

    /// <summary>What the import policy made of them, with a reference; only when it does not look at prefixes.</summary>
    public int LastOut { get; set; }
}
