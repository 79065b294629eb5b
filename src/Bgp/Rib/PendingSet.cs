using System.Numerics;

namespace Appliance.Bgp;

/// <summary>Slots that wait, a bit each; taken in the order of slots, round and round, so that none waits for ever.</summary>
internal sealed class PendingSet
{
    private ulong[] words = [];
    private int cursor;

    /// <summary>How many wait.</summary>
    public int Count { get; private set; }

    /// <summary>Lets a slot wait.</summary>
    public void Add(int slot)
    {
        if (slot >> 6 >= words.Length) Array.Resize(ref words, Math.Max((slot >> 6) + 1, words.Length * 2));
        ref var word = ref words[slot >> 6];
        var bit = 1UL << slot;
        if ((word & bit) != 0) return;
        word |= bit;
        Count++;
    }

    /// <summary>Lets it wait no longer.</summary>
    public void Remove(int slot)
    {
        if (slot >> 6 >= words.Length) return;
        ref var word = ref words[slot >> 6];
        var bit = 1UL << slot;
        if ((word & bit) == 0) return;
        word &= ~bit;
        Count--;
    }

    /// <summary>Takes the next one.</summary>
    public bool TryTake(out int slot)
    {
        slot = 0;
        if (Count == 0) return false;
        while (words[cursor] == 0) cursor = cursor + 1 == words.Length ? 0 : cursor + 1;
        var bit = BitOperations.TrailingZeroCount(words[cursor]);
        words[cursor] &= words[cursor] - 1;
        Count--;
        slot = cursor << 6 | bit;
        return true;
    }

    /// <summary>Nothing waits any more.</summary>
    public void Clear()
    {
        words = [];
        cursor = 0;
        Count = 0;
    }
}
