using Appliance.Bgp;
using Appliance.SlowPath.Serving;

namespace Appliance.SlowPath.Bgp;

/// <summary>Where best routes go: those of the global table to forwarding, those of a VRF to its table in the kernel. Loop.</summary>
internal sealed class BestRoutes(IRouteIntake intake, VrfRoutes vrfs, BgpCounters counters)
{
    private readonly HashSet<Family> awaited = [Family.Ipv4Unicast, Family.Ipv6Unicast];
    private RoutedPaths paths = new(new BgpConfiguration().SecurityGatewaySubType);

    /// <summary>A configuration is in force. False when routes that came before were read with another sub-type of the Security Gateway Identity: they have to come again.</summary>
    public bool Use(BgpConfiguration configuration)
    {
        vrfs.Use(configuration.Vrfs);
        if (paths.SubType == configuration.SecurityGatewaySubType) return true;
        paths = new RoutedPaths(configuration.SecurityGatewaySubType);
        return false;
    }

    /// <summary>Best routes changed.</summary>
    public void Apply(BestRoutesChanged changed)
    {
        counters.Add(BgpCount.RouteChanges, changed.Changes.Count);
        if (changed.Vrf.Length == 0) intake.Learn(paths.Convert(changed.Family, changed.Changes));
        else vrfs.Apply(changed);
    }

    /// <summary>What was waited for is there.</summary>
    public void Complete(RoutesComplete complete)
    {
        if (complete.Vrf.Length > 0) vrfs.Complete(complete);
        else if (awaited.Remove(complete.Family) && awaited.Count == 0) intake.Complete();
    }
}
