using System.Globalization;

namespace Appliance.Bgp;

/// <summary>Communities (RFC 1997) and their text.</summary>
public static class Communities
{
    /// <summary>NO_EXPORT.</summary>
    public const uint NoExport = 0xFFFFFF01;

    /// <summary>NO_ADVERTISE.</summary>
    public const uint NoAdvertise = 0xFFFFFF02;

    /// <summary>NO_EXPORT_SUBCONFED.</summary>
    public const uint NoExportSubconfed = 0xFFFFFF03;

    private static readonly (string Name, uint Value)[] Names =
    [
        ("no-export", NoExport), ("no-advertise", NoAdvertise), ("no-export-subconfed", NoExportSubconfed),
        ("graceful-shutdown", 0xFFFF0000), ("accept-own", 0xFFFF0001), ("llgr-stale", 0xFFFF0006), ("no-llgr", 0xFFFF0007), ("blackhole", 0xFFFF029A), ("no-peer", 0xFFFFFF04),
    ];

    /// <summary>As "65000:1", or a well-known one's name.</summary>
    public static string ToText(uint community)
    {
        foreach (var (name, value) in Names)
        {
            if (value == community) return name;
        }

        return $"{community >> 16}:{community & 0xffff}";
    }

    /// <summary>Parses the forms that <see cref="ToText"/> writes.</summary>
    public static bool TryParse(string text, out uint community)
    {
        foreach (var (name, value) in Names)
        {
            if (!string.Equals(name, text, StringComparison.OrdinalIgnoreCase)) continue;
            community = value;
            return true;
        }

        community = 0;
        var parts = text.Split(':');
        if (parts.Length != 2 || !ushort.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var high)
            || !ushort.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var low)) return false;
        community = (uint)high << 16 | low;
        return true;
    }

    /// <summary>Parses a large community (RFC 8092 §5): "65000:1:2".</summary>
    public static bool TryParseLarge(string text, out LargeCommunity community)
    {
        community = default;
        var parts = text.Split(':');
        if (parts.Length != 3 || !TryNumber(parts[0], out var global) || !TryNumber(parts[1], out var local1) || !TryNumber(parts[2], out var local2)) return false;
        community = new LargeCommunity(global, local1, local2);
        return true;
    }

    private static bool TryNumber(string text, out uint number) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
