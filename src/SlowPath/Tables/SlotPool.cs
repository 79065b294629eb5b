using System.Collections;
using Appliance.Shared;

namespace Appliance.SlowPath.Tables;

/// <summary>
/// Which slots of one kind of record are free. A slot that is given back is wiped by its owner's action and handed out again only after every worker has
/// passed a quiescent point. One thread.
/// </summary>
internal sealed class SlotPool
{
    private readonly Quiescence quiescence;
    private readonly Action<uint> wipe;
    private readonly BitArray taken;
    private readonly Queue<(ulong Ticket, uint Slot)> retired = new();
    private int cursor;

    /// <summary>A pool of <paramref name="count"/> slots from <paramref name="first"/> on; lower ones are never handed out.</summary>
    public SlotPool(int count, uint first, Quiescence quiescence, Action<uint> wipe)
    {
        this.quiescence = quiescence;
        this.wipe = wipe;
        taken = new BitArray(count);
        for (var slot = 0; slot < first; slot++) taken[slot] = true;
        Free = count - (int)first;
    }

    /// <summary>Slots that can be handed out now.</summary>
    public int Free { get; private set; }

    /// <summary>Slots that wait for the workers.</summary>
    public int Waiting => retired.Count;

    /// <summary>Takes a free slot.</summary>
    public bool TryTake(out uint slot)
    {
        Reclaim();
        slot = 0;
        if (Free == 0) return false;
        while (taken[cursor]) cursor = (cursor + 1) % taken.Count;
        slot = (uint)cursor;
        Claim(slot);
        return true;
    }

    /// <summary>Marks a slot that an earlier slow path filled.</summary>
    public void Claim(uint slot)
    {
        if (taken[(int)slot]) return;
        taken[(int)slot] = true;
        Free--;
    }

    /// <summary>Gives a slot back that readers can no longer find; it is wiped and free once no worker can hold it.</summary>
    public void Retire(uint slot) => retired.Enqueue((quiescence.Ticket(), slot));

    /// <summary>Wipes and frees what nobody can hold any more.</summary>
    public void Reclaim()
    {
        while (retired.TryPeek(out var oldest) && quiescence.HasPassed(oldest.Ticket))
        {
            retired.Dequeue();
            wipe(oldest.Slot);
            taken[(int)oldest.Slot] = false;
            Free++;
            cursor = Math.Min(cursor, (int)oldest.Slot);
        }
    }
}
