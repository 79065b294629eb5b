using System.Text;
using Appliance.Bfd;
using Appliance.Ike;
using Appliance.Ike.Messages;
using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Configuration;

/// <summary>Reads <c>tunnels:</c>.</summary>
internal sealed class TunnelSection(ConfigurationErrors errors, IReadOnlyList<IkePeer> peers, int workers)
{
    private const int LongestTemplate = 24, DefaultMtu = 1400, LeastMtu = 1280;
    private readonly PrefixList prefixes = new(errors);
    private readonly Dictionary<string, IkePeer> byName = peers.DistinctBy(p => p.Name).ToDictionary(p => p.Name, StringComparer.Ordinal);

    /// <summary>Where each tunnel starts, in their order.</summary>
    public List<SourcePosition> Places { get; } = [];

    /// <summary>Every route of every tunnel with its place.</summary>
    public List<(string Tunnel, IpPrefix Prefix, SourcePosition At)> RoutePlaces { get; } = [];

    /// <summary>Where each tunnel that is an interface says so.</summary>
    public List<(string Tunnel, SourcePosition At)> InterfacePlaces { get; } = [];

    /// <summary>Every inbound and outbound SPI with its place.</summary>
    public List<(string Direction, uint Spi, SourcePosition At)> SpiPlaces { get; } = [];

    /// <summary>Children by the name of their peer.</summary>
    public List<(string Peer, ChildTemplate Child)> Children { get; } = [];

    /// <summary>All tunnels, then those of groups.</summary>
    public IReadOnlyList<TunnelConfiguration> Read(IReadOnlyList<YamlNode> nodes, IEnumerable<(TunnelConfiguration Tunnel, SourcePosition At)> ofGroups)
    {
        var tunnels = new List<TunnelConfiguration>();
        foreach (var node in nodes)
        {
            tunnels.Add(Tunnel(node));
            Places.Add(node.At);
        }

        foreach (var (tunnel, at) in ofGroups)
        {
            tunnels.Add(tunnel);
            Places.Add(at);
        }

        return tunnels;
    }

    private TunnelConfiguration Tunnel(YamlNode node)
    {
        var map = new MapReader(node, "a tunnel", errors);
        map.Required("name", "every tunnel has a name");
        var name = ConfigurationReader.Name(map, "name", "", errors);
        var peerName = map.Text("peer");
        var peer = peerName is null ? null : Peer(peerName);
        var encapsulation = peer is { ForceUdp: true } ? EspEncapsulation.Udp : map.Choice("encapsulation", EspEncapsulation.None, ("esp", EspEncapsulation.None), ("udp", EspEncapsulation.Udp));
        var routes = prefixes.Placed(map.List("routes")).ToList();
        var tunnel = Shape(map, new TunnelConfiguration
        {
            Name = name,
            Kind = map.Choice("mode", TunnelKind.Tunnel, ("tunnel", TunnelKind.Tunnel), ("iiptran", TunnelKind.IipTran), ("transport", TunnelKind.Transport)),
            Peer = peerName?.Text,
            IsTemplate = peer is { Remote.Count: 0 },
            Encapsulation = encapsulation,
            Routes = routes.Select(r => r.Prefix).ToList(),
            Manual = new ManualSection(errors, SpiPlaces).Read(map.Node("manual")),
        });
        tunnel = WithInterface(map, tunnel);
        var udp = encapsulation == EspEncapsulation.Udp;
        var (local, remote) = peerName is null ? (Address(map, "local"), Address(map, "remote")) : Ends(peer);
        tunnel = tunnel with
        {
            Local = local,
            Remote = remote,
            LocalPort = (ushort)UdpOnly(map, udp, "local_port", 4500),
            RemotePort = (ushort)UdpOnly(map, udp, "remote_port", 4500),
            KeepaliveSeconds = peer is null ? Keepalive(map, udp) : (ushort)peer.KeepaliveSeconds,
        };
        if (peerName is null) ChildSection.Without(map);
        else tunnel = Negotiated(map, tunnel, peerName.Text, peer, routes);
        if (tunnel.LocalPort != 4500)
            map.Wrong("local_port", $"'local_port: {tunnel.LocalPort}': the steering program takes ESP in UDP on port 4500 alone", "remove it; the peer's port may differ ('remote_port', RFC 3948 §2.1)");
        foreach (var (prefix, at) in tunnel.IsTemplate ? [] : routes) RoutePlaces.Add((name, prefix, at));
        if (!tunnel.Local.IsAny && !tunnel.Remote.IsAny) CheckEnds(map, tunnel);
        if (tunnel.Kind == TunnelKind.Transport && routes.Count > 0)
            map.Wrong("routes", "a transport-mode tunnel carries traffic of its two ends alone", "remove 'routes', or write mode: tunnel or mode: iiptran");
        map.Done();
        return tunnel;
    }

    /// <summary>Sizes and header fields of a tunnel, whoever makes it.</summary>
    internal static TunnelConfiguration Shape(MapReader map, TunnelConfiguration tunnel) => tunnel with
    {
        Mtu = map.NumberOr("mtu", "auto", TunnelConfiguration.Auto, 576, 9000, "octets"),
        PathMtu = map.NumberOr("path_mtu", "auto", TunnelConfiguration.Auto, 576, 9216, "octets"),
        MssClamp = map.Text("mss_clamp") is { Text: "off" } ? 0 : map.NumberOr("mss_clamp", "auto", TunnelConfiguration.Auto, 216, 8960, "octets"),
        SetDf = map.Choice("df", false, ("copy", false), ("set", true)),
        Dscp = map.NumberOr("dscp", "copy", TunnelConfiguration.Auto, 0, 63),
        TfcMultiple = (ushort)map.Number("tfc", 0, 0, 1500, "octets"),
        Hold = map.Flag("hold", true),
    };

    /// <summary>The tunnel as a device, and where the inner source must lie: behind this tunnel, or with an interface behind any that is one, since routing says which.</summary>
    private TunnelConfiguration WithInterface(MapReader map, TunnelConfiguration tunnel)
    {
        var device = PortSection.Device(map, "interface", "", errors);
        var addresses = prefixes.Addresses(map.List("addresses"));
        var check = map.Choice("check_source", device.Length > 0 ? (false, true) : (true, false), ("true", (true, false)), ("false", (false, false)), ("interfaces", (false, true)));
        tunnel = tunnel with { CheckSource = check.Item1, SourceByInterfaces = check.Item2 };
        var watch = Watch(map, addresses);
        if (device.Length == 0)
        {
            if (map.Node("bfd") is not null) map.Wrong("bfd", "'bfd' without 'interface'", "name the device, or write the path under the section 'bfd'");
            if (map.Node("addresses") is not null) map.Wrong("addresses", "'addresses' without 'interface'", "name the device: interface: ipt1");
            if (check.Item2) map.Wrong("check_source", "'check_source: interfaces' without 'interface'", "name the device, or write true or false");
            return tunnel;
        }

        InterfacePlaces.Add((tunnel.Name, map.PositionOf("interface")));
        if (tunnel.Kind == TunnelKind.Transport) map.Wrong("interface", "a transport-mode tunnel carries traffic of its two ends alone", "write mode: iiptran, or mode: tunnel");
        if (tunnel.IsTemplate) map.Wrong("interface", "a tunnel of many peers is no interface", "name the peer's address at the peer: one tunnel, one interface");
        if (addresses.Count == 0) map.Wrong("interface", "the interface has no addresses", "write addresses: [172.16.0.1/30]");
        return tunnel with { Interface = new TunnelInterface(device, addresses, tunnel.Mtu == TunnelConfiguration.Auto ? DefaultMtu : Math.Max(tunnel.Mtu, LeastMtu), watch) };
    }

    /// <summary>BFD between the two interfaces; the other one's address is the other of a /30 or /31 unless it is said.</summary>
    private TunnelWatch? Watch(MapReader tunnel, IReadOnlyList<InterfaceAddress> addresses)
    {
        if (tunnel.Node("bfd") is not { } node) return null;
        var map = new MapReader(node, "bfd of a tunnel", errors);
        var milliseconds = (int)(map.Microseconds("interval", 300_000, BfdIntervals.Shortest * 1000L, BfdIntervals.Longest * 1000L) / 1000);
        var multiplier = map.Number("multiplier", 3, 1, 255);
        var remote = map.Text("remote") is { } text ? AddressText.Unicast(text, "remote", errors) : OtherOf(addresses);
        map.Done();
        var local = addresses.Where(a => remote is { } there && new IpPrefix(a.Address, a.PrefixLength).Contains(there)).Select(a => (IpAddress?)a.Address).FirstOrDefault();
        if (remote is null && map.Node("remote") is null) tunnel.Wrong("bfd", "whom BFD shall ask is not said", "write remote: the address of the other interface");
        else if (remote is { } far && (local is null || local == far || AddressScope.IsLinkLocal(far))) tunnel.Wrong("bfd", $"{far} is not the other side's address in a network of this interface", "write the address of the other interface, not link-local");
        return remote is { } other && local is { } own ? new TunnelWatch(own, other, milliseconds, multiplier) : null;
    }

    private static IpAddress? OtherOf(IReadOnlyList<InterfaceAddress> addresses)
    {
        foreach (var (address, length) in addresses)
        {
            if (!address.IsV4 || length is not (30 or 31)) continue;
            return IpAddress.FromV4(length == 31 ? address.V4 ^ 1 : address.V4 ^ 3);
        }

        return null;
    }

    private static void CheckEnds(MapReader map, TunnelConfiguration tunnel)
    {
        if (tunnel.Local.IsV4 != tunnel.Remote.IsV4) map.Wrong("remote", "local and remote are of different families", "both IPv4 or both IPv6");
        if (tunnel.Local == tunnel.Remote) map.Wrong("remote", "local and remote are the same address", "remote is the peer's address");
    }

    /// <summary>With its children; without routes it is given the prefixes of its remote selectors, a template the peer's pools and whatever it may ask for.</summary>
    private TunnelConfiguration Negotiated(MapReader map, TunnelConfiguration tunnel, string peerName, IkePeer? peer, List<(IpPrefix, SourcePosition)> routes)
    {
        var child = new ChildSection(errors).Read(map, tunnel, peer, workers);
        Children.Add((peerName, child));
        if (tunnel.IsTemplate && Encoding.UTF8.GetByteCount(tunnel.Name) > LongestTemplate)
            map.Wrong("name", $"'{tunnel.Name}' is too long for a tunnel of many peers", $"at most {LongestTemplate} octets: each of them is given a number behind it");
        if (routes.Count > 0 || tunnel.Kind == TunnelKind.Transport || tunnel.Interface is not null || peer is null) return tunnel;
        var ranges = tunnel.Kind == TunnelKind.Tunnel ? child.Remote.Select(s => (s.Low, s.High)) : [];
        if (tunnel.IsTemplate) ranges = ranges.Concat(peer.Pools.Select(p => (p.First, p.Last))).Concat(peer.AllowedRemote.Select(s => (s.Low, s.High)));
        var made = ranges.SelectMany(r => AddressText.Prefixes(new AddressRange(IpAddress.From(r.Item1), IpAddress.From(r.Item2)))).Distinct().ToList();
        made.RemoveAll(p => made.Any(o => o != p && o.Contains(p)));
        foreach (var prefix in made) routes.Add((prefix, map.PositionOf("remote_selectors")));
        return tunnel with { Routes = made };
    }

    private IkePeer? Peer(YamlText text)
    {
        var peer = byName.GetValueOrDefault(text.Text);
        if (peer is null && !errors.Full) errors.Add(text.At, $"there is no peer '{Spelling.Shorten(text.Text)}'", Spelling.Hint(text.Text, peers.Select(p => p.Name)));
        return peer;
    }

    /// <summary>Ends before anything is negotiated: the first pair of one family; unknown ones are "any".</summary>
    private static (IpAddress Local, IpAddress Remote) Ends(IkePeer? peer)
    {
        if (peer is null || peer.Remote.Count == 0) return default;
        foreach (var remote in peer.Remote)
            foreach (var local in peer.Local)
                if (local.IsV4() == remote.IsV4())
                    return (IpAddress.From(local), IpAddress.From(remote));
        return (default, IpAddress.From(peer.Remote[0]));
    }

    private IpAddress Address(MapReader map, string key)
    {
        map.Required(key, key == "local" ? "write the outer address of this gateway, or 'peer'" : "write the outer address of the peer, or 'peer'");
        return map.Text(key) is { } text ? AddressText.Unicast(text, key, errors) ?? default : default;
    }

    private static int UdpOnly(MapReader map, bool udp, string key, int otherwise)
    {
        var port = map.Number(key, otherwise, 1, 65535);
        if (!udp && map.Node(key) is not null) map.Wrong(key, $"'{key}' without UDP encapsulation", "write 'encapsulation: udp', or remove it");
        return port;
    }

    private static ushort Keepalive(MapReader map, bool udp)
    {
        var seconds = map.Microseconds("keepalive", udp ? 20_000_000 : 0, 0, 3_600_000_000) / 1_000_000;
        if (!udp && map.Node("keepalive") is not null) map.Wrong("keepalive", "'keepalive' without UDP encapsulation", "write 'encapsulation: udp', or remove it (RFC 3948 §4)");
        return (ushort)seconds;
    }
}
