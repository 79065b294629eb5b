using System.Security.Cryptography;

namespace Appliance.Shared;

/// <summary>
/// Hands out the slots of one kind of record, from the slow path's side:
/// 1. <see cref="TryTake"/>: a free slot becomes Writing; its octets are zero, its generation is new. The caller fills the record.
/// 2. <see cref="Publish"/>: one store makes it Live. (Or <see cref="Abandon"/>: it was never live.)
/// 3. <see cref="Retire"/>: after the caller has taken it out of every lookup. Workers that hold it may go on to the end of their round.
/// 4. <see cref="Reclaim"/>: once no worker can hold it, it is wiped, keys first, and free.
/// Made over a region that holds records already, it takes over what is live and retires what an earlier process left half done. One thread.
/// </summary>
public sealed unsafe class SlotTable
{
    private readonly Layout layout;
    private readonly Quiescence quiescence;
    private readonly SlotBitmap slots;
    private readonly Queue<(ulong Ticket, uint Slot)> retired = new();

    private SlotTable(Region region, in Layout layout, Quiescence quiescence)
    {
        this.layout = layout;
        this.quiescence = quiescence;
        slots = new SlotBitmap(layout.Count);
        for (uint slot = 0; slot < layout.First; slot++) slots.TryClaim(slot);
        foreach (var slot in region.TouchedSlots(layout.Records, layout.Size, layout.Count))
        {
            var state = Volatile.Read(ref State(slot));
            if (state == SlotState.Free || slot < layout.First) continue;
            slots.TryClaim(slot);
            if (state != SlotState.Live) RetireAny(slot);
        }
    }

    /// <summary>Slots that can be taken now, or after the workers' next quiescent points.</summary>
    public int Free => slots.Free + retired.Count;

    /// <summary>Slots of live records.</summary>
    public IEnumerable<uint> Live => Enumerable.Range(layout.First, layout.Count - layout.First).Select(s => (uint)s).Where(IsLive);

    /// <summary>Outbound SAs and their states.</summary>
    public static SlotTable ForOutboundSas(Region region, Quiescence quiescence) => new(region, region.OutboundLayout, quiescence);

    /// <summary>Inbound SAs and their states.</summary>
    public static SlotTable ForInboundSas(Region region, Quiescence quiescence) => new(region, region.InboundLayout, quiescence);

    /// <summary>Tunnels.</summary>
    public static SlotTable ForTunnels(Region region, Quiescence quiescence) => new(region, region.TunnelLayout, quiescence);

    /// <summary>Next hops; slot 0 is never handed out, since it means "no route" in the route tables.</summary>
    public static SlotTable ForNextHops(Region region, Quiescence quiescence) => new(region, region.NextHopLayout, quiescence);

    /// <summary>Adjacencies; slot 0 is never handed out: an SA that names it has no way out.</summary>
    public static SlotTable ForAdjacencies(Region region, Quiescence quiescence) => new(region, region.AdjacencyLayout, quiescence);

    /// <summary>True while the slot's record is published.</summary>
    public bool IsLive(uint slot) => slot >= layout.First && slot < layout.Count && slots.IsTaken(slot) && State(slot) == SlotState.Live;

    /// <summary>Takes a wiped slot, in state Writing; false when there is none (also when all that are left wait for the workers).</summary>
    public bool TryTake(out uint slot)
    {
        if (slots.Free == 0) Reclaim();
        if (!slots.TryTake(out slot)) return false;
        if (layout.HasGeneration) ++Word(slot, 1);
        if (layout.StateSize > 0) *(uint*)(Companion(slot) + layout.StateGeneration) = Word(slot, 1);
        Volatile.Write(ref State(slot), SlotState.Writing);
        return true;
    }

    /// <summary>Makes a record that was filled in visible to workers.</summary>
    public void Publish(uint slot)
    {
        Require(slot, SlotState.Writing);
        Volatile.Write(ref State(slot), SlotState.Live);
    }

    /// <summary>Gives back a slot that was not published.</summary>
    public void Abandon(uint slot)
    {
        Require(slot, SlotState.Writing);
        Wipe(slot);
    }

    /// <summary>Takes a record out of use, live or (a neighbour that is not resolved) not; nothing may name it any more.</summary>
    public void Retire(uint slot)
    {
        if (State(slot) != SlotState.Writing) Require(slot, SlotState.Live);
        RetireAny(slot);
    }

    /// <summary>Wipes and frees what no worker can hold any more; call it now and then. Returns how many slots.</summary>
    public int Reclaim()
    {
        var count = 0;
        for (; retired.TryPeek(out var next) && quiescence.HasPassed(next.Ticket); count++) Wipe(retired.Dequeue().Slot);
        return count;
    }

    private void RetireAny(uint slot)
    {
        Volatile.Write(ref State(slot), SlotState.Retired);
        retired.Enqueue((quiescence.Ticket(), slot));
    }

    private void Require(uint slot, uint state)
    {
        if (State(slot) != state || !slots.IsTaken(slot)) throw new InvalidOperationException($"slot {slot} is in state {State(slot)}, not {state}");
    }

    private void Wipe(uint slot)
    {
        var record = layout.Start + (ulong)slot * (ulong)layout.Size;
        if (layout.KeyOffset > 0) CryptographicOperations.ZeroMemory(new Span<byte>(record + layout.KeyOffset, KeyOctets.Size));
        var kept = sizeof(uint) * (layout.HasGeneration ? 2 : 1);
        new Span<byte>(record + kept, layout.Size - kept).Clear();
        if (layout.StateSize > 0) new Span<byte>(Companion(slot), layout.StateSize).Clear();
        Volatile.Write(ref State(slot), SlotState.Free);
        slots.Release(slot);
    }

    private ref uint State(uint slot) => ref Word(slot, 0);

    private ref uint Word(uint slot, int index)
    {
        if (slot >= (uint)layout.Count) throw new ArgumentOutOfRangeException(nameof(slot), $"slot {slot} of {layout.Count}");
        return ref ((uint*)(layout.Start + (ulong)slot * (ulong)layout.Size))[index];
    }

    private byte* Companion(uint slot) => layout.States + (ulong)slot * (ulong)layout.StateSize;

    /// <summary>Where records are, and what of them the table has to know.</summary>
    internal readonly struct Layout
    {
        public byte* Start { get; init; }

        public ulong Records { get; init; }

        public int Size { get; init; }

        public int Count { get; init; }

        public int First { get; init; }

        public bool HasGeneration { get; init; }

        public int KeyOffset { get; init; }

        public byte* States { get; init; }

        public int StateSize { get; init; }

        public int StateGeneration { get; init; }
    }
}
