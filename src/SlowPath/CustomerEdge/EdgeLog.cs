using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Serving;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.CustomerEdge;

/// <summary>What the customer edge says in the log: a line for each reason and neighbour now and then, not for each prefix.</summary>
internal sealed class EdgeLog(ILogger log)
{
    private const int Lines = 10;
    private const long LogMilliseconds = 10_000;
    private readonly RateLimit<(ProtectionReason, string)> limit = new(LogMilliseconds);

    /// <summary>Gateways that are new, and prefixes that are discarded now.</summary>
    public void Changed(SecurityGatewayChanges changes, IReadOnlyList<IpAddress> fresh)
    {
        if (fresh.Count > 0) log.LogInformation("security gateways in use: {Gateways}, each with a tunnel of its own", Some(fresh));
        if (changes.GoneGateways.Count > 0) log.LogInformation("no prefix leads to security gateways {Gateways} any more: their SAs end in a while", Some(changes.GoneGateways));
        var now = Environment.TickCount64;
        var lines = 0;
        foreach (var group in changes.Discarded.GroupBy(d => (d.Reason, d.Explanation, Neighbor: d.Neighbors.Count > 0 ? d.Neighbors[0] : "")))
        {
            if (!limit.TryPass((group.Key.Reason, group.Key.Neighbor), now, out var more)) continue;
            if (lines++ == Lines) break;
            var prefixes = Some([.. group.Select(d => d.Prefix)]);
            if (group.Key.Reason == ProtectionReason.Withdrawn) log.LogInformation("{Prefixes}: {Why} ({More} more such lines)", prefixes, group.Key.Explanation, more);
            else log.LogWarning("{Prefixes}: {Why} ({More} more such lines; 'appliance protected list' has all)", prefixes, group.Key.Explanation, more);
        }
    }

    /// <summary>Tunnels are gone.</summary>
    public void Gone(IReadOnlyList<IpAddress> gateways) => log.LogInformation("tunnels to security gateways {Gateways} are gone", Some(gateways));

    /// <summary>The operator forgot something.</summary>
    public void Cleared(string what) => log.LogWarning("the operator cleared {What}: what was protected there is plain where a route says so", what);

    private static string Some<T>(IReadOnlyList<T> items) => string.Join(", ", items.Take(3)) + (items.Count > 3 ? $" and {items.Count - 3} more" : "");
}
