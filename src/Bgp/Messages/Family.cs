namespace Appliance.Bgp;

/// <summary>An address family and subsequent address family (RFC 4760).</summary>
public readonly record struct Family(ushort Afi, byte Safi)
{
    /// <summary>IPv4 unicast.</summary>
    public static Family Ipv4Unicast => new(1, 1);

    /// <summary>IPv6 unicast.</summary>
    public static Family Ipv6Unicast => new(2, 1);

    /// <summary>VPN-IPv4 (RFC 4364).</summary>
    public static Family Vpnv4 => new(1, 128);

    /// <summary>VPN-IPv6 (RFC 4659).</summary>
    public static Family Vpnv6 => new(2, 128);

    /// <summary>IPv4 Encapsulation SAFI (RFC 5512; deprecated by RFC 9012).</summary>
    public static Family Ipv4Encapsulation => new(1, 7);

    /// <summary>IPv6 Encapsulation SAFI (RFC 5512).</summary>
    public static Family Ipv6Encapsulation => new(2, 7);

    /// <summary>Route target membership (RFC 4684).</summary>
    public static Family RouteTarget => new(1, 132);

    /// <summary>Every family that is spoken here.</summary>
    public static IReadOnlyList<Family> All { get; } = [Ipv4Unicast, Ipv6Unicast, Vpnv4, Vpnv6, Ipv4Encapsulation, Ipv6Encapsulation, RouteTarget];

    /// <summary>NLRI begin with a label and a route distinguisher.</summary>
    public bool IsVpn => Safi == 128;

    /// <summary>Bits of a whole address of the family; 96 for <see cref="RouteTarget"/>.</summary>
    public int AddressBits => Safi == 132 ? 96 : Afi == 1 ? 32 : 128;

    /// <summary>As configuration and tables spell it.</summary>
    public override string ToString() => (Afi, Safi) switch
    {
        (1, 1) => "ipv4",
        (2, 1) => "ipv6",
        (1, 128) => "vpnv4",
        (2, 128) => "vpnv6",
        (1, 7) => "ipv4-encapsulation",
        (2, 7) => "ipv6-encapsulation",
        (1, 132) => "route-target",
        _ => $"afi {Afi} safi {Safi}",
    };
}
