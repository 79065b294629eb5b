using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Appliance.Shared;

/// <summary>How <see cref="Senders.Claim"/> ended.</summary>
public enum SenderClaim
{
    /// <summary>The sender is the worker's, now or since earlier.</summary>
    Own,

    /// <summary>Another worker was first.</summary>
    Lost,

    /// <summary>No free record was found.</summary>
    Full,
}

/// <summary>
/// Senders of multi-point SAs as workers find them: chains of records from a table of heads, by the hash of (slot of the inbound SA, Sender-ID). A record belongs to one life of the slot.
/// <code>
/// claim   1 the chain is walked: whoever has the sender already, has it
///         2 a free record is taken (compare-and-swap of its state) and filled
///         3 it becomes the head of its chain (compare-and-swap of the head); where another claim came first, from 1 on: both claims of a sender go to one head, so one of them finds the other
/// </code>
/// This is the one place where several workers write a word. Everything else in a record is its owner's. Records leave a chain by the slow path only, when their SA has
/// gone, and are used again only after every worker's quiescent point (<see cref="SenderTable"/>): a walk within one round meets whole records.
/// </summary>
public sealed unsafe class Senders
{
    /// <summary>What a lookup that finds nothing returns.</summary>
    public const uint None = uint.MaxValue;

    // A full table costs a claim no more than this; the next one goes on from there.
    private const int Looks = 64;

    private readonly uint* heads;
    private readonly SenderRecord* records;
    private readonly uint count;
    private readonly uint mask;

    internal Senders(byte* heads, byte* records, int count)
    {
        this.heads = (uint*)heads;
        this.records = (SenderRecord*)records;
        this.count = (uint)count;
        mask = (uint)HeadsFor(count) - 1;
    }

    /// <summary>Records there are.</summary>
    public int Count => (int)count;

    internal int Heads => (int)mask + 1;

    internal static int HeadsFor(int senders) => (int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(16, senders * 2L));

    /// <summary>Record of a sender of the inbound SA in a slot, in that life of the slot, or <see cref="None"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Find(uint sa, uint generation, uint senderId)
    {
        var at = Volatile.Read(ref Head(sa, senderId));
        for (var steps = 0u; at - 1 < count && steps < count; steps++)
        {
            ref var record = ref records[at - 1];
            if (record.SenderId == senderId && record.Sa == sa && record.Generation == generation) return at - 1;
            at = Volatile.Read(ref record.Next);
        }

        return None;
    }

    /// <summary>Whether a record is that sender's: for a number that was kept across rounds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Is(uint record, uint sa, uint generation, uint senderId) =>
        record < count && records[record].SenderId == senderId && records[record].Sa == sa && records[record].Generation == generation && Volatile.Read(ref records[record].State) == SlotState.Live;

    /// <summary>Asks the processor to load where the search for a sender starts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Prefetch(uint sa, uint senderId)
    {
        if (Sse.IsSupported) Sse.Prefetch0(heads + Hash(sa, senderId));
    }

    /// <summary>Asks the processor to load the first record that the search for a sender looks at.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void PrefetchFirst(uint sa, uint senderId)
    {
        var first = Head(sa, senderId) - 1;
        if (Sse.IsSupported && first < count) Sse.Prefetch0(records + first);
    }

    /// <summary>
    /// Makes a worker the owner of a sender of which it has authenticated a packet. <paramref name="cursor"/> is the worker's own: where it looks for a free record.
    /// <paramref name="record"/> is the sender's record, whoever owns it; <see cref="None"/> when the table is full.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public SenderClaim Claim(uint sa, uint generation, uint senderId, int worker, ref uint cursor, out uint record)
    {
        ref var head = ref Head(sa, senderId);
        var taken = None;
        while (true)
        {
            var first = Volatile.Read(ref head);
            record = Find(sa, generation, senderId);
            if (record != None)
            {
                if (taken != None) Volatile.Write(ref records[taken].State, SlotState.Free);
                return records[record].Worker == (uint)worker ? SenderClaim.Own : SenderClaim.Lost;
            }

            if (taken == None)
            {
                if (!TryTake(ref cursor, out taken)) return SenderClaim.Full;
                ref var fresh = ref records[taken];
                (fresh.Sa, fresh.Generation, fresh.SenderId, fresh.Worker) = (sa, generation, senderId, (uint)worker);
                Volatile.Write(ref fresh.State, SlotState.Live);
            }

            records[taken].Next = first;
            if (Interlocked.CompareExchange(ref head, taken + 1, first) != first) continue;
            record = taken;
            return SenderClaim.Own;
        }
    }

    internal ref SenderRecord At(uint record) => ref records[record];

    /// <summary>Where the chain of a sender starts: its first record + 1, or 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ref uint Head(uint sa, uint senderId) => ref heads[Hash(sa, senderId)];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint Hash(uint sa, uint senderId)
    {
        var h = (sa * 0x9e3779b1u) ^ (senderId * 0x85ebca6bu);
        return (h ^ (h >> 15)) & mask;
    }

    private bool TryTake(ref uint cursor, out uint taken)
    {
        for (var looks = Math.Min(Looks, count); looks > 0; looks--)
        {
            taken = cursor < count ? cursor : 0;
            cursor = taken + 1;
            ref var state = ref records[taken].State;
            if (Volatile.Read(ref state) == SlotState.Free && Interlocked.CompareExchange(ref state, SlotState.Writing, SlotState.Free) == SlotState.Free) return true;
        }

        taken = None;
        return false;
    }
}
