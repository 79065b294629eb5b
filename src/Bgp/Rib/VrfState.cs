namespace Appliance.Bgp;

/// <summary>A VRF within the RIB.</summary>
internal sealed class VrfState
{
    public VrfState(Rib rib, uint number, VrfConfiguration facts)
    {
        Number = number;
        Facts = facts;
        Ipv4 = new RibTable(rib, this, Family.Ipv4Unicast);
        Ipv6 = new RibTable(rib, this, Family.Ipv6Unicast);
    }

    /// <summary>Number within the RIB, never used for another one.</summary>
    public uint Number { get; }

    /// <summary>Its configuration.</summary>
    public VrfConfiguration Facts { get; set; }

    /// <summary>Its IPv4 routes.</summary>
    public RibTable Ipv4 { get; }

    /// <summary>Its IPv6 routes.</summary>
    public RibTable Ipv6 { get; }

    /// <summary>Its routes go to the VPN.</summary>
    public bool Exports => Facts.RouteDistinguisher != 0 && Facts.Export.Count > 0;

    /// <summary>The table of a family, or null.</summary>
    public RibTable? Table(Family family) => family == Family.Ipv4Unicast ? Ipv4 : family == Family.Ipv6Unicast ? Ipv6 : null;
}
