using System.Runtime.CompilerServices;
using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Serving;

namespace Appliance.SlowPath.Bgp;

/// <summary>
/// Best routes of a gateway that takes no part in the encrypted service (no <c>ce:</c> section): each leads to its next hops. Our own lead nowhere new: what they announce is reached as it was before.
/// </summary>
/// <param name="learn">Takes the changes.</param>
/// <param name="complete">Everything that was waited for is there.</param>
internal sealed class PlainRoutes(Action<IReadOnlyList<LearnedChange>> learn, Action complete) : IRouteIntake
{
    private readonly ConditionalWeakTable<IReadOnlyList<RoutedPath>, Target> known = [];

    /// <inheritdoc/>
    public void Learn(IReadOnlyList<RoutedPrefix> batch)
    {
        var changes = new List<LearnedChange>(batch.Count);
        (IReadOnlyList<RoutedPath>? Paths, LearnedTarget? Target) latest = default;
        for (var i = 0; i < batch.Count; i++)
        {
            var (prefix, paths) = batch[i];
            if (!ReferenceEquals(paths, latest.Paths)) latest = (paths, paths is null ? null : known.GetValue(paths, Make).Value);
            changes.Add(new LearnedChange(prefix, latest.Target));
        }

        learn(changes);
    }

    /// <inheritdoc/>
    public void Complete() => complete();

    private static Target Make(IReadOnlyList<RoutedPath> paths)
    {
        IpAddress[] hops = [.. paths.Where(p => !p.IsLocal).Select(p => p.NextHop).Distinct()];
        return new Target(hops.Length == 0 ? null : new LearnedTarget(LearnedKind.Via, hops, []));
    }

    /// <summary>What paths lead to, also when that is nothing.</summary>
    private sealed record Target(LearnedTarget? Value);
}
