using Appliance.Shared;

namespace Appliance.DataPlane;

/// <summary>Whether an outbound slot that was kept across a quiescent point is still the same SA.</summary>
internal static class OutboundSlot
{
    public static bool IsCurrent(Region region, uint slot, uint generation) =>
        slot < (uint)region.Counts.OutboundSas && Volatile.Read(ref region.OutboundSa(slot).State) == SlotState.Live && region.OutboundSa(slot).Generation == generation;
}

/// <summary>Whether an inbound slot that was kept across a quiescent point is still the same SA.</summary>
internal static class InboundSlot
{
    public static bool IsCurrent(Region region, uint slot, uint generation) =>
        slot < (uint)region.Counts.InboundSas && Volatile.Read(ref region.InboundSa(slot).State) == SlotState.Live && region.InboundSa(slot).Generation == generation;
}
