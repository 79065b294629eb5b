using Appliance.Shared;

namespace Appliance.Policy;

/// <summary>What changes in the tables when one tunnel does.</summary>
/// <param name="Name">The tunnel.</param>
/// <param name="After">What it is now; null when it is gone.</param>
/// <param name="Routes">Prefixes that lead elsewhere now; null for nowhere at all.</param>
public sealed record TunnelChange(string Name, TunnelContents? After, IReadOnlyList<(IpPrefix Prefix, NextHop? Hop)> Routes);

/// <summary>
/// The tables for one state of configuration, kernel and SAs: 1. ports, 2. the underlay, 3. each tunnel's path and MTU, 4. adjacencies, 5. routes, 6. SPD,
/// 7. local addresses. Then one tunnel at a time can change (<see cref="Set"/>, <see cref="Remove"/>), which leads to the same tables as a plan made anew, without looking at the others.
/// </summary>
public sealed class TablePlan
{
    private const int LinkMtuUnknown = 1500;
    private readonly PortMap ports;
    private readonly Underlay underlay;
    private readonly Dictionary<string, TunnelContents> tunnels = new(StringComparer.Ordinal);
    private readonly Dictionary<AdjacencyKey, Adjacency> adjacencies = [];
    private readonly RouteLayers routes;
    private readonly Lazy<int> groupLinkV4, groupLinkV6;

    /// <summary>Everything, from the start.</summary>
    public TablePlan(PolicyInputs inputs)
    {
        var (configuration, kernel) = (inputs.Configuration, inputs.Kernel);
        var effective = inputs.Effective ?? configuration.Tunnels;
        ports = new PortMap(configuration, kernel);
        underlay = new Underlay(kernel, ports);
        (groupLinkV4, groupLinkV6) = (new Lazy<int>(() => SmallestLink(isV4: true), isThreadSafe: false), new Lazy<int>(() => SmallestLink(isV4: false), isThreadSafe: false));
        foreach (var tunnel in effective)
            if (!tunnel.IsTemplate)
                tunnels[tunnel.Name] = Tunnel(tunnel, inputs.Tunnels.TryGetValue(tunnel.Name, out var known) ? known : TunnelFacts.None);
        Neighbours(kernel);
        foreach (var tunnel in tunnels.Values) NeedPath(tunnel);
        foreach (var member in configuration.Groups.SelectMany(g => g.Members)) _ = WayTo(member.Address);
        var builder = new RouteBuilder(configuration, kernel, ports, underlay, adjacencies);
        routes = builder.Build(effective);
        Shield = builder.Shield;
        Contents = new TableContents
        {
            Ports = ports.All,
            Tunnels = tunnels,
            Adjacencies = adjacencies,
            Routes = routes.Chosen,
            Yielding = routes.Yielding,
            Rules = SpdBuilder.Build(configuration),
            LocalAddresses = LocalAddresses(configuration, kernel),
        };
    }

    /// <summary>What the tables shall hold; changes with the plan.</summary>
    public TableContents Contents { get; }

    /// <summary>Where nothing may leave in the clear.</summary>
    public PrefixRanges Shield { get; }

    /// <summary>Ports inside that packets are forwarded by, a bit each: not the host's own door, nor tunnels' interfaces.</summary>
    public uint PortsInside => ports.All.Where(p => p is { Side: PortSide.Protected, Tunnel: null } && !ports.IsDoor(p)).Aggregate(0u, (mask, p) => mask | 1u << p.Index);

    /// <summary>Metric of the kernel's route to a prefix; 0 when there is none.</summary>
    public uint MetricOf(IpPrefix prefix) => underlay.MetricOf(prefix);

    /// <summary>
    /// Port and neighbour that outer packets to a member of a group leave by, as a tunnel's path is found: in the underlay alone, which no port inside is part of: a member could name any
    /// host behind it. The neighbour is among the adjacencies from now on, resolved or
    /// not, so that next hops can name it. Null for no way.
    /// </summary>
    public AdjacencyKey? WayTo(IpAddress member)
    {
        if (underlay.Resolve(member) is not { } way || IsProtected(way.Port)) return null;
        Need(way);
        return way;
    }

    /// <summary>Metric of the underlay's route to an address, by an unprotected port; null without a way.</summary>
    public uint? MetricTo(IpAddress address) => underlay.Resolve(address) is { } way && !IsProtected(way.Port) && underlay.TryFind(address, out var route) ? underlay.MetricOf(route.Prefix) : null;

    /// <summary>The kernel reaches an address by a device that is no port.</summary>
    public bool IsByOtherDevice(IpAddress destination) => underlay.Leave(destination) is { } way && ports.OfLink(way.Link) is null && !ports.IsVpn(way.Link);

    /// <summary>The port is inside.</summary>
    public bool IsProtected(byte port) => ports.All.FirstOrDefault(p => p.Index == port)?.Side == PortSide.Protected;

    /// <summary>
    /// Where packets that are forwarded by way of an address go, whose own route is this one: past a transport-mode tunnel, which carries what is addressed to its other end alone, to the
    /// neighbour.
    /// </summary>
    public NextHop ForForwarding(in NextHop hop)
    {
        if (hop.Tunnel is not { } name || !tunnels.TryGetValue(name, out var tunnel) || tunnel.Kind != TunnelKind.Transport || tunnel.Path is not { } path) return hop;
        return adjacencies.TryGetValue(path, out var adjacency) && adjacency.IsResolved ? NextHop.To(path) : NextHop.Glean(path.Port, path.Neighbour);
    }

    /// <summary>Prefixes that the kernel routes by interfaces of tunnels.</summary>
    public IEnumerable<IpPrefix> IntoTunnels => underlay.IntoTunnels.Select(r => r.Prefix);

    /// <summary>A tunnel's ends or facts changed, or an instance is new or carries other prefixes. The prefixes of a tunnel that the configuration names stay as they were.</summary>
    public TunnelChange Set(TunnelConfiguration tunnel, TunnelFacts facts)
    {
        var contents = Tunnel(tunnel, facts);
        tunnels[tunnel.Name] = contents;
        NeedPath(contents);
        return new TunnelChange(tunnel.Name, contents, tunnel.Template is null ? [] : routes.Claim(tunnel.Name, RouteBuilder.Prefixes(tunnel)));
    }

    /// <summary>An instance is gone.</summary>
    public TunnelChange Remove(string name)
    {
        tunnels.Remove(name);
        return new TunnelChange(name, null, routes.Claim(name, []));
    }

    /// <summary>Device and gateway by which packets to an address leave as if no route of ours were there; the gateway is <see cref="IpAddress.Any"/> on the link. Null for no way.</summary>
    public (uint Link, IpAddress Gateway)? Leave(IpAddress destination) =>
        underlay.Leave(destination) is { } way ? (way.Link, way.Gateway.IsAny && way.Target != destination ? way.Target : way.Gateway) : null;

    private TunnelContents Tunnel(TunnelConfiguration tunnel, TunnelFacts facts)
    {
        var path = tunnel.Remote.IsAny ? null : underlay.Resolve(tunnel.Remote);
        var isV4 = tunnel.Group is null ? tunnel.Remote.IsV4 : tunnel.Local.IsV4;
        var link = tunnel.Group is not null ? GroupLink(isV4) : path is { } key && ports.All[key.Port].Mtu is > 0 and var mtu ? mtu : LinkMtuUnknown;
        var pathMtu = tunnel.PathMtu != TunnelConfiguration.Auto ? tunnel.PathMtu
            : facts.LearnedPathMtu > 0 ? Math.Clamp(facts.LearnedPathMtu, TunnelMtu.Floor(isV4), Math.Max(link, TunnelMtu.Floor(isV4)))
            : link;
        var inner = TunnelMtu.Inner(pathMtu, isV4, tunnel.Encapsulation, tunnel.Kind, facts.Shape);
        if (tunnel.Mtu != TunnelConfiguration.Auto) inner = Math.Min(inner, tunnel.Mtu);
        return new TunnelContents
        {
            Name = tunnel.Name,
            Kind = tunnel.Kind,
            Group = tunnel.Group,
            Hold = tunnel.Hold,
            CheckSource = tunnel.CheckSource,
            SourceByInterfaces = tunnel.SourceByInterfaces,
            Interface = tunnel.Interface is null ? null : ports.All.FirstOrDefault(p => p.Tunnel == tunnel.Name)?.Index,
            Local = tunnel.Local,
            Remote = tunnel.Remote,
            EndsMove = tunnel.Peer is not null,
            InnerMtu = (ushort)inner,
            MssClampV4 = Clamp(tunnel.MssClamp, inner, v4: true),
            MssClampV6 = Clamp(tunnel.MssClamp, inner, v4: false),
            PathMtu = (ushort)pathMtu,
            Path = path,
        };
    }

    /// <summary>Members can be anywhere: the smallest MTU of the ports outside that have a route of the family.</summary>
    private int GroupLink(bool isV4) => (isV4 ? groupLinkV4 : groupLinkV6).Value;

    private int SmallestLink(bool isV4)
    {
        var smallest = int.MaxValue;
        foreach (var route in underlay.Routes)
        {
            if (route.Prefix.IsV4 != isV4 || route.Kind != KernelRouteKind.Unicast || AddressScope.IsLinkLocal(route.Prefix.Address) || underlay.Leave(route.Prefix.Address) is not { } way) continue;
            if (ports.OfLink(way.Link) is { Side: PortSide.Unprotected, Tunnel: null, Mtu: > 0 } port) smallest = Math.Min(smallest, port.Mtu);
        }

        return smallest == int.MaxValue ? LinkMtuUnknown : smallest;
    }

    private static ushort Clamp(int configured, int inner, bool v4) =>
        configured == 0 ? (ushort)0 : configured == TunnelConfiguration.Auto ? TunnelMtu.Mss(inner, v4) : (ushort)configured;

    private void Neighbours(KernelView kernel)
    {
        foreach (var neighbour in kernel.Neighbours)
        {
            if (ports.OfLink(neighbour.Link) is not { Kind: PortKind.AfXdp } port || AddressScope.IsMulticast(neighbour.Address)) continue;
            var key = new AdjacencyKey(port.Index, neighbour.Address);
            adjacencies[key] = new Adjacency(key, true, false, port.Mtu, neighbour.Mac, port.Mac);
        }

        foreach (var port in ports.All)
            if (port is { Kind: PortKind.Tun, Tunnel: null } && ports.OfLink(port.InterfaceIndex) is not null)
                adjacencies[new AdjacencyKey(port.Index, default)] = new Adjacency(new AdjacencyKey(port.Index, default), true, true, port.Mtu, 0, 0);
    }

    /// <summary>The next hop of a tunnel's outer packets has a record before it is resolved, so that SAs can name it.</summary>
    private void NeedPath(TunnelContents tunnel)
    {
        if (tunnel.Path is { } path) Need(path);
    }

    private void Need(AdjacencyKey path)
    {
        if (!adjacencies.ContainsKey(path)) adjacencies[path] = new Adjacency(path, false, false, ports.All[path.Port].Mtu, 0, ports.All[path.Port].Mac);
    }

    /// <summary>
    /// Addresses that the XDP program leaves to the kernel. The inner addresses of the host's own door and of tunnels' interfaces are not among them: what comes for them in the clear is dropped.
    /// </summary>
    private List<IpAddress> LocalAddresses(GatewayConfiguration configuration, KernelView kernel) => kernel.Addresses
        .Where(a => ports.TunnelOf(a.Link) is null)
        .Select(a => a.Address)
        .Where(a => !AddressScope.IsLoopback(a) && configuration.Vpn?.Addresses.Any(v => v.Address == a) != true)
        .Distinct().Order().Take(Region.MaximumLocalAddresses).ToList();
}
