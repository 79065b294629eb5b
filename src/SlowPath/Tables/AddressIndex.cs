using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Tables;

/// <summary>Addresses in order, asked whether one of them lies in a prefix.</summary>
internal sealed class AddressIndex
{
    private readonly IpAddress[] sorted;

    /// <summary>These addresses.</summary>
    public AddressIndex(IEnumerable<IpAddress> addresses)
    {
        sorted = [.. addresses.Distinct()];
        Array.Sort(sorted);
    }

    /// <summary>Whether a prefix contains one of them.</summary>
    public bool IsConcerned(IpPrefix prefix)
    {
        var at = Array.BinarySearch(sorted, prefix.Address);
        if (at >= 0) return true;
        return ~at < sorted.Length && sorted[~at] <= prefix.Last;
    }
}
