using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Tables;

/// <summary>
/// The routes in force as next hops are resolved through them. A tunnel that a Security Gateway Identity made carries what the PAD lets its gateway claim, and nothing else: no other route comes
/// into it by a next hop that lies there.
/// </summary>
internal sealed class LearnedView(RouteWriter routes, TablePlan plan, TunnelWriter tunnels) : IRouteView
{
    /// <inheritdoc/>
    public bool TryMatch(IpAddress address, int longest, out HopMatch match)
    {
        match = default;
        if (!routes.TryMatch(address, longest, out var prefix, out var hop, out var group)) return false;
        match = group is null ? new HopMatch(prefix.Length, null, false, [plan.ForForwarding(hop)], plan.MetricOf(prefix))
            : group.IsStale || group.IsFirm ? new HopMatch(prefix.Length, null, false, [.. group.Members.Where(m => !IsMade(m))], 0)
            : new HopMatch(prefix.Length, group.Target, group.IsShielded, [], 0);
        return true;
    }

    /// <inheritdoc/>
    public bool IsByOtherDevice(IpAddress address) => plan.IsByOtherDevice(address);

    /// <inheritdoc/>
    public bool IsProtected(byte port) => plan.IsProtected(port);

    /// <inheritdoc/>
    public bool HasTunnel(string name) => tunnels.Slots.ContainsKey(name);

    /// <inheritdoc/>
    public bool HasWay(IpAddress member) => plan.WayTo(member) is not null;

    private static bool IsMade(in NextHop hop) => hop.Tunnel is { } tunnel && SecurityGateways.TryGateway(tunnel, out _);
}

/// <summary>Before the first tables nothing is reached.</summary>
internal sealed class NoRoutes : IRouteView
{
    /// <inheritdoc/>
    public bool TryMatch(IpAddress address, int longest, out HopMatch match)
    {
        match = default;
        return false;
    }

    /// <inheritdoc/>
    public bool IsByOtherDevice(IpAddress address) => false;

    /// <inheritdoc/>
    public bool IsProtected(byte port) => false;

    /// <inheritdoc/>
    public bool HasTunnel(string name) => false;

    /// <inheritdoc/>
    public bool HasWay(IpAddress member) => false;
}
