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
