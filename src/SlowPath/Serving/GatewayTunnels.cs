using Appliance.Ike;
using Appliance.Policy;
using Appliance.SlowPath.Groups;
using Appliance.SlowPath.Sas;

namespace Appliance.SlowPath.Serving;

/// <summary>Tunnels whose ends, instances and routes come from children of IKE: one changes without looking at the others.</summary>
internal sealed partial class Gateway
{
    private const int RememberedMilliseconds = 200;
    private readonly HashSet<string> changedTunnels = new(StringComparer.Ordinal);
    private IEnumerable<IpPrefix> remembered = [];

    /// <summary>What an earlier process led to members of groups, until all is learned again: the machine's own packets find no gap. Null before the first tables.</summary>
    private IReadOnlyList<IpPrefix>? left;
    private bool isRememberedDue;
    private long rememberedFrom;

    /// <inheritdoc/>
    bool IChildHost.Apply(string tunnel, EspShape? shape) => Apply(tunnel, shape);

    /// <inheritdoc/>
    void IChildHost.ApplySoon(string tunnel) => changedTunnels.Add(tunnel);

    /// <inheritdoc/>
    uint? IChildHost.SlotOf(string tunnel) => tables.TunnelSlots.TryGetValue(tunnel, out var slot) ? slot : null;

    /// <inheritdoc/>
    void IChildHost.Raise(IkeEvent e) => Ike?.Raise(e);

    /// <summary>Tunnels that routes need now, or that are others than before: they are there when this returns, before the routes that lead into them.</summary>
    public void Make(IEnumerable<TunnelConfiguration> wanted)
    {
        foreach (var tunnel in wanted)
        {
            var before = tunnels.Configured(tunnel.Name);
            tunnels.Make(tunnel);
            if (before is not null && Shape(before) != Shape(tunnel))
                foreach (var sa in SasOf(tunnel.Name).ToList()) tables.Sas.Retire(sa);
            Apply(tunnel.Name, null);
        }
    }

    /// <summary>Tunnels that no route leads into any more; their SAs go with them.</summary>
    public void Unmake(IEnumerable<string> names)
    {
        foreach (var name in names)
        {
            tunnels.Unmake(name);
            Apply(name, null);
        }
    }

    /// <summary>Prefixes that the machine's own packets must not leave for in the clear, as they are now: the kernel is told soon.</summary>
    public void Remember(IEnumerable<IpPrefix> prefixes)
    {
        remembered = prefixes;
        isRememberedDue = true;
    }

    private void SettleRemembered()
    {
        if (!isRememberedDue || plan is null || Environment.TickCount64 < rememberedFrom) return;
        rememberedFrom = Environment.TickCount64 + RememberedMilliseconds;
        WriteKernel(plan, tunnels.All);
    }

    private void WriteKernel(TablePlan wanted, IReadOnlyCollection<TunnelConfiguration> effective)
    {
        isRememberedDue = false;
        if (left is null)
        {
            var told = mirror.LearnedRoutes.Select(r => r.Prefix).ToHashSet();
            left = [.. tables.LeftToMembers().Where(p => !told.Contains(p)).Take(GroupRoutes.MaximumInKernel)];
        }

        kernel.Write(WithInnerAddresses, mirror, effective, wanted, left.Count == 0 ? remembered : remembered.Concat(left).Distinct());
    }

    private void SettleTunnels()
    {
        if (changedTunnels.Count == 0) return;
        var names = changedTunnels.ToList();
        changedTunnels.Clear();
        foreach (var name in names) Apply(name, null);
    }

    private bool Apply(string name, EspShape? shape)
    {
        // Before the first tables there is no plan, and what comes first will include this.
        if (plan is null) Recompute();
        var before = Contents.Tunnels.GetValueOrDefault(name);
        var now = tunnels.Find(name);
        if (now is null && tunnels.Configured(name) is { } configured && configured.Name == name) return true;
        var change = now is null ? plan!.Remove(name) : plan!.Set(now, FactsOf(name, shape));
        if (change.After == before && change.Routes.Count == 0) return true;
        var room = tables.Apply(change);
        if (change.After is { Path: { } path } && path != before?.Path) AskForPath(path);

        // What the kernel is told of an instance is mostly its template's; where it is not, or the only prefix of a transport-mode tunnel moved, everything is looked at.
        if (!room || IsKernelConcerned(name, now, change)) dirty = true;
        return room;
    }

    private bool IsKernelConcerned(string name, TunnelConfiguration? now, TunnelChange change)
    {
        if (tunnels.Configured(name) is not { } source) return !SecurityGateways.TryGateway(name, out var gateway) || kernel.IsInTheWay(gateway);
        if (change.After?.Remote is { } remote && kernel.IsInTheWay(remote)) return true;
        if (!source.IsTemplate) return source.Kind == Shared.TunnelKind.Transport && change.After?.Remote != source.Remote;
        return now is null ? source.Kind == Shared.TunnelKind.Transport || change.Routes.Any(r => !source.Routes.Any(p => p.Contains(r.Prefix))) : !KernelRoutes.AreCovered(now, source);
    }

    private TunnelFacts FactsOf(string name, EspShape? shape)
    {
        var known = shape;
        if (tables.TunnelSlots.TryGetValue(name, out var slot))
            foreach (var sa in tables.Sas.OfTunnel(slot))
                if (sa.IsOutbound)
                    known = known is { } other ? Larger(other, Shape(sa)) : Shape(sa);
        return new TunnelFacts(known ?? EspShape.AesGcm, pathMtus.Of(name));
    }
}
