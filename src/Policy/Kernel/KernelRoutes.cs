using Appliance.Shared;

namespace Appliance.Policy;

/// <summary>
/// What the kernel itself is told, so that the machine's own packets are protected too: inner prefixes lead to the host's own door, and behind them stands a
/// blackhole of high metric that takes over when the door is gone. Where these would catch IKE on its way to a tunnel's other end (transport mode, a default route into a tunnel), a table
/// that only marked datagrams are looked up in has the way that ESP takes.
/// </summary>
public static class KernelRoutes
{
    /// <summary>rtm_protocol of every route that we make; who made what is told by it.</summary>
    public const byte OwnProtocol = 169;

    /// <summary>rtm_protocol of learned routes that the kernel is told of.</summary>
    public const byte LearnedProtocol = 170;

    /// <summary>Metric of the blackholes: anything else is preferred.</summary>
    public const uint BlackholeMetric = 4_000_000_000;

    /// <summary>Metric of routes into the host's own door; IPv6 knows no metric 0.</summary>
    public const uint DoorMetricV6 = 16;

    /// <summary>Routing table of the ways that IKE takes.</summary>
    public const uint IkeTable = 169;

    /// <summary>Mark of IKE's datagrams (SO_MARK), and preference of the rule that leads them to <see cref="IkeTable"/>.</summary>
    public const uint IkeMark = 0x169;

    /// <summary>
    /// Routes that shall be there; <paramref name="doorLink"/> is the door's interface index, 0 while there is none (blackholes alone). <paramref name="effective"/>: the tunnels with their
    /// ends and instances of now; null for those of the configuration. <paramref name="leave"/>: device and gateway by which packets to an address leave where nothing of ours is in the way;
    /// null for no way. <paramref name="interfaceLink"/>: interface index of a tunnel's own device, 0 while it is not there; null for none. <paramref name="intoTunnels"/>: prefixes that the
    /// kernel has routes to by such devices, made by others: they can be in IKE's way too. <paramref name="remembered"/>: prefixes that lead into tunnels by a learned route, or did once.
    /// </summary>
    public static IReadOnlySet<KernelRoute> Wanted(GatewayConfiguration configuration, uint doorLink, IReadOnlyCollection<TunnelConfiguration>? effective = null,
        Func<IpAddress, (uint Link, IpAddress Gateway)?>? leave = null, Func<string, uint>? interfaceLink = null, IEnumerable<IpPrefix>? intoTunnels = null,
        IEnumerable<IpPrefix>? remembered = null)
    {
        var wanted = new HashSet<KernelRoute>();
        var covers = configuration.Tunnels.Where(t => t.IsTemplate).ToDictionary(t => t.Name, t => t.Routes);
        foreach (var tunnel in effective ?? configuration.Tunnels)
            foreach (var prefix in RouteBuilder.Prefixes(tunnel).Where(p => !IsCovered(p, tunnel, covers)).SelectMany(Halves))
            {
                wanted.Add(Blackhole(prefix));
                var own = tunnel.Interface is { } device && interfaceLink is not null ? interfaceLink(device.Device) : 0;
                var addresses = own != 0 ? tunnel.Interface!.Addresses : configuration.Vpn?.Addresses ?? [];
                var source = tunnel.Kind == TunnelKind.Transport ? tunnel.Local : addresses.Select(a => a.Address).FirstOrDefault(a => a.IsV4 == prefix.IsV4 && !AddressScope.IsLinkLocal(a));
                var link = own != 0 ? own : configuration.Vpn is not null ? doorLink : 0;
                if (link != 0) wanted.Add(Door(prefix, link, source));
            }

        foreach (var prefix in (remembered ?? []).Concat(configuration.Groups.SelectMany(g => g.Members.Where(m => !m.IsMulticast).Select(m => m.Prefix))).SelectMany(Halves))
        {
            wanted.Add(Blackhole(prefix));
            var source = configuration.Vpn?.Addresses.Select(a => a.Address).FirstOrDefault(a => a.IsV4 == prefix.IsV4) ?? default;
            if (configuration.Vpn is not null && doorLink != 0) wanted.Add(Door(prefix, doorLink, source));
        }

        foreach (var prefix in configuration.Protected.SelectMany(Halves)) wanted.Add(Blackhole(prefix));
        if (leave is null || (effective ?? configuration.Tunnels).All(t => t.Peer is null)) return wanted;
        var routed = (intoTunnels ?? []).ToList();
        var ours = new PrefixSet(wanted.Select(r => r.Prefix).Concat(routed));
        foreach (var tunnel in effective ?? configuration.Tunnels)
            if (tunnel.Peer is not null && !tunnel.Remote.IsAny && ours.Contains(tunnel.Remote) && leave(tunnel.Remote) is { } way && (way.Gateway.IsAny || way.Gateway.IsV4 == tunnel.Remote.IsV4))
                wanted.Add(ForIke(new IpPrefix(tunnel.Remote, tunnel.Remote.IsV4 ? 32 : 128), way.Link, way.Gateway));

        // Behind a default route into a tunnel are also those who ask from anywhere.
        foreach (var half in wanted.Where(r => r is { IsForIke: false, Kind: KernelRouteKind.Discard, Prefix.Length: 1 }).Select(r => r.Prefix).Concat(routed.Where(p => p.Length == 0).SelectMany(Halves)).Distinct().ToList())
            if (leave(half.IsV4 ? IpAddress.FromV4(0) : default) is { Gateway.IsAny: false } way && way.Gateway.IsV4 == half.IsV4)
                wanted.Add(ForIke(half, way.Link, way.Gateway));
        return wanted;
    }

    /// <summary>Whether the kernel need not hear of an instance: all that it carries lies in its template's prefixes.</summary>
    public static bool AreCovered(TunnelConfiguration instance, TunnelConfiguration template) => RouteBuilder.Prefixes(instance).All(p => template.Routes.Any(r => r.Contains(p)));

    private static bool IsCovered(IpPrefix prefix, TunnelConfiguration tunnel, Dictionary<string, IReadOnlyList<IpPrefix>> covers) =>
        tunnel.Template is { } template && covers.TryGetValue(template, out var cover) && cover.Any(r => r.Contains(prefix));

    private static KernelRoute Door(IpPrefix prefix, uint link, IpAddress source) =>
        new(prefix, KernelRouteKind.Unicast, link, default, prefix.IsV4 ? 0 : DoorMetricV6, OwnProtocol, source);

    private static KernelRoute ForIke(IpPrefix prefix, uint link, IpAddress gateway) =>
        new(prefix, KernelRouteKind.Unicast, link, gateway, prefix.IsV4 ? 0 : DoorMetricV6, OwnProtocol, default, IsForIke: true);

    private static KernelRoute Blackhole(IpPrefix prefix) => new(prefix, KernelRouteKind.Discard, 0, default, BlackholeMetric, OwnProtocol, default);

    /// <summary>A default route is written as two halves, so that it stands before the kernel's own default and does not replace it.</summary>
    internal static IEnumerable<IpPrefix> Halves(IpPrefix prefix)
    {
        if (prefix.Length > 0) return [prefix];
        var upper = prefix.IsV4 ? IpAddress.FromV4(0x8000_0000) : new IpAddress(1UL << 63, 0);
        return [new IpPrefix(prefix.Address, 1), new IpPrefix(upper, 1)];
    }
}
