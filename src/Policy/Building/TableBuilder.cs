using Appliance.Shared;

namespace Appliance.Policy;

/// <summary>
/// The tables as a function of configuration, kernel and SAs: 1. ports, 2. the underlay, 3. each tunnel's path and MTU, 4. adjacencies, 5. routes, 6. SPD,
/// 7. local addresses. Pure: no clock, no socket, no log.
/// </summary>
public static class TableBuilder
{
    private const int LinkMtuUnknown = 1500;

    /// <summary>What the tables shall hold.</summary>
    public static TableContents Build(PolicyInputs inputs)
    {
        var (configuration, kernel) = (inputs.Configuration, inputs.Kernel);
        var ports = new PortMap(configuration, kernel);
        var underlay = new Underlay(kernel, ports);
        var tunnels = new Dictionary<string, TunnelContents>(StringComparer.Ordinal);
        foreach (var tunnel in configuration.Tunnels) tunnels[tunnel.Name] = Tunnel(tunnel, inputs, underlay, ports);
        var adjacencies = Adjacencies(kernel, ports, tunnels.Values);
        return new TableContents
        {
            Ports = ports.All,
            Tunnels = tunnels,
            Adjacencies = adjacencies,
            Routes = new RouteBuilder(configuration, kernel, ports, underlay, adjacencies).Build(),
            Rules = SpdBuilder.Build(configuration),
            LocalAddresses = LocalAddresses(configuration, kernel),
        };
    }

    private static TunnelContents Tunnel(TunnelConfiguration tunnel, PolicyInputs inputs, Underlay underlay, PortMap ports)
    {
        var path = underlay.Resolve(tunnel.Remote);
        var link = path is { } key && ports.All[key.Port].Mtu is > 0 and var mtu ? mtu : LinkMtuUnknown;
        var facts = inputs.Tunnels.TryGetValue(tunnel.Name, out var known) ? known : new TunnelFacts(EspShape.AesGcm, 0);
        var pathMtu = tunnel.PathMtu != TunnelConfiguration.Auto ? tunnel.PathMtu
            : facts.LearnedPathMtu > 0 ? Math.Clamp(facts.LearnedPathMtu, TunnelMtu.Floor(tunnel.Remote.IsV4), Math.Max(link, TunnelMtu.Floor(tunnel.Remote.IsV4)))
            : link;
        var inner = TunnelMtu.Inner(pathMtu, tunnel.Remote.IsV4, tunnel.Encapsulation, tunnel.Kind, facts.Shape);
        if (tunnel.Mtu != TunnelConfiguration.Auto) inner = Math.Min(inner, tunnel.Mtu);
        return new TunnelContents
        {
            Name = tunnel.Name,
            Kind = tunnel.Kind,
            Hold = tunnel.Hold,
            CheckSource = tunnel.CheckSource,
            Local = tunnel.Local,
            Remote = tunnel.Remote,
            InnerMtu = (ushort)inner,
            MssClampV4 = Clamp(tunnel.MssClamp, inner, v4: true),
            MssClampV6 = Clamp(tunnel.MssClamp, inner, v4: false),
            PathMtu = (ushort)pathMtu,
            Path = path,
        };
    }

    private static ushort Clamp(int configured, int inner, bool v4) =>
        configured == 0 ? (ushort)0 : configured == TunnelConfiguration.Auto ? TunnelMtu.Mss(inner, v4) : (ushort)configured;

    private static Dictionary<AdjacencyKey, Adjacency> Adjacencies(KernelView kernel, PortMap ports, IEnumerable<TunnelContents> tunnels)
    {
        var adjacencies = new Dictionary<AdjacencyKey, Adjacency>();
        foreach (var neighbour in kernel.Neighbours)
        {
            if (ports.OfLink(neighbour.Link) is not { Kind: PortKind.AfXdp } port || AddressScope.IsMulticast(neighbour.Address)) continue;
            var key = new AdjacencyKey(port.Index, neighbour.Address);
            adjacencies[key] = new Adjacency(key, true, false, port.Mtu, neighbour.Mac, port.Mac);
        }

        foreach (var port in ports.All)
            if (port.Kind == PortKind.Tun && ports.OfLink(port.InterfaceIndex) is not null)
                adjacencies[new AdjacencyKey(port.Index, default)] = new Adjacency(new AdjacencyKey(port.Index, default), true, true, port.Mtu, 0, 0);
        foreach (var tunnel in tunnels)
            if (tunnel.Path is { } path && !adjacencies.ContainsKey(path))
                adjacencies[path] = new Adjacency(path, false, false, ports.All[path.Port].Mtu, 0, ports.All[path.Port].Mac);
        return adjacencies;
    }

    /// <summary>
    /// Addresses that the XDP program leaves to the kernel. The inner addresses of the host's own door are not among them: what comes for them in the clear is dropped.
    /// </summary>
    private static List<IpAddress> LocalAddresses(GatewayConfiguration configuration, KernelView kernel) => kernel.Addresses
        .Select(a => a.Address)
        .Where(a => !AddressScope.IsLoopback(a) && configuration.Vpn?.Addresses.Any(v => v.Address == a) != true)
        .Distinct().Order().Take(Region.MaximumLocalAddresses).ToList();
}
