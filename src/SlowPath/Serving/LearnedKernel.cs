using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Netlink;
using Appliance.SlowPath.Tables;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Serving;

/// <summary>
/// Tells the kernel of learned routes that the machine itself needs: those inside the prefixes that the configuration lists, and the way to the other ends of tunnels where a learned route has
/// it (IKE's datagrams go by the kernel, and so does the path of ESP). Few in all, a bounded number at a time; told apart by a protocol number of their own, so that a successor finds and a
/// last one removes them.
/// </summary>
internal sealed class LearnedKernel(IKernel netlink, TableWriter tables, ILogger log)
{
    private const int Maximum = 4096, AtATime = 128;
    private readonly Dictionary<IpPrefix, LearnedTarget> listed = [];
    private readonly HashSet<KernelRoute> issued = [];
    private readonly HashSet<KernelRoute> failed = [];
    private PrefixRanges ranges = new([]);
    private bool isDue = true, hasSaidFull;
    private long dueFrom;

    /// <summary>Between two looks at what shall be, in milliseconds.</summary>
    public long RestMilliseconds { get; set; } = 200;

    /// <summary>What an earlier process told the kernel and is not wanted goes from now on.</summary>
    public bool IsComplete { get; set; }

    /// <summary>Something may have to be told.</summary>
    public void Due() => isDue = true;

    /// <summary>The mirror was read anew: what was written and is not in it is not there.</summary>
    public void Forget()
    {
        issued.Clear();
        failed.Clear();
        isDue = true;
    }

    /// <summary>Learned routes inside these prefixes are told; the routes that are there already are looked through once.</summary>
    public void Use(IReadOnlyList<IpPrefix> prefixes)
    {
        var next = new PrefixRanges(prefixes);
        if (next.IsSame(ranges)) return;
        ranges = next;
        listed.Clear();
        foreach (var (prefix, target) in tables.AllLearned()) See(new LearnedChange(prefix, target));
        isDue = true;
    }

    /// <summary>Learned routes changed.</summary>
    public void See(IReadOnlyList<LearnedChange> changes)
    {
        if (ranges.IsEmpty) return;
        for (var i = 0; i < changes.Count; i++) See(changes[i]);
    }

    /// <summary>Brings the kernel nearer to what it shall hold. What it says to that is a change like any: tunnels' paths may depend on it.</summary>
    public void Settle(KernelMirror mirror, TablePlan plan, VpnConfiguration? vpn)
    {
        if (!isDue || Environment.TickCount64 < dueFrom) return;
        dueFrom = Environment.TickCount64 + RestMilliseconds;
        isDue = false;
        var wanted = Wanted(mirror, plan, vpn);
        var there = mirror.LearnedRoutes.ToHashSet();
        issued.ExceptWith(there);
        failed.IntersectWith(wanted);
        var gone = IsComplete ? there.Concat(issued).Where(r => !wanted.Contains(r)).Take(AtATime).ToList() : [];
        foreach (var route in gone) Remove(route);

        // Blackholes first: between two routes of ours nothing is open.
        var missing = wanted.Where(r => !there.Contains(r) && !issued.Contains(r) && !failed.Contains(r)).OrderByDescending(r => r.Kind).Take(AtATime).ToList();
        foreach (var route in missing) Add(route);
        isDue |= gone.Count == AtATime || missing.Count == AtATime;
    }

    /// <summary>The slow path ends for good: nothing learned stays in the kernel.</summary>
    public void RemoveAll(KernelMirror mirror)
    {
        foreach (var route in mirror.LearnedRoutes.Concat(issued).ToHashSet()) Remove(route);
        issued.Clear();
    }

    private void See(in LearnedChange change)
    {
        // What the machine itself sends to a multicast address is the kernel's own affair.
        if (change.Target is null or { Kind: LearnedKind.Replicate })
        {
            isDue |= listed.Remove(change.Prefix);
        }
        else if (ranges.Covers(change.Prefix))
        {
            if (listed.Count >= Maximum && !listed.ContainsKey(change.Prefix))
            {
                if (!hasSaidFull) log.LogError("more than {Maximum} learned routes lie in the prefixes that 'bgp: kernel:' lists: the kernel is not told of the rest; list less", Maximum);
                hasSaidFull = true;
                return;
            }

            listed[change.Prefix] = change.Target;
            isDue = true;
        }
    }

    private HashSet<KernelRoute> Wanted(KernelMirror mirror, TablePlan plan, VpnConfiguration? vpn)
    {
        var routes = new HashSet<KernelRoute>();
        if (tables.LearnedRoutes == 0) return routes;
        var door = vpn is null ? null : mirror.Link(vpn.Device);
        var rules = new LearnedKernelRoutes(p => plan.Contents.Ports.FirstOrDefault(port => port.Index == p)?.InterfaceIndex ?? 0, door is { IsUp: true } ? door.Index : 0,
            vpn is null ? [] : [.. vpn.Addresses.Select(a => a.Address)]);
        var resolver = tables.Resolver();
        foreach (var (prefix, target) in listed)
            if (tables.IsInForce(prefix))
                routes.UnionWith(rules.Of(prefix, resolver.Members(target, plan.Shield.Covers(prefix)), ByOtherDevice(plan, target)));
        foreach (var remote in plan.Contents.Tunnels.Values.Select(t => t.Remote).Where(r => !r.IsAny).Distinct())
            if (tables.LearnedMatch(remote) is { Kind: LearnedKind.Via } target)
                routes.UnionWith(rules.Of(IpPrefix.Host(remote), Plain(resolver.Members(target, plan.Shield.Covers(IpPrefix.Host(remote)))), ByOtherDevice(plan, target)));
        return routes;
    }

    /// <summary>The way to a tunnel's other end is no tunnel, and no blackhole either: without one there is none.</summary>
    private static List<NextHop> Plain(IReadOnlyList<NextHop> members) => [.. members.Where(m => m is not ({ Kind: NextHopKind.Tunnel } or { Protected: true }))];

    private static (uint, IpAddress)? ByOtherDevice(TablePlan plan, LearnedTarget target) => target.NextHops.Count == 0 ? null : plan.Leave(target.NextHops[0]);

    private void Add(in KernelRoute route)
    {
        if (netlink.Route(true, route) is not { } problem)
        {
            issued.Add(route);
            return;
        }

        failed.Add(route);
        log.LogError("the kernel refused learned route {Prefix}: {Problem}", route.Prefix, problem);
    }

    private void Remove(in KernelRoute route)
    {
        issued.Remove(route);
        if (netlink.Route(false, route) is { } problem) log.LogError("the kernel refused removing learned route {Prefix}: {Problem}", route.Prefix, problem);
    }
}
