using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Configuration;

/// <summary>Reads <c>tunnels:</c>.</summary>
internal sealed class TunnelSection(ConfigurationErrors errors)
{
    private readonly PrefixList prefixes = new(errors);

    /// <summary>Where each tunnel starts, in their order.</summary>
    public List<SourcePosition> Places { get; } = [];

    /// <summary>Every route of every tunnel with its place.</summary>
    public List<(string Tunnel, IpPrefix Prefix, SourcePosition At)> RoutePlaces { get; } = [];

    /// <summary>Every inbound and outbound SPI with its place.</summary>
    public List<(string Direction, uint Spi, SourcePosition At)> SpiPlaces { get; } = [];

    /// <summary>All tunnels.</summary>
    public IReadOnlyList<TunnelConfiguration> Read(IReadOnlyList<YamlNode> nodes)
    {
        var tunnels = new List<TunnelConfiguration>();
        foreach (var node in nodes)
        {
            tunnels.Add(Tunnel(node));
            Places.Add(node.At);
        }

        return tunnels;
    }

    private TunnelConfiguration Tunnel(YamlNode node)
    {
        var map = new MapReader(node, "a tunnel", errors);
        map.Required("name", "every tunnel has a name");
        var name = ConfigurationReader.Name(map, "name", "", errors);
        var encapsulation = map.Choice("encapsulation", EspEncapsulation.None, ("esp", EspEncapsulation.None), ("udp", EspEncapsulation.Udp));
        var routes = prefixes.Placed(map.List("routes"));
        var tunnel = new TunnelConfiguration
        {
            Name = name,
            Kind = map.Choice("mode", TunnelKind.Tunnel, ("tunnel", TunnelKind.Tunnel), ("iiptran", TunnelKind.IipTran), ("transport", TunnelKind.Transport)),
            Local = Address(map, "local"),
            Remote = Address(map, "remote"),
            Encapsulation = encapsulation,
            Routes = routes.Select(r => r.Prefix).ToList(),
            CheckSource = map.Flag("check_source", true),
            Mtu = map.NumberOr("mtu", "auto", TunnelConfiguration.Auto, 576, 9000, "octets"),
            PathMtu = map.NumberOr("path_mtu", "auto", TunnelConfiguration.Auto, 576, 9216, "octets"),
            MssClamp = map.Text("mss_clamp") is { Text: "off" } ? 0 : map.NumberOr("mss_clamp", "auto", TunnelConfiguration.Auto, 216, 8960, "octets"),
            SetDf = map.Choice("df", false, ("copy", false), ("set", true)),
            Dscp = map.NumberOr("dscp", "copy", TunnelConfiguration.Auto, 0, 63),
            TfcMultiple = (ushort)map.Number("tfc", 0, 0, 1500, "octets"),
            Hold = map.Flag("hold", true),
            Manual = new ManualSection(errors, SpiPlaces).Read(map.Node("manual")),
        };
        var udp = encapsulation == EspEncapsulation.Udp;
        tunnel = tunnel with
        {
            LocalPort = (ushort)UdpOnly(map, udp, "local_port", 4500),
            RemotePort = (ushort)UdpOnly(map, udp, "remote_port", 4500),
            KeepaliveSeconds = Keepalive(map, udp),
        };
        if (tunnel.LocalPort != 4500)
            map.Wrong("local_port", $"'local_port: {tunnel.LocalPort}': the steering program takes ESP in UDP on port 4500 alone", "remove it; the peer's port may differ ('remote_port', RFC 3948 §2.1)");
        foreach (var (prefix, at) in routes) RoutePlaces.Add((name, prefix, at));
        if (!tunnel.Local.IsAny && !tunnel.Remote.IsAny) CheckEnds(map, tunnel, routes.Count);
        map.Done();
        return tunnel;
    }

    private static void CheckEnds(MapReader map, TunnelConfiguration tunnel, int routes)
    {
        if (tunnel.Local.IsV4 != tunnel.Remote.IsV4) map.Wrong("remote", "local and remote are of different families", "both IPv4 or both IPv6");
        if (tunnel.Local == tunnel.Remote) map.Wrong("remote", "local and remote are the same address", "remote is the peer's address");
        if (tunnel.Kind == TunnelKind.Transport && routes > 0)
            map.Wrong("routes", "a transport-mode tunnel carries traffic of its two ends alone", "remove 'routes', or write mode: tunnel or mode: iiptran");
    }

    private IpAddress Address(MapReader map, string key)
    {
        map.Required(key, key == "local" ? "write the outer address of this gateway" : "write the outer address of the peer");
        if (map.Text(key) is not { } text) return default;
        if (!IpPrefix.TryParseAddress(text.Text, out var address) || address.IsAny)
        {
            errors.Add(text.At, $"'{key}: {Spelling.Shorten(text.Text)}' is no address", "write one IPv4 or IPv6 address");
            return default;
        }

        if (IsMulticastOrLoopback(address)) errors.Add(text.At, $"'{key}: {text.Text}' is no unicast address of a network", "write the address that the peers see");
        return address;
    }

    private static bool IsMulticastOrLoopback(IpAddress address) =>
        address.IsV4 ? address.V4 >> 24 is 0 or 127 or >= 224 : address.High >> 56 == 0xff || (address.High == 0 && address.Low == 1);

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
