using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Tables;

/// <summary>
/// Routes of two layers in the region's tables. The static ones (configuration, instances, kernel) are few and known by name. The learned ones may be a million: their prefixes stand in the
/// tables alone, and the slot that each names says where it leads (<see cref="LearnedGroups"/>). At one prefix a static route stands before a learned one, unless it gives way and the learned
/// one leads into tunnels or discards. What is not in the tables though it was learned (a static route is there, or no room is) is kept aside.
/// </summary>
internal sealed class RouteWriter(RouteTables routes, NextHopWriter nextHops, LearnedGroups groups)
{
    private readonly Dictionary<IpPrefix, LearnedTarget> aside = [];
    private Dictionary<IpPrefix, LearnedGroup>? left;
    private Dictionary<IpPrefix, Fixed>? written;

    /// <summary>Prefixes that have a learned route, in the tables or aside.</summary>
    public int Learned => groups.All.Sum(g => g.Routes) + aside.Count;

    /// <summary>Learned routes for which there was no room.</summary>
    public IEnumerable<(IpPrefix Prefix, LearnedTarget Target)> Waiting =>
        aside.Where(a => written is null || !written.TryGetValue(a.Key, out var hop) || Wins(a.Value, hop)).Select(a => (a.Key, a.Value));

    /// <summary>Where nothing may leave in the clear.</summary>
    public PrefixRanges Shield { get; private set; } = new([]);

    /// <summary>Makes these the static routes. False when there is no room for one.</summary>
    public bool Write(TableContents wanted, NextHopResolver resolver)
    {
        var placed = wanted.Routes.Where(r => nextHops.Has(r.Value)).ToDictionary(r => r.Key, r => new Fixed(r.Value, wanted.Yielding.Contains(r.Key)));
        var room = placed.Count == wanted.Routes.Count;
        if (written is not { } before)
        {
            written = placed;
            return room & Load(resolver);
        }

        written = placed;
        foreach (var prefix in placed.Where(r => !before.TryGetValue(r.Key, out var old) || old != r.Value).OrderByDescending(r => r.Value.Hop.Protected).Select(r => r.Key)) room &= Settle(prefix, resolver);
        foreach (var prefix in before.Keys.Where(p => !placed.ContainsKey(p))) _ = Settle(prefix, resolver);
        return room;
    }

    /// <summary>Static routes of one tunnel changed. False when there is no room for one.</summary>
    public bool Write(IReadOnlyList<(IpPrefix Prefix, NextHop? Hop)> changes, IReadOnlySet<IpPrefix> yielding, NextHopResolver resolver)
    {
        var room = true;
        foreach (var (prefix, hop) in changes.OrderByDescending(r => r.Hop is { Protected: true }))
        {
            if (hop is not { } wanted) written?.Remove(prefix);
            else if (!nextHops.Write([wanted])) room = false;
            else if (written is not null) written[prefix] = new Fixed(wanted, yielding.Contains(prefix));
            room &= Settle(prefix, resolver);
        }

        return room;
    }

    /// <summary>
    /// A learned route is new, leads elsewhere or is gone. False when there is no room for it: it waits aside. What is learned before the first static routes comes into the tables with them.
    /// </summary>
    public bool Learn(in LearnedChange change, NextHopResolver resolver)
    {
        if (change.Target is null && aside.Count > 0) aside.Remove(change.Prefix);
        if (written is null)
        {
            if (change.Target is not null) aside[change.Prefix] = change.Target;
            return true;
        }

        return Put(change.Prefix, change.Target, InForce(change.Prefix), resolver);
    }

    /// <summary>Other ranges are shielded: the routes that this concerns get other groups; those that an earlier slow path left do not lead out of one any more.</summary>
    public void Use(PrefixRanges shield, NextHopResolver resolver)
    {
        if (shield.IsSame(Shield)) return;
        var before = Shield;
        Shield = shield;
        foreach (var (prefix, group) in InTables(g => !g.IsFirm))
        {
            if (before.Covers(prefix) == shield.Covers(prefix)) continue;
            if (!group.IsStale) Put(prefix, group.Target, group, resolver);
            else if (shield.Covers(prefix) && group.Members.Any(resolver.LeadsOutside)) Put(prefix, null, group, resolver);
        }
    }

    /// <summary>Routes that an earlier slow path left and that were not learned again go.</summary>
    public void DropStale(NextHopResolver resolver)
    {
        if (groups.All.All(g => !g.IsStale)) return;
        foreach (var (prefix, group) in InTables(g => g.IsStale)) Put(prefix, null, group, resolver);
    }

    /// <summary>The longest match for an address, as what it is.</summary>
    public bool TryMatch(IpAddress address, int longest, out IpPrefix prefix, out NextHop hop, out LearnedGroup? group)
    {
        (prefix, hop, group) = (default, default, null);
        if (!routes.TryMatch(address, longest, out var length, out var slot)) return false;
        prefix = new IpPrefix(address, length);
        group = groups.At(slot);
        if (group is not null || written is null || !written.TryGetValue(prefix, out var route)) return group is not null;
        hop = route.Hop;
        return true;
    }

    /// <summary>The learned route of exactly this prefix, whether or not it is in force.</summary>
    public LearnedTarget? LearnedAt(IpPrefix prefix) => aside.TryGetValue(prefix, out var target) ? target : InForce(prefix)?.Target;

    /// <summary>A learned route of this process stands at exactly this prefix.</summary>
    public bool IsInForce(IpPrefix prefix) => InForce(prefix) is { IsStale: false };

    /// <summary>All learned routes of this process, in the tables or aside.</summary>
    public IEnumerable<(IpPrefix Prefix, LearnedTarget Target)> AllLearned() => InTables(g => !g.IsStale).Select(r => (r.Prefix, r.Group.Target)).Concat(aside.Select(a => (a.Key, a.Value)));

    /// <summary>Learned routes in force and where they lead, those that an earlier slow path left too; in no order.</summary>
    public IEnumerable<(IpPrefix Prefix, IReadOnlyList<NextHop> Hops)> LearnedInForce()
    {
        foreach (var route in routes.Routes)
            if (groups.At(route.NextHop) is { } group)
                yield return (new IpPrefix(route.Prefix, route.Length), group.Members);
    }

    /// <summary>Prefixes that an earlier slow path led to members of groups.</summary>
    public IEnumerable<IpPrefix> LeftToMembers() => groups.All.Any(g => g.IsStale) ? InTables(g => g is { IsStale: true, Target.Kind: not LearnedKind.Replicate } && g.Members.Any(m => m.IsMember)).Select(r => r.Prefix) : [];

    private static bool Wins(LearnedTarget target, Fixed route) => route.Yields && target.Kind != LearnedKind.Via;

    private List<(IpPrefix Prefix, LearnedGroup Group)> InTables(Func<LearnedGroup, bool> which)
    {
        var found = new List<(IpPrefix, LearnedGroup)>();
        foreach (var route in routes.Routes)
            if (groups.At(route.NextHop) is { } group && which(group))
                found.Add((new IpPrefix(route.Prefix, route.Length), group));
        return found;
    }

    private LearnedGroup? InForce(IpPrefix prefix) => written is null ? Left().GetValueOrDefault(prefix) : routes.TryFind(prefix.Address, prefix.Length, out var slot) ? groups.At(slot) : null;

    /// <summary>Before the first tables: learned routes of an earlier slow path.</summary>
    private Dictionary<IpPrefix, LearnedGroup> Left()
    {
        if (left is not null) return left;
        left = [];
        if (groups.All.Count == 0) return left;
        foreach (var route in routes.Standing())
            if (groups.At(route.NextHop) is { IsStale: true } group)
                left[new IpPrefix(route.Prefix, route.Length)] = group;
        return left;
    }

    /// <summary>The static layer changed at a prefix.</summary>
    private bool Settle(IpPrefix prefix, NextHopResolver resolver)
    {
        var group = InForce(prefix);
        if (aside.TryGetValue(prefix, out var target)) return Put(prefix, target, group, resolver);
        return group is { IsStale: true } ? PutStale(prefix, group) : Put(prefix, group?.Target, group, resolver);
    }

    /// <summary>What an earlier process learned stays until it is learned again, or a static route takes its place: it is not kept aside.</summary>
    private bool PutStale(IpPrefix prefix, LearnedGroup group)
    {
        if (written is null || !written.TryGetValue(prefix, out var route) || Wins(group.Target, route)) return true;
        var room = routes.Set(prefix.Address, prefix.Length, nextHops.SlotOf(route.Hop)) != RouteChange.Full;
        groups.Release(group);
        return room;
    }

    /// <summary>Decides what stands at a prefix, given what is learned there now and the group that stands there.</summary>
    private bool Put(IpPrefix prefix, LearnedTarget? target, LearnedGroup? there, NextHopResolver resolver)
    {
        var route = default(Fixed);
        var isFixed = written is not null && written.TryGetValue(prefix, out route);
        var room = true;
        if (target is not null && (!isFixed || Wins(target, route)))
        {
            var group = groups.Take(target, target.Kind == LearnedKind.Via && Shield.Covers(prefix), resolver);
            if (group is not null && routes.Set(prefix.Address, prefix.Length, group.Slot) != RouteChange.Full)
            {
                if (there is not null) groups.Release(there);
                if (aside.Count > 0) aside.Remove(prefix);
                return true;
            }

            if (group is not null) groups.Release(group);
            room = false;
        }

        // Known before anything is taken away: where it led does not count any more, and what stands here otherwise does.
        if (target is not null) aside[prefix] = target;
        if (isFixed) room &= routes.Set(prefix.Address, prefix.Length, nextHops.SlotOf(route.Hop)) != RouteChange.Full;
        else _ = routes.Remove(prefix.Address, prefix.Length);
        if (there is not null) groups.Release(there);
        return room;
    }

    /// <summary>
    /// The first tables over a region, all at once, so that what is protected is so from the start: learned routes of an earlier slow path stay where no static route takes their place, and what
    /// was learned before stands among them.
    /// </summary>
    private bool Load(NextHopResolver resolver)
    {
        var wanted = new Dictionary<IpPrefix, uint>(written!.Count);
        foreach (var (prefix, route) in written) wanted[prefix] = nextHops.SlotOf(route.Hop);
        left = null;
        foreach (var (prefix, group) in Left())
        {
            group.Routes++;
            if (aside.ContainsKey(prefix) || (written.TryGetValue(prefix, out var other) && !Wins(group.Target, other))) groups.Release(group);
            else wanted[prefix] = group.Slot;
        }

        left = null;
        var room = true;
        var learned = new Dictionary<IpPrefix, LearnedTarget>();
        foreach (var (prefix, target) in aside)
        {
            if (written.TryGetValue(prefix, out var other) && !Wins(target, other)) continue;
            if (groups.Take(target, target.Kind == LearnedKind.Via && Shield.Covers(prefix), resolver) is { } group) (wanted[prefix], learned[prefix]) = (group.Slot, target);
            else room = false;
        }

        foreach (var prefix in learned.Keys) aside.Remove(prefix);
        var refused = routes.Load(wanted.Select(r => new Route(r.Key.Address, (byte)r.Key.Length, r.Value)).ToList());
        foreach (var route in refused)
        {
            if (groups.At(route.NextHop) is not { } group) continue;
            groups.Release(group);
            var prefix = new IpPrefix(route.Prefix, route.Length);
            if (learned.TryGetValue(prefix, out var target)) aside[prefix] = target;
        }

        return room && refused.Count == 0;
    }

    /// <summary>A static route, and whether it gives way to learned tunnels and discards.</summary>
    private readonly record struct Fixed(NextHop Hop, bool Yields);
}
