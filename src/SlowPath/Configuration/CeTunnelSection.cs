using Appliance.Ike;
using Appliance.Ike.Messages;
using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Configuration;

/// <summary>
/// Reads <c>ce: tunnel</c>: what the tunnel to each gateway is made of. Its one child carries all prefixes of the gateway: the selectors negotiated say protocol and ports, routes say the
/// addresses, and where packets that come in may be from.
/// </summary>
internal sealed class CeTunnelSection(ConfigurationErrors errors, PolicySection policies)
{
    /// <summary>Tunnel, child, and what the SPD entries of each trusted subnet are made of.</summary>
    public (TunnelConfiguration Tunnel, ChildTemplate Child, IReadOnlyList<PolicyConfiguration> Selectors) Read(YamlNode? node, IReadOnlyList<IpPrefix> trusted, int workers)
    {
        var map = new MapReader(node, "ce: tunnel", errors);
        var tunnel = TunnelSection.Shape(map, new TunnelConfiguration
        {
            Name = SecurityGateways.TunnelPrefix, Peer = "", Kind = map.Choice("mode", TunnelKind.Tunnel, ("tunnel", TunnelKind.Tunnel), ("iiptran", TunnelKind.IipTran)),
        });
        IReadOnlyList<PolicyConfiguration> selectors = [.. map.List("selectors").Select(policies.Selector)];
        if (selectors.Count == 0) selectors = [new PolicyConfiguration { Name = "", Action = SpdAction.Protect }];
        var (v4, v6) = (trusted.Any(p => p.IsV4), trusted.Any(p => !p.IsV4));
        var child = new ChildSection(errors).Common(map, tunnel, workers) with
        {
            Start = map.Choice("establish", ChildStart.OnDemand, ("on-demand", ChildStart.OnDemand), ("always", ChildStart.Always)),
            Local = Traffic(selectors, v4, v6, s => s.Icmp ?? s.LocalPorts),
            Remote = Traffic(selectors, v4, v6, s => s.Icmp ?? s.RemotePorts),
        };
        map.Done();
        return (tunnel, child, selectors);
    }

    /// <summary>Any address of the families that we have, with protocol and ports; what another one covers is left out.</summary>
    private static List<TrafficSelector> Traffic(IReadOnlyList<PolicyConfiguration> selectors, bool v4, bool v6, Func<PolicyConfiguration, PortRange?> ports)
    {
        var all = new List<TrafficSelector>();
        foreach (var any in new[] { (Use: v4, Any: TrafficSelector.AnyV4), (Use: v6, Any: TrafficSelector.AnyV6) }.Where(f => f.Use).Select(f => f.Any))
            foreach (var selector in selectors)
            {
                var range = ports(selector) ?? new PortRange(0, ushort.MaxValue);
                var one = new TrafficSelector(selector.Protocol, range.Low, range.High, any.Low, any.High);
                if (all.Exists(a => Covers(a, one))) continue;
                all.RemoveAll(a => Covers(one, a));
                all.Add(one);
            }

        return all;
    }

    private static bool Covers(TrafficSelector a, TrafficSelector b) =>
        a.IsV4 == b.IsV4 && (a.Protocol == 0 || a.Protocol == b.Protocol) && a.PortLow <= b.PortLow && a.PortHigh >= b.PortHigh;
}
