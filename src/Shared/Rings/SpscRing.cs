using System.Numerics;
using System.Runtime.InteropServices;

namespace Appliance.Shared;

/// <summary>
/// Lock-free ring between one producer thread and one consumer thread. Each side keeps its own index and a copy of the other's on cache
/// lines of its own, and reads the other's index only when its copy says full or empty.
/// </summary>
public sealed class SpscRing<T> where T : unmanaged
{
    private readonly T[] slots;
    private readonly int mask;
    private SpscSides sides;

    /// <summary>A ring that holds at least <paramref name="capacity"/> items (rounded up to a power of two).</summary>
    public SpscRing(int capacity)
    {
        slots = new T[(int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(2, capacity))];
        mask = slots.Length - 1;
    }

    /// <summary>How many items fit.</summary>
    public int Capacity => slots.Length;

    /// <summary>Items in it; exact only for a side that stands still.</summary>
    public int Count => (int)(Volatile.Read(ref sides.Tail) - Volatile.Read(ref sides.Head));

    /// <summary>Producer: puts one item in, or says that the ring is full.</summary>
    public bool TryEnqueue(in T item)
    {
        var tail = sides.Tail;
        if (tail - sides.HeadSeen == (uint)slots.Length)
        {
            sides.HeadSeen = Volatile.Read(ref sides.Head);
            if (tail - sides.HeadSeen == (uint)slots.Length) return false;
        }

        slots[tail & (uint)mask] = item;
        Volatile.Write(ref sides.Tail, tail + 1);
        return true;
    }

    /// <summary>Consumer: takes one item out, or says that the ring is empty.</summary>
    public bool TryDequeue(out T item)
    {
        var head = sides.Head;
        if (head == sides.TailSeen)
        {
            sides.TailSeen = Volatile.Read(ref sides.Tail);
            if (head == sides.TailSeen)
            {
                item = default;
                return false;
            }
        }

        item = slots[head & (uint)mask];
        Volatile.Write(ref sides.Head, head + 1);
        return true;
    }

    /// <summary>Consumer: takes up to a batch out, which frees its places at once; returns how many.</summary>
    public int Dequeue(Span<T> batch)
    {
        var head = sides.Head;
        if (head == sides.TailSeen) sides.TailSeen = Volatile.Read(ref sides.Tail);
        var count = (int)Math.Min(sides.TailSeen - head, (uint)batch.Length);
        for (var i = 0; i < count; i++) batch[i] = slots[(head + (uint)i) & (uint)mask];
        if (count > 0) Volatile.Write(ref sides.Head, head + (uint)count);
        return count;
    }
}

/// <summary>Indexes of a <see cref="SpscRing{T}"/>, each on a cache line of its own. Not nested: a type inside a generic one cannot have explicit layout.</summary>
[StructLayout(LayoutKind.Explicit, Size = 384)]
internal struct SpscSides
{
    /// <summary>Producer's index.</summary>
    [FieldOffset(64)] public uint Tail;

    /// <summary>Producer's copy of <see cref="Head"/>.</summary>
    [FieldOffset(128)] public uint HeadSeen;

    /// <summary>Consumer's index.</summary>
    [FieldOffset(192)] public uint Head;

    /// <summary>Consumer's copy of <see cref="Tail"/>.</summary>
    [FieldOffset(256)] public uint TailSeen;
}
