using System.Runtime.InteropServices;

namespace Appliance.Shared;

/// <summary>
/// Ring of events in the region, from one worker to the slow path. A full ring loses the event and counts it: events are hints (an acquire
/// is raised again by the next packet), never the only copy of a fact.
/// </summary>
public readonly unsafe struct EventRing
{
    private readonly Sides* sides;
    private readonly EventRecord* slots;
    private readonly uint mask;

    internal EventRing(byte* start, int capacity)
    {
        sides = (Sides*)start;
        slots = (EventRecord*)(start + sizeof(Sides));
        mask = (uint)Capacity(capacity) - 1;
    }

    /// <summary>Events that were lost because the ring was full.</summary>
    public ulong Lost => Volatile.Read(ref sides->Lost);

    internal static long SizeFor(int capacity) => sizeof(Sides) + (long)Capacity(capacity) * EventRecord.RecordSize;

    /// <summary>Worker: raises an event.</summary>
    public bool TryRaise(in EventRecord record)
    {
        var tail = sides->Tail;
        if (tail - Volatile.Read(ref sides->Head) > mask)
        {
            sides->Lost++;
            return false;
        }

        slots[tail & mask] = record;
        Volatile.Write(ref sides->Tail, tail + 1);
        return true;
    }

    /// <summary>Slow path: takes the next event.</summary>
    public bool TryTake(out EventRecord record)
    {
        var head = sides->Head;
        record = default;
        if (head == Volatile.Read(ref sides->Tail)) return false;
        record = slots[head & mask];
        Volatile.Write(ref sides->Head, head + 1);
        return true;
    }

    private static int Capacity(int wanted) => (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(2, wanted));

    [StructLayout(LayoutKind.Explicit, Size = 192)]
    private struct Sides
    {
        [FieldOffset(0)] public uint Tail;
        [FieldOffset(8)] public ulong Lost;
        [FieldOffset(64)] public uint Head;
    }
}
