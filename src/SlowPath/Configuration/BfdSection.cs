using System.Net;
using Appliance.Bfd;

namespace Appliance.SlowPath.Configuration;

/// <summary>A path that an operator wants watched.</summary>
/// <param name="Name">What operators call it.</param>
/// <param name="Local">Our address; null for that by which the kernel reaches the other side.</param>
/// <param name="Remote">Theirs.</param>
/// <param name="IsMultihop">RFC 5883; else a single hop.</param>
/// <param name="Intervals">Intervals and multiplier.</param>
/// <param name="MinimumTtl">Least TTL of packets of a multihop session.</param>
public sealed record WatchedPath(string Name, IPAddress? Local, IPAddress Remote, bool IsMultihop, BfdIntervals Intervals, int MinimumTtl);

/// <summary>Reads <c>bfd:</c>.</summary>
internal sealed class BfdSection(ConfigurationErrors errors)
{
    private const int Most = 256, DefaultMilliseconds = 300, DefaultMultiplier = 3;

    /// <summary>All paths.</summary>
    public IReadOnlyList<WatchedPath> Read(IReadOnlyList<YamlNode> nodes)
    {
        var paths = new List<WatchedPath>();
        if (nodes.Count > Most) errors.Add(nodes[Most].At, $"more than {Most} paths to watch", "those of BGP neighbours are watched with 'bfd' at the neighbour");
        foreach (var node in nodes)
        {
            if (Path(node) is not { } path) continue;
            if (paths.Any(p => p.Name == path.Name)) errors.Add(node.At, $"there are two BFD sessions '{path.Name}'", "give them names of their own");
            else if (paths.Any(p => p.Remote.Equals(path.Remote) && Equals(p.Local, path.Local) && p.IsMultihop == path.IsMultihop)) errors.Add(node.At, $"the path to {path.Remote} is watched already", "remove one");
            else paths.Add(path);
        }

        return paths;
    }

    private WatchedPath? Path(YamlNode node)
    {
        var map = new MapReader(node, "a BFD session", errors);
        map.Required("remote", "write the address of the other side");
        var remote = Address(map, "remote");
        var name = ConfigurationReader.Name(map, "name", remote?.ToString().Replace(':', '-').Trim('-') ?? "", errors);
        var local = Address(map, "local");
        var isMultihop = map.Flag("multihop", false);
        var interval = (int)(map.Microseconds("interval", DefaultMilliseconds * 1000L, BfdIntervals.Shortest * 1000L, BfdIntervals.Longest * 1000L) / 1000);
        var receive = (int)(map.Microseconds("receive", interval * 1000L, BfdIntervals.Shortest * 1000L, BfdIntervals.Longest * 1000L) / 1000);
        var multiplier = map.Number("multiplier", DefaultMultiplier, 1, 255);
        var minimumTtl = map.Number("minimum_ttl", 0, 0, 255);
        if (!isMultihop && map.Node("minimum_ttl") is not null) map.Wrong("minimum_ttl", "'minimum_ttl' on a single hop", "packets of a single hop have the TTL 255 anyway (RFC 5881 §5): remove it, or write multihop: true");
        map.Done();
        if (remote is null) return null;
        if (local is not null && local.AddressFamily != remote.AddressFamily) map.Wrong("local", "local and remote are of different families", "both IPv4 or both IPv6");
        if (remote.Equals(local)) map.Wrong("remote", "local and remote are the same address", "remote is the other side's address");
        return new WatchedPath(name, local, remote, isMultihop, new BfdIntervals(interval, receive, multiplier), minimumTtl);
    }

    private IPAddress? Address(MapReader map, string key)
    {
        if (map.Text(key) is not { } text || AddressText.Unicast(text, key, errors)?.ToIPAddress() is not { } address) return null;
        if (!address.IsIPv6LinkLocal) return address;
        errors.Add(text.At, $"'{key}: {text.Text}' is of one link alone", "write an address that is not link-local");
        return null;
    }
}
