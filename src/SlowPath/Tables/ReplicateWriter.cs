using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Tables;

/// <summary>
/// Lists of members in the region: who gets copies of multicast. A list is a chain of blocks that is written once; another one takes its place by one store in the head, so that no packet misses a
/// member that stays.
/// </summary>
internal sealed class ReplicateWriter(Region region, SlotTable pool, NextHopWriter nextHops)
{
    private readonly Dictionary<uint, List<uint>> blocks = [];

    /// <summary>Ports whose hosts get what is wanted here, a bit each.</summary>
    public uint Ports { get; private set; }

    /// <summary>Other ports: those of the heads that were wanted here follow.</summary>
    public void Use(uint ports, IEnumerable<LearnedGroup> heads)
    {
        if (ports == Ports) return;
        Ports = ports;
        foreach (var head in heads)
            if (head.Target is { Kind: LearnedKind.Replicate, IsWantedHere: true })
                Volatile.Write(ref region.Replicate(head.Slot).Ports, ports);
    }

    /// <summary>Takes over the list of a head that an earlier slow path left; blocks of no list are for <see cref="Drop"/>.</summary>
    public void Adopt(uint head)
    {
        var chain = new List<uint>();
        for (var at = region.Replicate(head).First; pool.IsLive(at) && chain.Count < region.Counts.NextHops; at = region.ReplicateBlock(at).Next) chain.Add(at);
        blocks[head] = chain;
    }

    /// <summary>Retires blocks of an earlier slow path that are in no list.</summary>
    public void Drop(IEnumerable<uint> found)
    {
        var known = blocks.Values.SelectMany(b => b).ToHashSet();
        foreach (var block in found)
            if (pool.IsLive(block) && !known.Contains(block))
                pool.Retire(block);
    }

    /// <summary>Fills a head that is not published yet.</summary>
    public void Begin(uint head, LearnedTarget target)
    {
        ref var record = ref region.Replicate(head);
        record.Kind = NextHopKind.Replicate;
        record.Protected = 1;
        record.Ports = target.IsWantedHere ? Ports : 0;
        blocks[head] = [];
    }

    /// <summary>Makes these the members, whose next hops are written. False when there is no room: the list stays as it was.</summary>
    public bool Write(uint head, IReadOnlyList<NextHop> members)
    {
        var chain = new List<uint>();
        for (var end = members.Count; end > 0;)
        {
            if (!pool.TryTake(out var slot))
            {
                foreach (var taken in chain) pool.Retire(taken);
                return false;
            }

            // From the back, so that each block knows the next one; the first ones are full.
            var count = (end - 1) % MemberSlots.Size + 1;
            ref var block = ref region.ReplicateBlock(slot);
            for (var i = 0; i < count; i++) block.Members[i] = nextHops.SlotOf(members[end - count + i]);
            block.Count = (uint)count;
            block.Next = chain.Count == 0 ? 0 : chain[^1];
            pool.Publish(slot);
            chain.Add(slot);
            end -= count;
        }

        Volatile.Write(ref region.Replicate(head).First, chain.Count == 0 ? 0 : chain[^1]);
        foreach (var before in blocks[head]) pool.Retire(before);
        blocks[head] = chain;
        return true;
    }

    /// <summary>A head is retired, and its list with it.</summary>
    public void End(uint head)
    {
        if (!blocks.Remove(head, out var chain)) return;
        foreach (var block in chain) pool.Retire(block);
    }
}
