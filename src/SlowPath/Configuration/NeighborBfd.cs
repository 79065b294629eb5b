using Appliance.Bgp;

namespace Appliance.SlowPath.Configuration;

/// <summary>Reads <c>bfd</c> of a neighbour: <c>on</c>, <c>off</c>, or intervals.</summary>
internal static class NeighborBfd
{
    private const long Shortest = 10_000, Longest = 60_000_000;

    /// <summary>The settings; null for none.</summary>
    public static BfdSettings? Read(MapReader neighbor, ConfigurationErrors errors)
    {
        var (node, defaults) = (neighbor.Node("bfd"), new BfdSettings());
        if (node is null or YamlText { Text: "off" or "false" }) return null;
        if (node is YamlText { Text: "on" or "true" }) return defaults;
        var map = new MapReader(node, "bfd", errors);
        var interval = map.Microseconds("interval", defaults.TransmitMilliseconds * 1000L, Shortest, Longest);
        var settings = new BfdSettings(
            (int)(map.Microseconds("transmit", interval, Shortest, Longest) / 1000),
            (int)(map.Microseconds("receive", interval, Shortest, Longest) / 1000),
            map.Number("multiplier", defaults.Multiplier, 2, 255));
        map.Done();
        return settings;
    }
}
