using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Tables;

/// <summary>
/// Groups of next hops in the region, one for each different target, counted by the routes that name them. Members are next hops of <see cref="NextHopWriter"/>, which keeps them as long as a
/// group holds them.
/// </summary>
internal sealed class LearnedGroups(Region region, SlotTable pool, NextHopWriter nextHops)
{
    private readonly Dictionary<LearnedTarget, LearnedGroup> open = new(LearnedTargets.Comparer);
    private readonly Dictionary<LearnedTarget, LearnedGroup> shielded = new(LearnedTargets.Comparer);
    private readonly Dictionary<uint, LearnedGroup> bySlot = [];

    /// <summary>Those whose way other routes can change: to members of groups with a multi-point SA, of which there may be ten thousand, they cannot.</summary>
    private readonly HashSet<LearnedGroup> routed = [];
    private readonly List<LearnedGroup> unused = [];
    private readonly ReplicateWriter replicas = new(region, pool, nextHops);
    private LearnedGroup? last;

    /// <summary>All groups.</summary>
    public IReadOnlyCollection<LearnedGroup> All => bySlot.Values;

    /// <summary>Next hops that a group holds: they must stay.</summary>
    public IEnumerable<NextHop> Held => bySlot.Values.SelectMany(g => g.Members).Distinct();

    /// <summary>Rises when there is a new target or one less, of those whose way other routes can change.</summary>
    public int Version { get; private set; }

    /// <summary>Those whose way other routes can change.</summary>
    public IReadOnlyCollection<LearnedGroup> Routed => routed;

    /// <summary>How many ended since this was set to 0 last.</summary>
    public int Ended { get; set; }

    /// <summary>Takes over what an earlier slow path left. Members are read before next hops that are there twice become one.</summary>
    public void Adopt(IReadOnlyList<(uint Slot, IReadOnlyList<NextHop> Members)> found)
    {
        foreach (var (slot, members) in found)
        {
            var isReplicate = region.NextHop(slot).Kind == NextHopKind.Replicate;
            var kind = isReplicate ? LearnedKind.Replicate : region.NextHopGroup(slot).IsFirm != 0 ? LearnedKind.Tunnel : LearnedKind.Via;
            var group = new LearnedGroup(new LearnedTarget(kind, [], []) { IsWantedHere = isReplicate && region.Replicate(slot).Ports != 0 }, false, slot) { IsStale = true };
            bySlot[slot] = group;
            if (isReplicate) replicas.Adopt(slot);

            // A tunnel that is no more has no name: what led there leads nowhere.
            Write(group, isReplicate ? [.. members.Where(m => m.Tunnel is not null)] : [.. members.Select(m => m is { Kind: NextHopKind.Tunnel, Tunnel: null } ? NextHop.Discard(isProtected: true) : m)]);
        }
    }

    /// <summary>Retires blocks of members that an earlier slow path left in no list.</summary>
    public void DropBlocks(IEnumerable<uint> found) => replicas.Drop(found);

    /// <summary>Ports whose hosts get multicast that is wanted here, a bit each.</summary>
    public void UsePorts(uint ports) => replicas.Use(ports, bySlot.Values);

    /// <summary>The group in a slot, or null when the slot is another next hop's.</summary>
    public LearnedGroup? At(uint slot) => last is { } same && same.Slot == slot ? same : bySlot.GetValueOrDefault(slot);

    /// <summary>The group of a target, for one more route; null when the region has no room for it.</summary>
    public LearnedGroup? Take(LearnedTarget target, bool isShielded, NextHopResolver resolver)
    {
        isShielded &= target.Kind == LearnedKind.Via;
        if (last is not { } group || group.IsStale || group.IsShielded != isShielded || !ReferenceEquals(group.Target, target))
        {
            if (!(isShielded ? shielded : open).TryGetValue(target, out group))
            {
                if (!pool.TryTake(out var slot)) return null;
                group = new LearnedGroup(target, isShielded, slot);
                Create(group, resolver.Members(target, isShielded));
            }

            last = group;
        }

        group.Routes++;
        return group;
    }

    /// <summary>One route less; a group without routes goes at the next <see cref="Sweep"/>.</summary>
    public void Release(LearnedGroup group)
    {
        if (--group.Routes == 0) unused.Add(group);
    }

    /// <summary>
    /// Points groups to where their targets lead now: all of them after a change of the underlay, else those whose way other routes can change. <paramref name="room"/> is false when a next hop
    /// found no room.
    /// </summary>
    public void Refresh(NextHopResolver resolver, bool all, out bool room)
    {
        room = true;
        foreach (var group in all ? (IReadOnlyCollection<LearnedGroup>)bySlot.Values : routed)
        {
            if (group.IsStale) continue;
            var members = resolver.Members(group.Target, group.IsShielded);
            if (!members.SequenceEqual(group.Members)) room &= Write(group, members);
        }
    }

    /// <summary>Retires what no route names any more.</summary>
    public void Sweep()
    {
        foreach (var group in unused)
        {
            if (group.Routes > 0 || !bySlot.Remove(group.Slot)) continue;
            if (!group.IsStale) (group.IsShielded ? shielded : open).Remove(group.Target);
            if (last == group) last = null;
            pool.Retire(group.Slot);
            replicas.End(group.Slot);
            Ended++;
            if (routed.Remove(group)) Version++;
        }

        unused.Clear();
        pool.Reclaim();
    }

    private void Create(LearnedGroup group, IReadOnlyList<NextHop> members)
    {
        if (group.Target.Kind == LearnedKind.Replicate)
        {
            replicas.Begin(group.Slot, group.Target);
        }
        else
        {
            ref var record = ref region.NextHopGroup(group.Slot);
            record.Kind = NextHopKind.Group;
            record.IsFirm = group.IsFirm ? (byte)1 : (byte)0;
        }

        _ = Write(group, members);
        pool.Publish(group.Slot);
        bySlot[group.Slot] = group;
        (group.IsShielded ? shielded : open)[group.Target] = group;
        if (!group.IsOfMembers && routed.Add(group)) Version++;
    }

    /// <summary>Whatever a worker reads of count and members meanwhile, it is a next hop of before or after; and it is said to be protected before it is, and open only behind that.</summary>
    private bool Write(LearnedGroup group, IReadOnlyList<NextHop> members)
    {
        var room = nextHops.Write(members);
        var placed = room ? members : [.. members.Where(m => nextHops.Has(m))];
        if (group.Target.Kind == LearnedKind.Replicate)
        {
            if (!replicas.Write(group.Slot, placed)) return false;
            group.Members = placed;
            return room;
        }

        ref var record = ref region.NextHopGroup(group.Slot);
        var isProtected = group.IsShielded || group.IsFirm || placed.Any(m => m.Protected);
        if (isProtected) Volatile.Write(ref record.Protected, 1);
        for (var i = 0; i < placed.Count; i++) Volatile.Write(ref record.Members[i], nextHops.SlotOf(placed[i]));
        Volatile.Write(ref record.Count, (uint)placed.Count);
        if (!isProtected) Volatile.Write(ref record.Protected, 0);
        group.Members = placed;
        return room;
    }
}
