using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Tables;

/// <summary>
/// Adjacency records. Slot 0 is never live: an SA or next hop that names it has no way out. A record whose rewrite changes gets a new slot, since two words cannot be
/// stored at once; whoever named the old slot is pointed to the new one before the old one is retired.
/// </summary>
internal sealed class AdjacencyWriter
{
    /// <summary>No adjacency.</summary>
    public const uint None = 0;
    private readonly Region region;
    private readonly SlotTable pool;
    private readonly Dictionary<AdjacencyKey, uint> slots = [];

    public AdjacencyWriter(Region region, Quiescence quiescence)
    {
        this.region = region;
        pool = SlotTable.ForAdjacencies(region, quiescence);
    }

    /// <summary>Takes over what an earlier slow path left.</summary>
    public void Adopt()
    {
        foreach (var slot in pool.Live)
        {
            ref var record = ref region.Adjacency(slot);
            if (!slots.TryAdd(new AdjacencyKey(record.Port, record.Neighbour), slot)) pool.Retire(slot);
        }
    }

    /// <summary>Slot of an adjacency, or <see cref="None"/>.</summary>
    public uint SlotOf(AdjacencyKey? key) => key is { } wanted && slots.TryGetValue(wanted, out var slot) ? slot : None;

    /// <summary>Writes what is new or differs. Old slots of changed records stay until <see cref="Sweep"/>.</summary>
    public bool Write(IReadOnlyDictionary<AdjacencyKey, Adjacency> wanted, List<uint> replaced)
    {
        var room = true;
        foreach (var adjacency in wanted.Values)
        {
            if (slots.TryGetValue(adjacency.Key, out var slot))
            {
                ref var there = ref region.Adjacency(slot);
                if (Same(there, adjacency)) continue;
                if (!adjacency.IsResolved || there.State != SlotState.Live)
                {
                    Volatile.Write(ref there.State, SlotState.Writing);
                    Fill(ref there, adjacency);
                    continue;
                }

                replaced.Add(slot);
            }

            if (!pool.TryTake(out var fresh))
            {
                room = false;
                continue;
            }

            Fill(ref region.Adjacency(fresh), adjacency);
            slots[adjacency.Key] = fresh;
        }

        return room;
    }

    /// <summary>Writes one that has no record yet. False when there is no room for it.</summary>
    public bool Add(in Adjacency adjacency)
    {
        if (!pool.TryTake(out var fresh)) return false;
        Fill(ref region.Adjacency(fresh), adjacency);
        slots[adjacency.Key] = fresh;
        return true;
    }

    /// <summary>Retires what is not wanted any more, once nobody names it.</summary>
    public void Sweep(IReadOnlyDictionary<AdjacencyKey, Adjacency> wanted, List<uint> replaced)
    {
        foreach (var (key, slot) in slots.Where(s => !wanted.ContainsKey(s.Key)).ToList())
        {
            slots.Remove(key);
            replaced.Add(slot);
        }

        foreach (var slot in replaced) pool.Retire(slot);
        pool.Reclaim();
    }

    private static bool Same(in AdjacencyRecord record, in Adjacency wanted)
    {
        var (first, last) = Rewrite(wanted);
        return record.State == (wanted.IsResolved ? SlotState.Live : SlotState.Writing) && record.Mtu == wanted.Mtu && record.NoEthernet == (wanted.NoEthernet ? 1 : 0)
            && (!wanted.IsResolved || (record.MacFirst == first && record.MacLast == last));
    }

    private static (ulong First, uint Last) Rewrite(in Adjacency adjacency) =>
        (adjacency.DestinationMac | adjacency.SourceMac << 48, (uint)(adjacency.SourceMac >> 16));

    private static void Fill(ref AdjacencyRecord record, in Adjacency wanted)
    {
        (record.MacFirst, record.MacLast) = Rewrite(wanted);
        record.Port = wanted.Key.Port;
        record.NoEthernet = wanted.NoEthernet ? (byte)1 : (byte)0;
        record.Mtu = wanted.Mtu;
        record.Neighbour = wanted.Key.Neighbour;
        Volatile.Write(ref record.State, wanted.IsResolved ? SlotState.Live : SlotState.Writing);
    }
}
