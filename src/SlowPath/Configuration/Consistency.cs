using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Configuration;

/// <summary>What must hold between sections: names are unique and resolve, SPIs and routes do not collide, everything fits the region.</summary>
internal static class Consistency
{
    /// <summary>Notes what does not hold.</summary>
    public static void Check(GatewayConfiguration configuration, PortSection ports, TunnelSection tunnels, PolicySection policies, ConfigurationErrors errors)
    {
        Unique(configuration.Ports.Select(p => p.Name).Zip(ports.Places), "port", errors);
        Unique(configuration.Tunnels.Select(t => t.Name).Zip(tunnels.Places), "tunnel", errors);
        Unique(configuration.Policies.Select(p => p.Name).Zip(policies.Places), "policy", errors);
        Devices(configuration, ports, tunnels, errors);
        Peers(configuration, ports, errors);
        Routes(tunnels, errors);
        Spis(tunnels, errors);
        Selectors(configuration, tunnels, errors);
        var names = configuration.Tunnels.Where(t => t.Group is null).Select(t => t.Name).ToHashSet(StringComparer.Ordinal);
        var ofGroups = configuration.Tunnels.Where(t => t.Group is not null).Select(t => t.Name).Concat(configuration.Groups.Select(g => g.Name)).Where(n => !names.Contains(n)).ToHashSet(StringComparer.Ordinal);
        foreach (var (tunnel, at) in policies.TunnelPlaces)
            if (ofGroups.Contains(tunnel))
                errors.Add(at, $"'{tunnel}' is a group, whose packets go to many members", "remove 'tunnel': the route of each packet says which member it goes to");
            else if (!errors.Full && !names.Contains(tunnel))
                errors.Add(at, $"there is no tunnel '{Spelling.Shorten(tunnel)}'", Spelling.Hint(tunnel, names));
        var templates = configuration.Tunnels.Where(t => t.IsTemplate).Select(t => t.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var (tunnel, at) in policies.TunnelPlaces)
            if (templates.Contains(tunnel))
                errors.Add(at, $"tunnel '{tunnel}' stands for many peers", "remove 'tunnel': each packet goes by route to the peer that has its destination");
        Room(configuration, tunnels, policies, errors);
    }

    /// <summary>No two of a kind have one name.</summary>
    public static void Unique(IEnumerable<(string Name, SourcePosition At)> names, string what, ConfigurationErrors errors)
    {
        var seen = new Dictionary<string, SourcePosition>(StringComparer.Ordinal);
        foreach (var (name, at) in names)
            if (name.Length > 0 && !seen.TryAdd(name, at))
                errors.Add(at, $"there is a {what} '{name}' already, in line {seen[name].Line}", "give it another name");
    }

    private static void Devices(GatewayConfiguration configuration, PortSection ports, TunnelSection tunnels, ConfigurationErrors errors)
    {
        var addresses = (configuration.Vpn?.Addresses ?? []).Select(a => a.Address).ToHashSet();
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        if (configuration.Vpn is { } vpn)
        {
            seen[vpn.Device] = ports.VpnAt.Line;
            foreach (var (port, at) in configuration.Ports.Zip(ports.Places))
                if (port.Name == vpn.Device)
                    errors.Add(at, $"port '{port.Name}' has the name of the vpn device", "give it another name");
            if (vpn.Addresses.Count == 0) errors.Add(ports.VpnAt, "vpn has no addresses", "give it the machine's inner addresses, as [10.1.255.1/32]");
        }

        foreach (var port in configuration.Ports)
            if (port.Device.Length > 0 && !seen.TryAdd(port.Device, port.DeviceAt.Line))
                errors.Add(port.DeviceAt, $"device '{port.Device}' is used already, in line {seen[port.Device]}", "one port a device");
        foreach (var ((tunnel, own, _), (_, at)) in configuration.Interfaces.Zip(tunnels.InterfacePlaces))
        {
            if (!seen.TryAdd(own.Device, at.Line)) errors.Add(at, $"device '{own.Device}' is used already, in line {seen[own.Device]}", "every tunnel has an interface of its own");
            else if (configuration.Ports.Any(p => p.Name == own.Device)) errors.Add(at, $"'{own.Device}' is the name of a port", "give the interface another name");
            foreach (var address in own.Addresses)
                if (!addresses.Add(address.Address) && !AddressScope.IsLinkLocal(address.Address))
                    errors.Add(at, $"address {address.Address} of tunnel '{tunnel.Name}' is used already", "every interface has addresses of its own");
        }

        if (configuration.RegionIndex(configuration.Ports.Count) + tunnels.InterfacePlaces.Count > PortRecord.Maximum && tunnels.InterfacePlaces.Count > 0)
            errors.Add(tunnels.InterfacePlaces[^1].At, $"{configuration.Ports.Count} ports and {tunnels.InterfacePlaces.Count} interfaces of tunnels", $"at most {PortRecord.Maximum} together, vpn included");
        var room = PortRecord.Maximum - (configuration.Vpn is null ? 0 : 1);
        if (configuration.Ports.Count > room) errors.Add(ports.Places[room], $"{configuration.Ports.Count} ports", $"at most {room} beside vpn");
    }

    private static void Peers(GatewayConfiguration configuration, PortSection ports, ConfigurationErrors errors)
    {
        foreach (var port in configuration.Ports.Where(p => p.Kind == PortKind.Memory && p.Peer.Length > 0))
        {
            var peer = configuration.Ports.FirstOrDefault(p => p.Name == port.Peer);
            var at = ports.PeerPlaces[port.Name];
            if (peer is null) errors.Add(at, $"there is no port '{Spelling.Shorten(port.Peer)}'", Spelling.Hint(port.Peer, configuration.Ports.Where(p => p != port && p.Kind == PortKind.Memory).Select(p => p.Name)));
            else if (peer == port || peer.Kind != PortKind.Memory || peer.Peer != port.Name) errors.Add(at, $"'{peer.Name}' is not the other end of '{port.Name}'", "two memory ports name each other as peer");
        }
    }

    /// <summary>Two tunnels must not claim the same prefix; a longer prefix inside another tunnel's is an overlap too: which one is meant cannot be told.</summary>
    private static void Routes(TunnelSection tunnels, ConfigurationErrors errors)
    {
        var sorted = tunnels.RoutePlaces.OrderBy(r => r.Prefix).ToList();
        var open = new Stack<(string Tunnel, IpPrefix Prefix, SourcePosition At)>();
        foreach (var route in sorted)
        {
            while (open.Count > 0 && !open.Peek().Prefix.Contains(route.Prefix)) open.Pop();
            if (open.Count > 0)
            {
                var (later, earlier) = After(route.At, open.Peek().At) ? (route, open.Peek()) : (open.Peek(), route);
                errors.Add(later.At, $"route {later.Prefix} of tunnel '{later.Tunnel}' overlaps {earlier.Prefix} of tunnel '{earlier.Tunnel}' in line {earlier.At.Line}",
                    "every inner prefix is behind one tunnel: split or remove one of them");
            }

            open.Push(route);
        }
    }

    private static bool After(SourcePosition a, SourcePosition b) => a.Line != b.Line ? a.Line > b.Line : a.Column > b.Column;

    private static void Spis(TunnelSection tunnels, ConfigurationErrors errors)
    {
        var seen = new Dictionary<(string, uint), SourcePosition>();
        foreach (var (direction, spi, at) in tunnels.SpiPlaces)
            if (!seen.TryAdd((direction, spi), at))
                errors.Add(at, $"{direction} SPI 0x{spi:x8} is used already, in line {seen[(direction, spi)].Line}", "every SA of a direction has an SPI of its own");
    }

    /// <summary>A transport tunnel takes all traffic between its ends; two tunnels between the same ends need different encapsulation ports to be told apart by policy.</summary>
    private static void Selectors(GatewayConfiguration configuration, TunnelSection tunnels, ConfigurationErrors errors)
    {
        var ends = new Dictionary<IpAddress, int>();
        for (var i = 0; i < configuration.Tunnels.Count; i++)
        {
            var tunnel = configuration.Tunnels[i];
            if (tunnel.Kind != TunnelKind.Transport || tunnel.Remote.IsAny) continue;
            if (!ends.TryAdd(tunnel.Remote, i)) errors.Add(tunnels.Places[i], $"tunnel '{configuration.Tunnels[ends[tunnel.Remote]].Name}' is in transport mode to {tunnel.Remote} already", "one transport-mode tunnel to a peer");
        }
    }

    private static void Room(GatewayConfiguration configuration, TunnelSection tunnels, PolicySection policies, ConfigurationErrors errors)
    {
        var region = configuration.Region;
        if (configuration.Tunnels.Count > region.Tunnels) errors.Add(tunnels.Places[region.Tunnels], $"{configuration.Tunnels.Count} tunnels, room for {region.Tunnels}", "raise region: tunnels");
        if (configuration.Policies.Count * 4 > region.SpdRules)
            errors.Add(policies.Places.Count > 0 ? policies.Places[^1] : new SourcePosition(1, 1), $"{configuration.Policies.Count} policies need room for {configuration.Policies.Count * 4} rules, there is room for {region.SpdRules}",
                "raise region: spd_rules (old and new rules stand side by side during a reload, each in both families)");
    }
}
