using System.Net;

namespace Appliance.Bgp;

/// <summary>What BGP does and with whom, checked in itself. Immutable; a reload brings a new one.</summary>
public sealed record BgpConfiguration
{
    /// <summary>Our AS.</summary>
    public uint LocalAs { get; init; }

    /// <summary>BGP Identifier (RFC 6286); not zero.</summary>
    public uint RouterId { get; init; }

    /// <summary>Cluster of a route reflector (RFC 4456); 0 for the router's identifier.</summary>
    public uint ClusterId { get; init; }

    /// <summary>Port that is listened on.</summary>
    public int ListenPort { get; init; } = 179;

    /// <summary>Neighbours with an address of their own.</summary>
    public IReadOnlyList<NeighborConfiguration> Neighbors { get; init; } = [];

    /// <summary>Neighbours by prefix: whoever connects from there is one, passive, made after the template.</summary>
    public IReadOnlyList<DynamicNeighbors> Dynamic { get; init; } = [];

    /// <summary>VRFs.</summary>
    public IReadOnlyList<VrfConfiguration> Vrfs { get; init; } = [];

    /// <summary>Routes that we originate into the global table.</summary>
    public IReadOnlyList<OriginatedRoute> Networks { get; init; } = [];

    /// <summary>Learned routes inside of these prefixes are written into the kernel's table too, for what the host itself sends.</summary>
    public IReadOnlyList<IPNetwork> Kernel { get; init; } = [];

    /// <summary>How many equally good paths of EBGP are used at once.</summary>
    public int ExternalPaths { get; init; } = 1;

    /// <summary>How many equally good paths of IBGP are used at once.</summary>
    public int InternalPaths { get; init; } = 1;

    /// <summary>Paths count as equally good with different AS_PATHs of the same length.</summary>
    public bool MultipathRelax { get; init; }

    /// <summary>MEDs are compared also between different neighbouring ASes.</summary>
    public bool AlwaysCompareMed { get; init; }

    /// <summary>Seconds that neighbours shall keep our routes while we restart (RFC 4724), 0 for no graceful restart of our own.</summary>
    public int RestartSeconds { get; init; } = 120;

    /// <summary>Seconds that we wait for all End-of-RIB after a restart before routes are chosen.</summary>
    public int DeferralSeconds { get; init; } = 60;

    /// <summary>Sub-type of the Security Gateway Identity extended community (draft-guichard-ce-ce-ipsec-00 §6 leaves it open).</summary>
    public byte SecurityGatewaySubType { get; init; } = 0x5E;
}

/// <summary>A neighbour.</summary>
public sealed record NeighborConfiguration
{
    /// <summary>Its name; unique.</summary>
    public required string Name { get; init; }

    /// <summary>Its address; of a template of <see cref="DynamicNeighbors"/> any.</summary>
    public IPAddress Address { get; init; } = IPAddress.Any;

    /// <summary>Its port.</summary>
    public int Port { get; init; } = 179;

    /// <summary>Its AS; 0: whatever it says (dynamic neighbours).</summary>
    public uint RemoteAs { get; init; }

    /// <summary>Our AS towards it; 0 for <see cref="BgpConfiguration.LocalAs"/>.</summary>
    public uint LocalAs { get; init; }

    /// <summary>VRF that it belongs to; empty for the global table.</summary>
    public string Vrf { get; init; } = "";

    /// <summary>TCP: our address, TTL security, MD5, device.</summary>
    public TransportOptions Transport { get; init; } = new();

    /// <summary>Hops that an EBGP neighbour may be away; 1: on the link. Of IBGP without meaning.</summary>
    public int Multihop { get; init; } = 1;

    /// <summary>We wait for it to connect.</summary>
    public bool Passive { get; init; }

    /// <summary>Administratively down.</summary>
    public bool Disabled { get; init; }

    /// <summary>Hold time that we propose, in seconds; 0 for none, else at least 3.</summary>
    public int HoldSeconds { get; init; } = 90;

    /// <summary>Seconds between attempts to connect.</summary>
    public int ConnectRetrySeconds { get; init; } = 10;

    /// <summary>Families and what holds for each.</summary>
    public IReadOnlyList<FamilyConfiguration> Families { get; init; } = [];

    /// <summary>It is a client of this route reflector.</summary>
    public bool ReflectorClient { get; init; }

    /// <summary>It takes part in the encrypted service (draft-guichard-ce-ce-ipsec-00 §5): routes with a Security Gateway Identity go to it. To others they do not.</summary>
    public bool TakesSecurityGateways { get; init; } = true;

    /// <summary>Group with a multi-point SA whose members' routes come by this session; null for none.</summary>
    public EgressGroup? Group { get; init; }

    /// <summary>BFD; null for none.</summary>
    public BfdSettings? Bfd { get; init; }

    /// <summary>Messages of up to 65535 octets are offered (RFC 8654).</summary>
    public bool ExtendedMessages { get; init; } = true;

    /// <summary>Its routes are kept when it restarts and says so (RFC 4724, helper).</summary>
    public bool GracefulRestart { get; init; } = true;

    /// <summary>How often our own AS may stand in a path from it.</summary>
    public int AllowOwnAs { get; init; }

    /// <summary>Routes with AS_PATH loops of it are sent nevertheless, its AS replaced by ours (a VPN whose sites share an AS).</summary>
    public bool AsOverride { get; init; }

    /// <summary>Names no key.</summary>
    public override string ToString() => $"neighbor {Name}";
}

/// <summary>What holds for one family with a neighbour.</summary>
public sealed record FamilyConfiguration
{
    /// <summary>The family.</summary>
    public required Family Family { get; init; }

    /// <summary>What is taken; null: nothing of EBGP (RFC 8212), everything of IBGP.</summary>
    public IRoutePolicy? Import { get; init; }

    /// <summary>What is sent; null: nothing to EBGP (RFC 8212), everything to IBGP.</summary>
    public IRoutePolicy? Export { get; init; }

    /// <summary>Prefixes that are taken at most; 0 for no limit.</summary>
    public int MaximumPrefixes { get; init; }

    /// <summary>Beyond the limit: warn alone. Otherwise the session ends (Cease, Maximum Number of Prefixes Reached).</summary>
    public bool MaximumWarnsOnly { get; init; }

    /// <summary>Minutes after which a session that ended at the limit is tried again; 0 for never.</summary>
    public int MaximumRestartMinutes { get; init; }

    /// <summary>We are the next hop of what we send to IBGP.</summary>
    public bool NextHopSelf { get; init; }

    /// <summary>What stands as next hop where that is we; null for our address of the session. IPv6 routes over an IPv4 session, and IPv4 routes over IPv6 without RFC 8950, need it.</summary>
    public IPAddress? NextHop { get; init; }

    /// <summary>Several paths are sent (RFC 7911): how many at most; 0 for the best alone.</summary>
    public int AddPathSend { get; init; }

    /// <summary>Several paths are taken.</summary>
    public bool AddPathReceive { get; init; }

    /// <summary>IPv4 routes with IPv6 next hops are taken and sent (RFC 8950).</summary>
    public bool ExtendedNextHop { get; init; }

    /// <summary>A default route is sent.</summary>
    public bool DefaultOriginate { get; init; }
}

/// <summary>Neighbours by prefix.</summary>
/// <param name="Range">Where they connect from.</param>
/// <param name="Template">What they are; its name is the beginning of theirs.</param>
/// <param name="Maximum">How many at once.</param>
public sealed record DynamicNeighbors(IPNetwork Range, NeighborConfiguration Template, int Maximum);

/// <summary>A VRF (RFC 4364 §3).</summary>
public sealed record VrfConfiguration
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its route distinguisher.</summary>
    public ulong RouteDistinguisher { get; init; }

    /// <summary>Route targets of which routes are taken, as extended communities.</summary>
    public IReadOnlyList<ulong> Import { get; init; } = [];

    /// <summary>Route targets that its routes get.</summary>
    public IReadOnlyList<ulong> Export { get; init; } = [];

    /// <summary>MPLS label that its routes carry; forwarding by label is not ours.</summary>
    public uint Label { get; init; }

    /// <summary>Device of the kernel that its routes are for; empty for none.</summary>
    public string Device { get; init; } = "";

    /// <summary>Routes that we originate into it.</summary>
    public IReadOnlyList<OriginatedRoute> Networks { get; init; } = [];
}

/// <summary>A route of our own.</summary>
/// <param name="Family">IPv4 or IPv6 unicast, or an encapsulation SAFI.</param>
/// <param name="Prefix">The prefix.</param>
/// <param name="Attributes">ORIGIN, communities and more; a next hop of <see cref="IPAddress.Any"/> becomes our address of each session.</param>
/// <param name="Groups">Names of the <see cref="EgressGroup"/>s whose neighbours alone are told; null for all neighbours.</param>
public sealed record OriginatedRoute(Family Family, Prefix Prefix, PathAttributes Attributes, IReadOnlyList<string>? Groups = null);

/// <summary>
/// What routes of our own look like to neighbours of a group with a multi-point SA (draft-yamaya-ipsecme-mpsa-04 §4): our ESP address is their next hop, and all of our ESP addresses stand
/// in a Tunnel Encapsulation attribute (RFC 9012) as egress endpoints of "IPsec in tunnel mode" (RFC 5566 §3).
/// </summary>
/// <param name="Name">The group.</param>
/// <param name="Addresses">Our ESP addresses, one a family at most.</param>
public sealed record EgressGroup(string Name, IReadOnlyList<IPAddress> Addresses)
{
    /// <summary>The value of the attribute.</summary>
    internal byte[] Encapsulation => TunnelEncapsulation.Write([.. Addresses.Select(a => new Tunnel(TunnelType.IpsecTunnel, [TunnelSubTlv.Endpoint(a)]))]);

    /// <summary>The next hop of our own routes: of their family where we have one.</summary>
    internal IPAddress? NextHop(int afi) => Addresses.FirstOrDefault(a => a.IsV4() == (afi == 1)) ?? (Addresses.Count > 0 ? Addresses[0] : null);

    /// <summary>Of a path's egress endpoints the first that we can send to: of a family that we have, and not ourselves. <see cref="IPAddress.Any"/> for none.</summary>
    internal IPAddress Choose(IReadOnlyList<IPAddress> endpoints) =>
        endpoints.FirstOrDefault(e => !Addresses.Contains(e) && Addresses.Any(a => a.IsV4() == e.IsV4())) ?? IPAddress.Any;

    /// <inheritdoc/>
    public bool Equals(EgressGroup? other) => other is not null && Name == other.Name && Addresses.SequenceEqual(other.Addresses);

    /// <inheritdoc/>
    public override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);
}

/// <summary>Intervals of a BFD session (RFC 5880 §6.8).</summary>
/// <param name="TransmitMilliseconds">We send this often at most.</param>
/// <param name="ReceiveMilliseconds">We take this often at most.</param>
/// <param name="Multiplier">Packets lost in a row until the other side is dead.</param>
public sealed record BfdSettings(int TransmitMilliseconds = 300, int ReceiveMilliseconds = 300, int Multiplier = 3);
