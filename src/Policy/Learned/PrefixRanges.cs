namespace Appliance.Policy;

/// <summary>Ranges of addresses, asked whether a prefix lies inside one.</summary>
public sealed class PrefixRanges
{
    private readonly IpPrefix[] v4, v6;

    /// <summary>These ranges.</summary>
    public PrefixRanges(IEnumerable<IpPrefix> ranges)
    {
        var sorted = ranges.Distinct().Order().ToList();
        v4 = Outermost(sorted.Where(p => p.IsV4));
        v6 = Outermost(sorted.Where(p => !p.IsV4));
    }

    /// <summary>No range.</summary>
    public bool IsEmpty => v4.Length + v6.Length == 0;

    /// <summary>Whether a prefix lies inside one of them.</summary>
    public bool Covers(IpPrefix prefix)
    {
        var ranges = prefix.IsV4 ? v4 : v6;
        var (low, high) = (0, ranges.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (ranges[middle].Address <= prefix.Address) low = middle + 1;
            else high = middle;
        }

        return low > 0 && ranges[low - 1].Contains(prefix);
    }

    /// <summary>Whether the other has the same ranges.</summary>
    public bool IsSame(PrefixRanges other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return v4.AsSpan().SequenceEqual(other.v4) && v6.AsSpan().SequenceEqual(other.v6);
    }

    private static IpPrefix[] Outermost(IEnumerable<IpPrefix> sorted)
    {
        var outermost = new List<IpPrefix>();
        foreach (var prefix in sorted)
            if (outermost.Count == 0 || !outermost[^1].Contains(prefix))
                outermost.Add(prefix);
        return [.. outermost];
    }
}
