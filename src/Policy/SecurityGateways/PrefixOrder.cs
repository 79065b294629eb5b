using System.Runtime.InteropServices;

namespace Appliance.Policy;

/// <summary>
/// Prefixes in address order, for the seldom question which of them lie inside another: two sorted runs and what came since. Adding costs an append; who asks pays for the sorting. What was
/// removed stays in the runs until they are merged: the caller looks whether it is still there.
/// </summary>
/// <param name="isThere">Asked when runs are merged.</param>
internal sealed class PrefixOrder(Func<IpPrefix, bool> isThere)
{
    private const int SmallRun = 4096;
    private readonly List<IpPrefix> fresh = [];
    private List<IpPrefix> large = [], small = [];

    /// <summary>A prefix is there now; more than once does no harm.</summary>
    public void Add(IpPrefix prefix)
    {
        fresh.Add(prefix);
        if (fresh.Count > Math.Max(SmallRun, (large.Count + small.Count) / 2)) Sort();
    }

    /// <summary>Adds those inside a prefix, itself included, to <paramref name="found"/>; one can come twice, and one that is gone can come too.</summary>
    public void Inside(IpPrefix prefix, List<IpPrefix> found)
    {
        Sort();
        Inside(large, prefix, found);
        Inside(small, prefix, found);
    }

    private static void Inside(List<IpPrefix> run, IpPrefix prefix, List<IpPrefix> found)
    {
        var at = run.BinarySearch(prefix);
        for (var i = at < 0 ? ~at : at; i < run.Count && run[i].Address <= prefix.Last; i++)
            if (prefix.Contains(run[i]))
                found.Add(run[i]);
    }

    private void Sort()
    {
        if (fresh.Count == 0) return;
        CollectionsMarshal.AsSpan(fresh).Sort();
        small = Merge(small, fresh);
        fresh.Clear();
        if (small.Count <= Math.Max(SmallRun, large.Count / 4)) return;
        large = Merge(large, small);
        small = [];
        if (fresh.Capacity > SmallRun) fresh.Capacity = SmallRun;
    }

    private List<IpPrefix> Merge(List<IpPrefix> a, List<IpPrefix> b)
    {
        var merged = new List<IpPrefix>(a.Count + b.Count);
        for (int i = 0, j = 0; i < a.Count || j < b.Count;)
        {
            var next = j == b.Count || (i < a.Count && a[i] <= b[j]) ? a[i++] : b[j++];
            if ((merged.Count == 0 || merged[^1] != next) && isThere(next)) merged.Add(next);
        }

        return merged;
    }
}
