using System.Runtime.InteropServices;

namespace Appliance.Shared;

/// <summary>What is in use, found without touching memory that never was: a page that is looked at is a page that exists.</summary>
public sealed unsafe partial class Region
{
    internal SlotTable.Layout OutboundLayout => new()
    {
        Start = start + map.OutboundSas,
        Records = map.OutboundSas,
        Size = Appliance.Shared.OutboundSa.RecordSize,
        Count = counts.OutboundSas,
        HasGeneration = true,
        KeyOffset = (int)Marshal.OffsetOf<OutboundSa>(nameof(Appliance.Shared.OutboundSa.Key)),
        States = start + map.OutboundStates,
        StateSize = sizeof(OutboundSaState),
        StateGeneration = (int)Marshal.OffsetOf<OutboundSaState>(nameof(OutboundSaState.Generation)),
    };

    internal SlotTable.Layout InboundLayout => new()
    {
        Start = start + map.InboundSas,
        Records = map.InboundSas,
        Size = Appliance.Shared.InboundSa.RecordSize,
        Count = counts.InboundSas,
        HasGeneration = true,
        KeyOffset = (int)Marshal.OffsetOf<InboundSa>(nameof(Appliance.Shared.InboundSa.Key)),
        States = start + map.InboundStates,
        StateSize = sizeof(InboundSaState),
        StateGeneration = (int)Marshal.OffsetOf<InboundSaState>(nameof(InboundSaState.Generation)),
    };

    internal SlotTable.Layout TunnelLayout => Plain(map.Tunnels, TunnelRecord.RecordSize, counts.Tunnels, hasGeneration: true, first: 0);

    internal SlotTable.Layout NextHopLayout => Plain(map.NextHops, NextHopRecord.RecordSize, counts.NextHops, hasGeneration: false, first: 1);

    internal SlotTable.Layout AdjacencyLayout => Plain(map.Adjacencies, AdjacencyRecord.RecordSize, counts.Adjacencies, hasGeneration: false, first: 1);

    /// <summary>Slots of outbound SAs that are live now.</summary>
    public IReadOnlyList<uint> LiveOutboundSas() => Live(OutboundLayout);

    /// <summary>Slots of inbound SAs that are live now.</summary>
    public IReadOnlyList<uint> LiveInboundSas() => Live(InboundLayout);

    /// <summary>Slots of tunnels that are live now.</summary>
    public IReadOnlyList<uint> LiveTunnels() => Live(TunnelLayout);

    /// <summary>Numbers of the senders known now, of all multi-point SAs; <see cref="Sender"/> says of which SA, and in which life of its slot.</summary>
    public IReadOnlyList<uint> LiveSenders() => TouchedSenders().FindAll(record => Volatile.Read(ref Sender(record).State) == SlotState.Live);

    /// <summary>What became of the packets of the inbound SA in a slot: its own numbers, or, where it has Sender-IDs, what its senders and the workers have counted.</summary>
    public InboundTotals InboundTotals(uint slot)
    {
        ref var state = ref InboundState(slot);
        ref var sa = ref InboundSa(slot);
        if (sa.SenderIdBits == 0) return new InboundTotals(state.Packets, state.Bytes, state.IntegrityFailed, state.Replayed, state.TooOld, state.OtherDrops, state.LastUsed, 0);
        var totals = default(InboundTotals);
        for (var worker = 0; worker < WorkerBlock.Maximum; worker++)
        {
            ref var counted = ref GroupSaCounters.Of(ref state, worker);
            totals = totals with { IntegrityFailed = totals.IntegrityFailed + counted.IntegrityFailed, OtherDrops = totals.OtherDrops + counted.OtherDrops };
        }

        foreach (var record in LiveSenders())
        {
            ref var sender = ref Sender(record);
            if (sender.Sa != slot || sender.Generation != sa.Generation) continue;
            totals = totals with
            {
                Packets = totals.Packets + sender.Packets, Bytes = totals.Bytes + sender.Bytes, Replayed = totals.Replayed + sender.Replayed, TooOld = totals.TooOld + sender.TooOld,
                LastUsed = Math.Max(totals.LastUsed, sender.LastUsed), Senders = totals.Senders + 1,
            };
        }

        return totals;
    }

    /// <summary>Slots whose memory was ever written to; records do not cross pages.</summary>
    internal List<uint> TouchedSlots(ulong section, int size, int count)
    {
        var resident = LinuxMemory.Residency((nint)(start + section), (nuint)count * (nuint)size);
        var slots = new List<uint>();
        for (var slot = 0; slot < count; slot++)
        {
            var page = (long)slot * size / 4096;
            if (resident[page]) slots.Add((uint)slot);
            else slot = (int)((page + 1) * 4096 / size) - 1;
        }

        return slots;
    }

    internal List<uint> TouchedContextSlots() => TouchedSlots(map.Contexts, Appliance.Shared.ContextSlot.RecordSize, counts.ContextSlots);

    internal List<uint> TouchedSenders() => TouchedSlots(map.Senders, SenderRecord.RecordSize, counts.Senders);

    internal List<uint> TouchedLookupCells() => TouchedSlots(map.SaLookup, Appliance.Shared.SaLookup.EntrySize, SaLookup.Capacity);

    private SlotTable.Layout Plain(ulong section, int size, int count, bool hasGeneration, int first) =>
        new() { Start = start + section, Records = section, Size = size, Count = count, HasGeneration = hasGeneration, First = first };

    private List<uint> Live(in SlotTable.Layout layout)
    {
        var live = new List<uint>();
        foreach (var slot in TouchedSlots(layout.Records, layout.Size, layout.Count))
        {
            if (Volatile.Read(ref *(uint*)(layout.Start + (ulong)slot * (ulong)layout.Size)) == SlotState.Live) live.Add(slot);
        }

        return live;
    }
}
