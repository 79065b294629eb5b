using System.Numerics;

namespace Appliance.Shared;

/// <summary>Which of many slots are taken; hands out the lowest free one it comes across, so that little memory is touched.</summary>
internal sealed class SlotBitmap
{
    private readonly ulong[] taken;
    private readonly int count;
    private int cursor;

    /// <summary>All slots free.</summary>
    public SlotBitmap(int count)
    {
        this.count = count;
        taken = new ulong[(count + 63) / 64];
        Free = count;
    }

    /// <summary>Slots that are not taken.</summary>
    public int Free { get; private set; }

    public bool IsTaken(uint slot) => (taken[slot >> 6] >> (int)(slot & 63) & 1) != 0;

    /// <summary>Takes a slot by number; false when it was taken already.</summary>
    public bool TryClaim(uint slot)
    {
        if (IsTaken(slot)) return false;
        taken[slot >> 6] |= 1UL << (int)(slot & 63);
        Free--;
        return true;
    }

    public bool TryTake(out uint slot)
    {
        slot = 0;
        if (Free == 0) return false;
        while (taken[cursor] == ulong.MaxValue || !InRange(out slot)) cursor = (cursor + 1) % taken.Length;
        return TryClaim(slot);
    }

    public void Release(uint slot)
    {
        if (!IsTaken(slot)) throw new InvalidOperationException($"slot {slot} was released twice");
        taken[slot >> 6] &= ~(1UL << (int)(slot & 63));
        Free++;
        cursor = Math.Min(cursor, (int)(slot >> 6));
    }

    private bool InRange(out uint slot)
    {
        slot = (uint)(cursor * 64 + BitOperations.TrailingZeroCount(~taken[cursor]));
        return slot < count;
    }
}
