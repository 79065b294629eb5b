using Appliance.Shared;

namespace Appliance.Policy;

/// <summary>
/// Fills the forwarding table. Where two claim the same prefix the earlier of these wins: the machine's own addresses, what is connected on protected ports, tunnels of the
/// configuration, instances of templates, the kernel's routes by a tunnel's interface, templates and protected ranges (discard), everything else. Inside a protected range nothing leads out of an unprotected port.
/// </summary>
internal sealed class RouteBuilder(GatewayConfiguration configuration, KernelView kernel, PortMap ports, Underlay underlay, IReadOnlyDictionary<AdjacencyKey, Adjacency> adjacencies)
{
    private readonly RouteLayers layers = new();

    /// <summary>Where nothing leads out of an unprotected port; known once the routes are built.</summary>
    public PrefixRanges Shield { get; private set; } = new([]);

    /// <summary>Routes of both families.</summary>
    public RouteLayers Build(IReadOnlyCollection<TunnelConfiguration> tunnels)
    {
        Own();
        var inside = new List<(IpPrefix, NextHop)>();
        var outside = new List<(IpPrefix, NextHop)>();
        foreach (var (prefix, hop, side) in Forwarding()) (side == PortSide.Protected ? inside : outside).Add((prefix, hop));
        foreach (var (prefix, hop) in inside) layers.Firm.TryAdd(prefix, hop);
        foreach (var route in underlay.IntoTunnels)
            if (!AddressScope.IsLinkLocal(route.Prefix.Address) && ports.TunnelOf(route.Link) is { } by)
                layers.Rest.TryAdd(route.Prefix, NextHop.Into(by));
        foreach (var tunnel in tunnels)
        {
            if (tunnel.Template is not null) continue;
            foreach (var prefix in Prefixes(tunnel))
                if (tunnel.IsTemplate) layers.Rest.TryAdd(prefix, NextHop.Discard(isProtected: true));
                else layers.Firm.TryAdd(prefix, NextHop.Into(tunnel.Name));
        }

        foreach (var group in configuration.Groups)
            foreach (var (prefix, member) in group.Members.Where(m => !m.IsMulticast))
                layers.Firm.TryAdd(prefix, NextHop.Into(group.TunnelName(member.IsV4), member));
        foreach (var prefix in configuration.Protected) layers.Rest.TryAdd(prefix, NextHop.Discard(isProtected: true));
        Shield = new PrefixRanges(configuration.Protected.Concat(tunnels.Where(t => t.IsTemplate).SelectMany(Prefixes)));
        foreach (var (prefix, hop) in outside)
            if (hop.Kind == NextHopKind.Discard || !Shield.Covers(prefix))
                layers.Rest.TryAdd(prefix, hop);
        layers.Join();
        foreach (var tunnel in tunnels)
            if (tunnel.Template is not null)
                layers.Claim(tunnel.Name, Prefixes(tunnel));
        return layers;
    }

    /// <summary>What is routed into a tunnel; a transport-mode tunnel carries its peer alone, once it is known.</summary>
    internal static IReadOnlyList<IpPrefix> Prefixes(TunnelConfiguration tunnel) =>
        tunnel.Kind != TunnelKind.Transport ? tunnel.Routes : tunnel.Remote.IsAny ? [] : [IpPrefix.Host(tunnel.Remote)];

    private void Own()
    {
        if (configuration.Vpn is { } vpn)
            foreach (var address in vpn.Addresses)
                layers.Firm.TryAdd(IpPrefix.Host(address.Address), NextHop.Punt);
        foreach (var address in kernel.Addresses)
            if (!AddressScope.IsLinkLocal(address.Address) && !AddressScope.IsLoopback(address.Address))
                layers.Firm.TryAdd(IpPrefix.Host(address.Address), ports.OfLink(address.Link) is { Tunnel: not null } own ? NextHop.ToInterface(own.Index) : NextHop.Local);
        foreach (var route in kernel.Routes)
            if (route.Kind == KernelRouteKind.Broadcast && ports.OfLink(route.Link) is not null)
                layers.Firm.TryAdd(route.Prefix, NextHop.Discard(isProtected: false));
    }

    private IEnumerable<(IpPrefix Prefix, NextHop Hop, PortSide Side)> Forwarding()
    {
        foreach (var neighbour in kernel.Neighbours)
        {
            if (ports.OfLink(neighbour.Link) is not { } port || AddressScope.IsLinkLocal(neighbour.Address) || AddressScope.IsMulticast(neighbour.Address)) continue;
            if (port.Kind == PortKind.AfXdp && underlay.IsOnLink(neighbour.Address, neighbour.Link))
                yield return (IpPrefix.Host(neighbour.Address), NextHop.To(new AdjacencyKey(port.Index, neighbour.Address)), port.Side);
        }

        foreach (var route in underlay.Routes)
        {
            if (AddressScope.IsLinkLocal(route.Prefix.Address) || ports.IsVpn(route.Link) || route.Protocol == KernelRoutes.LearnedProtocol) continue;
            if (route.Kind == KernelRouteKind.Discard) yield return (route.Prefix, NextHop.Discard(isProtected: false), PortSide.Unprotected);
            else if (Hop(route) is { } found) yield return (route.Prefix, found.Hop, found.Side);
        }
    }

    /// <summary>A route by a device that is no port is the kernel's alone: the data plane must not send it another way.</summary>
    private (NextHop Hop, PortSide Side)? Hop(KernelRoute route)
    {
        if (route.Link == 0)
        {
            if (underlay.Resolve(route.Gateway) is not { } key) return null;
            return (adjacencies.TryGetValue(key, out var known) && known.IsResolved ? NextHop.To(key) : NextHop.Glean(key.Port, key.Neighbour), ports.All[key.Port].Side);
        }

        if (ports.OfLink(route.Link) is not { } port) return (NextHop.Discard(isProtected: false), PortSide.Unprotected);
        if (port.Kind == PortKind.Tun) return (NextHop.To(new AdjacencyKey(port.Index, default)), port.Side);
        if (route.Gateway.IsAny) return (NextHop.Glean(port.Index, default), port.Side);
        var gateway = new AdjacencyKey(port.Index, route.Gateway);
        return (adjacencies.TryGetValue(gateway, out var adjacency) && adjacency.IsResolved ? NextHop.To(gateway) : NextHop.Glean(port.Index, route.Gateway), port.Side);
    }
}
