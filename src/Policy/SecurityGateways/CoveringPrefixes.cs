namespace Appliance.Policy;

/// <summary>Prefixes of both families, asked which of them contains another one: a look for each length that there is.</summary>
internal sealed class CoveringPrefixes
{
    private readonly HashSet<IpPrefix> prefixes = [];
    private readonly int[] countsV4 = new int[33], countsV6 = new int[129];

    public CoveringPrefixes(IEnumerable<IpPrefix>? prefixes = null)
    {
        foreach (var prefix in prefixes ?? []) Add(prefix);
    }

    public int Count => prefixes.Count;

    public bool Has(IpPrefix prefix) => prefixes.Contains(prefix);

    public void Add(IpPrefix prefix)
    {
        if (prefixes.Add(prefix)) Counts(prefix)[prefix.Length]++;
    }

    public void Remove(IpPrefix prefix)
    {
        if (prefixes.Remove(prefix)) Counts(prefix)[prefix.Length]--;
    }

    /// <summary>The shortest one that contains it, itself included.</summary>
    public bool TryCover(IpPrefix prefix, out IpPrefix cover)
    {
        cover = default;
        if (prefixes.Count == 0) return false;
        var counts = Counts(prefix);
        for (var length = 0; length <= prefix.Length; length++)
        {
            if (counts[length] == 0) continue;
            var shorter = new IpPrefix(prefix.Address, length);
            if (!prefixes.Contains(shorter)) continue;
            cover = shorter;
            return true;
        }

        return false;
    }

    /// <summary>Whether one contains it.</summary>
    public bool Covers(IpPrefix prefix) => TryCover(prefix, out _);

    private int[] Counts(IpPrefix prefix) => prefix.IsV4 ? countsV4 : countsV6;
}
