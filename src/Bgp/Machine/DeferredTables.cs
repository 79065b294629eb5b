namespace Appliance.Bgp;

/// <summary>
/// Tables that are decided on together after a restart, since routes of one become routes of the other: those of a family; of VPNs, the VPN family and all VRFs. Route target memberships
/// are not among them: neighbours send VPN routes only to who asked for them (RFC 4684).
/// </summary>
internal sealed record DeferredTables
{
    private readonly Family family;

    private DeferredTables(Family family) => this.family = family;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<DeferredTables> All { get; } = [.. Family.All.Where(f => f != Family.RouteTarget).Select(f => new DeferredTables(f))];

    /// <summary>Whether a table is one of them.</summary>
    public bool Hold(string vrf, Family table) => vrf.Length == 0 ? table == family : family.IsVpn && table == new Family(family.Afi, 1);

    /// <summary>Holds the decision back, or takes it up.</summary>
    public void Hold(BgpStep step, bool isHeld)
    {
        step.Machine.Rib.Hold("", family, isHeld);
        if (!family.IsVpn) return;
        foreach (var vrf in step.Configuration.Vrfs) step.Machine.Rib.Hold(vrf.Name, new Family(family.Afi, 1), isHeld);
    }

    /// <summary>Whether some neighbour of the configuration has to do with them.</summary>
    public bool ConcernAnybody(BgpConfiguration configuration) =>
        configuration.Neighbors.Any(n => !n.Disabled && Concern(n)) || configuration.Dynamic.Any(d => Concern(d.Template));

    /// <summary>Whether a neighbour has to do with them.</summary>
    public bool Concern(NeighborConfiguration neighbor) => neighbor.Families.Any(f => Hold(neighbor.Vrf, f.Family));

    /// <summary>Whether somebody's End-of-RIB is missing. Which neighbours of a range come back nobody knows: they get the whole time.</summary>
    public bool IsWaitedFor(BgpStep step) =>
        step.Configuration.Dynamic.Any(d => Concern(d.Template)) || step.Machine.Sessions.All.Any(s => s.OwesEndOfRib(this))
        || step.Configuration.Neighbors.Any(n => !n.Disabled && Concern(n) && step.Machine.Sessions.Find(n.Name) is null);

    /// <summary>What the host is told of is complete.</summary>
    public void Announce(BgpStep step)
    {
        if (family.Safi == 1) step.Actions.Add(new RoutesComplete("", family));
        foreach (var vrf in step.Configuration.Vrfs) Announce(step, vrf.Name);
    }

    /// <summary>The same for one VRF.</summary>
    public void Announce(BgpStep step, string vrf)
    {
        if (family.IsVpn) step.Actions.Add(new RoutesComplete(vrf, new Family(family.Afi, 1)));
    }
}
