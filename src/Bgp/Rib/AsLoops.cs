namespace Appliance.Bgp;

/// <summary>ASes that stand in a path already.</summary>
internal static class AsLoops
{
    /// <summary>How often an AS stands in a path.</summary>
    public static int Occurrences(IReadOnlyList<AsSegment> path, uint number)
    {
        var count = 0;
        for (var i = 0; i < path.Count; i++) count += path[i].Ases.AsSpan().Count(number);
        return count;
    }

    /// <summary>The path with one AS in place of another.</summary>
    public static IReadOnlyList<AsSegment> Replace(IReadOnlyList<AsSegment> path, uint number, uint by) =>
        [.. path.Select(segment => new AsSegment(segment.Type, [.. segment.Ases.Select(a => a == number ? by : a)]))];
}
