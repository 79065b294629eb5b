using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Configuration;

/// <summary>Reads <c>ports:</c> and <c>vpn:</c>.</summary>
internal sealed class PortSection(ConfigurationErrors errors)
{
    private const int LongestDevice = 15;
    private readonly PrefixList prefixes = new(errors);

    /// <summary>Where each port starts, in their order.</summary>
    public List<SourcePosition> Places { get; } = [];

    /// <summary>Where <c>vpn:</c> stands.</summary>
    public SourcePosition VpnAt { get; private set; }

    /// <summary>Where each memory port names its peer.</summary>
    public Dictionary<string, SourcePosition> PeerPlaces { get; } = new(StringComparer.Ordinal);

    /// <summary>All ports.</summary>
    public IReadOnlyList<PortConfiguration> Read(IReadOnlyList<YamlNode> nodes)
    {
        var ports = new List<PortConfiguration>();
        foreach (var node in nodes)
        {
            ports.Add(Port(node));
            Places.Add(node.At);
        }

        return ports;
    }

    /// <summary>The host's own door, or null.</summary>
    public VpnConfiguration? Vpn(YamlNode? node)
    {
        if (node is null) return null;
        VpnAt = node.At;
        var map = new MapReader(node, "vpn", errors);
        var vpn = new VpnConfiguration
        {
            Device = Device(map, "vpn0"),
            Addresses = prefixes.Addresses(map.List("addresses")),
            Mtu = map.Number("mtu", 1400, 1280, 9000, "octets"),
        };
        map.Done();
        return vpn;
    }

    private PortConfiguration Port(YamlNode node)
    {
        var map = new MapReader(node, "a port", errors);
        map.Required("name", "every port has a name");
        var name = ConfigurationReader.Name(map, "name", "", errors);
        var kind = map.Choice("kind", PortKind.AfXdp, ("af_xdp", PortKind.AfXdp), ("tun", PortKind.Tun), ("pcap", PortKind.Pcap), ("memory", PortKind.Memory));
        map.Required("side", "write 'side: protected' towards the hosts that it serves, 'side: unprotected' towards the network");
        var port = new PortConfiguration
        {
            Name = name,
            Kind = kind,
            Side = map.Choice("side", PortSide.Unprotected, ("protected", PortSide.Protected), ("unprotected", PortSide.Unprotected)),
        };
        port = kind switch
        {
            PortKind.AfXdp => port with
            {
                Device = RequiredDevice(map),
                Mode = map.Choice("mode", "auto", ("auto", "auto"), ("native", "native"), ("generic", "generic")),
                DeviceAt = map.PositionOf("device"),
            },
            PortKind.Tun => port with { Device = RequiredDevice(map), Addresses = prefixes.Addresses(map.List("addresses")), DeviceAt = map.PositionOf("device") },
            PortKind.Pcap => port with { ReadFile = map.Text("read")?.Text ?? "", WriteFile = map.Text("write")?.Text ?? "" },
            _ => port with { Peer = map.Required("peer", "name the port at the other end") is null ? "" : map.Text("peer")?.Text ?? "" },
        };
        if (kind == PortKind.Pcap && port.ReadFile.Length == 0 && port.WriteFile.Length == 0) errors.Add(map.At, "a pcap port neither reads nor writes", "give it read: FILE, write: FILE, or both");
        if (kind == PortKind.Memory) PeerPlaces[name] = map.PositionOf("peer");
        map.Done();
        return port;
    }

    private string RequiredDevice(MapReader map)
    {
        map.Required("device", "name the network device, as 'ip link' shows it");
        return Device(map, "");
    }

    private string Device(MapReader map, string otherwise) => Device(map, "device", otherwise, errors);

    /// <summary>The name of a device.</summary>
    internal static string Device(MapReader map, string key, string otherwise, ConfigurationErrors errors)
    {
        if (map.Text(key) is not { } text) return otherwise;
        var good = text.Text.Length is > 0 and <= LongestDevice && text.Text.All(c => c is > ' ' and < (char)127 and not '/' and not ':' and not ',' and not ';' and not '=')
            && text.Text is not ("." or "..");
        if (!good) errors.Add(text.At, $"'{Spelling.Shorten(text.Text)}' is no device name", $"1 to {LongestDevice} characters, as 'ip link' shows it");
        return good ? text.Text : otherwise;
    }
}
