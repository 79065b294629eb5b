namespace Appliance.Policy;

/// <summary>
/// Prefixes that were announced with an identity that we accepted, the widest alone: none contains another. Once in, a prefix stays until the operator clears it.
/// </summary>
internal sealed class ProtectedMemory
{
    private readonly CoveringPrefixes covers = new();
    private readonly SortedSet<IpPrefix> sorted = [];

    /// <summary>In address order.</summary>
    public IReadOnlyCollection<IpPrefix> All => sorted;

    public int Count => sorted.Count;

    public bool Has(IpPrefix prefix) => covers.Has(prefix);

    public bool Covers(IpPrefix prefix) => covers.Covers(prefix);

    /// <summary>Remembers a prefix. Those inside it need not be remembered any more: they are returned; null when the prefix itself need not be.</summary>
    public IReadOnlyList<IpPrefix>? Add(IpPrefix prefix)
    {
        if (covers.Covers(prefix)) return null;
        var inside = Inside(prefix);
        foreach (var old in inside) Remove(old);
        sorted.Add(prefix);
        covers.Add(prefix);
        return inside;
    }

    public void Remove(IpPrefix prefix)
    {
        sorted.Remove(prefix);
        covers.Remove(prefix);
    }

    /// <summary>Those inside a prefix, itself included.</summary>
    public IReadOnlyList<IpPrefix> Inside(IpPrefix prefix)
    {
        if (sorted.Count == 0) return [];
        var last = new IpPrefix(prefix.Last, prefix.IsV4 ? 32 : 128);
        return [.. sorted.GetViewBetween(prefix, last).Where(prefix.Contains)];
    }
}
