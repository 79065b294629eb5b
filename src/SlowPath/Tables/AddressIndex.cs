using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Tables;

/// <summary>Addresses in order, asked whether one of them lies in a prefix.</summary>
internal sealed class AddressIndex
{
    private const int Tail = 64;
    private readonly List<IpAddress> added = [];
    private IpAddress[] sorted;

    /// <summary>These addresses.</summary>
    public AddressIndex(IEnumerable<IpAddress> addresses)
    {
        sorted = [.. addresses.Distinct()];
        Array.Sort(sorted);
    }

    /// <summary>One more.</summary>
    public void Add(IpAddress address)
    {
        added.Add(address);
        if (added.Count < Tail) return;
        sorted = [.. sorted.Concat(added).Distinct().Order()];
        added.Clear();
    }

    /// <summary>Whether a prefix contains one of them.</summary>
    public bool IsConcerned(IpPrefix prefix)
    {
        var at = Array.BinarySearch(sorted, prefix.Address);
        if (at >= 0) return true;
        if (~at < sorted.Length && sorted[~at] <= prefix.Last) return true;
        for (var i = 0; i < added.Count; i++)
            if (prefix.Contains(added[i]))
                return true;
        return false;
    }
}
