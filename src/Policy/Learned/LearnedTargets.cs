namespace Appliance.Policy;

/// <summary>Targets that lead the same way are equal, whoever made them: they share one group of next hops.</summary>
public sealed class LearnedTargets : IEqualityComparer<LearnedTarget>
{
    /// <summary>There is only one.</summary>
    public static LearnedTargets Comparer { get; } = new();

    /// <inheritdoc/>
    public bool Equals(LearnedTarget? x, LearnedTarget? y) =>
        ReferenceEquals(x, y) || (x is not null && y is not null && x.Kind == y.Kind && x.IsWantedHere == y.IsWantedHere && x.NextHops.SequenceEqual(y.NextHops) && x.Tunnels.SequenceEqual(y.Tunnels, StringComparer.Ordinal));

    /// <inheritdoc/>
    public int GetHashCode(LearnedTarget obj)
    {
        ArgumentNullException.ThrowIfNull(obj);
        var hash = new HashCode();
        hash.Add(obj.Kind);
        for (var i = 0; i < obj.NextHops.Count; i++) hash.Add(obj.NextHops[i]);
        for (var i = 0; i < obj.Tunnels.Count; i++) hash.Add(obj.Tunnels[i], StringComparer.Ordinal);
        return hash.ToHashCode();
    }
}
