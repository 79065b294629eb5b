using System.Net;

namespace Appliance.SlowPath.Serving;

/// <summary>How a next hop is reached (RFC 4271 §9.1.2.1).</summary>
/// <param name="IsReachable">A route leads there that is no discard, and the way ends at a neighbour, a connected network or a tunnel.</param>
/// <param name="Metric">Of the kernel's route that the way ends with, 0 for what is connected or behind a tunnel; 0 when it is not reachable.</param>
public readonly record struct HopState(bool IsReachable, uint Metric);

/// <summary>A next hop whose state is another than was said before.</summary>
public readonly record struct HopChange(IPAddress Hop, HopState State);

/// <summary>
/// Says which next hops are reachable: through the static routes (configuration, tunnels, kernel) and the learned ones, recursively, never through itself. On the loop.
/// </summary>
public interface INextHops
{
    /// <summary>States that changed after the kernel, tunnels or learned routes did: many at once, never one that is not watched.</summary>
    event Action<IReadOnlyList<HopChange>>? Changed;

    /// <summary>Begins to watch an address and says how it is now. Watched several times it is still one watch.</summary>
    HopState Watch(IPAddress hop);

    /// <summary>Ends watching it; nothing when it is not watched.</summary>
    void Unwatch(IPAddress hop);
}
