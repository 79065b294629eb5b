using System.Globalization;
using System.Net;

namespace Appliance.Bgp;

/// <summary>An entry of a prefix list: prefixes inside of <paramref name="Prefix"/> whose length is in a range.</summary>
/// <param name="Afi">1 for IPv4, 2 for IPv6.</param>
/// <param name="Prefix">Where they lie.</param>
/// <param name="Low">Shortest length.</param>
/// <param name="High">Longest length.</param>
/// <param name="Permits">They are meant; otherwise they are left out.</param>
public readonly record struct PrefixRange(ushort Afi, Prefix Prefix, byte Low, byte High, bool Permits = true)
{
    /// <summary>Parses <c>10.0.0.0/8</c> (that prefix alone), <c>10.0.0.0/8 ge 16 le 24</c>, either with <c>not</c> before.</summary>
    /// <param name="text">What is written.</param>
    /// <param name="range">What is meant.</param>
    /// <param name="problem">What is wrong, as a sentence.</param>
    public static bool TryParse(string text, out PrefixRange range, out string problem)
    {
        (range, problem) = (default, "is no prefix with lengths");
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var permits = words is not ["not", ..];
        if (!permits) words = words[1..];
        if (words.Length is not (1 or 3 or 5) || !TryNetwork(words[0], out var network)) return false;
        Span<byte> octets = stackalloc byte[16];
        _ = network.BaseAddress.TryWriteBytes(octets, out var length);
        var (longest, low, high) = (length * 8, network.PrefixLength, network.PrefixLength);
        for (var i = 1; i < words.Length; i += 2)
        {
            if (!int.TryParse(words[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var bits) || bits > longest) return false;
            if (words[i] == "ge" && i == 1) (low, high) = (bits, longest);
            else if (words[i] == "le" && (i == 1 || words[1] == "ge")) high = bits;
            else return false;
        }

        problem = $"has lengths that cannot be: {network.PrefixLength} ≤ ge ≤ le ≤ {longest} must hold";
        if (low < network.PrefixLength || high < low) return false;
        range = new PrefixRange((ushort)(length == 4 ? 1 : 2), Prefix.Of(network.BaseAddress, network.PrefixLength), (byte)low, (byte)high, permits);
        return true;
    }

    private static bool TryNetwork(string text, out IPNetwork network)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (!IPNetwork.TryParse(text, out network) || slash < 0 || !IPAddress.TryParse(text.AsSpan(0, slash), out var address)) return false;
        return address.Equals(network.BaseAddress) && (text.Contains(':', StringComparison.Ordinal) || text.AsSpan(0, slash).Count('.') == 3);
    }
}

/// <summary>A prefix list: the first entry that fits decides, what none fits is not meant. Of many thousand entries too an answer takes at most a look-up for each length that stands in it.</summary>
public sealed class PrefixFilter
{
    private readonly PrefixRange[] entries;
    private readonly Dictionary<(ushort Afi, Prefix Prefix), int[]> byPrefix;
    private readonly (ushort Afi, byte Length)[] lengths;

    /// <summary>A list of entries in their order.</summary>
    public PrefixFilter(IEnumerable<PrefixRange> ranges)
    {
        entries = [.. ranges];
        byPrefix = entries.Select((entry, i) => (Key: (entry.Afi, entry.Prefix), Index: i)).GroupBy(e => e.Key, e => e.Index).ToDictionary(g => g.Key, g => g.ToArray());
        lengths = [.. byPrefix.Keys.Select(k => (k.Afi, k.Prefix.Length)).Distinct().OrderBy(l => l.Afi).ThenBy(l => l.Length)];
    }

    /// <summary>Whether a prefix of a family is meant; prefixes of route target membership never are.</summary>
    public bool Contains(Family family, in Prefix prefix)
    {
        if (family == Family.RouteTarget) return false;
        var first = int.MaxValue;
        foreach (var (afi, length) in lengths)
        {
            if (afi != family.Afi) continue;
            if (length > prefix.Length) break;
            if (!byPrefix.TryGetValue((afi, (prefix with { Length = length }).Masked()), out var found)) continue;
            foreach (var index in found)
            {
                if (index >= first) break;
                if (prefix.Length < entries[index].Low || prefix.Length > entries[index].High) continue;
                first = index;
                break;
            }
        }

        return first != int.MaxValue && entries[first].Permits;
    }
}
