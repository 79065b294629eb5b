using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Tables;

/// <summary>Next-hop records, one for each different <see cref="NextHop"/>. Slot 0 means "no route" in the route tables. Only <see cref="NextHopRecord.Adjacency"/> changes in place.</summary>
internal sealed class NextHopWriter
{
    private readonly Region region;
    private readonly SlotTable pool;
    private readonly Func<string, uint> tunnelSlot;
    private readonly Func<NextHop, uint?> adjacencyOf;
    private readonly Dictionary<NextHop, uint> slots = [];

    /// <param name="region">Where they stand.</param>
    /// <param name="pool">Their slots.</param>
    /// <param name="tunnelSlot">Slot of a tunnel.</param>
    /// <param name="adjacencyOf">Slot of the adjacency that packets leave by, <see cref="AdjacencyWriter.None"/> for none; null while that is not known: the one that is there stays.</param>
    public NextHopWriter(Region region, SlotTable pool, Func<string, uint> tunnelSlot, Func<NextHop, uint?> adjacencyOf)
    {
        this.region = region;
        this.pool = pool;
        this.tunnelSlot = tunnelSlot;
        this.adjacencyOf = adjacencyOf;
    }

    /// <summary>Takes over what an earlier slow path left; tunnels and adjacencies are known already. Returns the groups with what their members are.</summary>
    public IReadOnlyList<(uint Slot, IReadOnlyList<NextHop> Members)> Adopt(Func<uint, string?> tunnelOf)
    {
        var live = pool.Live.ToList();
        var groups = live.Where(s => region.NextHop(s).Kind == NextHopKind.Group).Select(s => (s, (IReadOnlyList<NextHop>)Members(s, tunnelOf)))
            .Concat(live.Where(s => region.NextHop(s).Kind == NextHopKind.Replicate).Select(s => (s, (IReadOnlyList<NextHop>)Replicas(s, tunnelOf)))).ToList();
        Blocks = live.Where(s => region.NextHop(s).Kind == NextHopKind.None).ToList();
        foreach (var slot in live)
            if (region.NextHop(slot).Kind is not (NextHopKind.Group or NextHopKind.Replicate or NextHopKind.None) && !slots.TryAdd(Read(region.NextHop(slot), tunnelOf), slot))
                pool.Retire(slot);
        return groups;
    }

    /// <summary>Blocks of members that <see cref="Adopt"/> found, in a list or not.</summary>
    public IReadOnlyList<uint> Blocks { get; private set; } = [];

    /// <summary>Slot of a next hop that was written.</summary>
    public uint SlotOf(in NextHop hop) => slots[hop];

    /// <summary>Writes the next hops that are new, points the others to their adjacency as it is now. False when there is no room for one.</summary>
    public bool Write(IEnumerable<NextHop> wanted)
    {
        var room = true;
        foreach (var hop in wanted)
        {
            var adjacency = adjacencyOf(hop);
            if (slots.TryGetValue(hop, out var slot))
            {
                ref var there = ref region.NextHop(slot);
                if (adjacency is { } slotNow && there.Adjacency != slotNow) Volatile.Write(ref there.Adjacency, slotNow);
                var tunnel = hop.Tunnel is null ? 0 : tunnelSlot(hop.Tunnel);
                if (there.Tunnel != tunnel) Volatile.Write(ref there.Tunnel, tunnel);
            }
            else if (pool.TryTake(out var fresh))
            {
                region.NextHop(fresh) = new NextHopRecord
                {
                    State = SlotState.Writing, Kind = hop.Kind, Protected = hop.Protected ? (byte)1 : (byte)0, Port = hop.Port,
                    Tunnel = hop.Tunnel is null ? 0 : tunnelSlot(hop.Tunnel), Adjacency = adjacency ?? AdjacencyWriter.None,
                    Address = hop.Kind == NextHopKind.Adjacent ? hop.Adjacency.Neighbour : hop.Address,
                };
                pool.Publish(fresh);
                slots[hop] = fresh;
            }
            else
            {
                room = false;
            }
        }

        return room;
    }

    /// <summary>How many there are.</summary>
    public int Count => slots.Count;

    /// <summary>Whether a next hop has a record.</summary>
    public bool Has(in NextHop hop) => slots.ContainsKey(hop);

    /// <summary>Retires the next hop of a tunnel that no route names any more.</summary>
    public void Remove(in NextHop hop)
    {
        if (slots.Remove(hop, out var slot)) pool.Retire(slot);
        pool.Reclaim();
    }

    /// <summary>Retires what no route names any more.</summary>
    public void Sweep(IReadOnlySet<NextHop> wanted)
    {
        foreach (var (hop, slot) in slots.Where(s => !wanted.Contains(s.Key)).ToList())
        {
            slots.Remove(hop);
            pool.Retire(slot);
        }

        pool.Reclaim();
    }

    private List<NextHop> Members(uint slot, Func<uint, string?> tunnelOf)
    {
        ref var group = ref region.NextHopGroup(slot);
        var members = new List<NextHop>();
        for (var i = 0; i < Math.Min(group.Count, MemberSlots.Size); i++)
        {
            var member = group.Members[i];
            if (member >= (uint)region.Counts.NextHops || region.NextHop(member) is not { State: SlotState.Live, Kind: not NextHopKind.Group } record) continue;
            var hop = Read(record, tunnelOf);
            if (!members.Contains(hop)) members.Add(hop);
        }

        return members;
    }

    private List<NextHop> Replicas(uint slot, Func<uint, string?> tunnelOf)
    {
        var members = new List<NextHop>();
        var (at, steps) = (region.Replicate(slot).First, 0);
        while (at - 1 < (uint)region.Counts.NextHops - 1 && ++steps < region.Counts.NextHops)
        {
            ref var block = ref region.ReplicateBlock(at);
            for (var i = 0; i < Math.Min(block.Count, MemberSlots.Size); i++)
                if (block.Members[i] < (uint)region.Counts.NextHops && region.NextHop(block.Members[i]) is { State: SlotState.Live, Kind: NextHopKind.Tunnel } record)
                    members.Add(Read(record, tunnelOf));
            at = block.Next;
        }

        return members;
    }

    private static NextHop Read(in NextHopRecord record, Func<uint, string?> tunnelOf)
    {
        var adjacent = record.Kind == NextHopKind.Adjacent;
        return new NextHop(record.Kind, record.Protected != 0, record.Port, record.Kind == NextHopKind.Tunnel ? tunnelOf(record.Tunnel) : null,
            adjacent ? new AdjacencyKey(record.Port, record.Address) : default, adjacent ? default : record.Address);
    }
}
