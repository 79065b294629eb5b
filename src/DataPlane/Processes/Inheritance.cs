using Appliance.Crypto;
using Appliance.Esp;
using Appliance.Shared;

namespace Appliance.DataPlane;

/// <summary>
/// What a data plane takes over from one that may have been killed in the middle of anything: its workers hold nothing, its SAs go on behind every number it had
/// reserved, and the packets that it had in hand are counted as lost, so that the counters' identity (design, rule 4) holds again.
/// </summary>
internal static class Inheritance
{
    /// <summary>Before the first packet.</summary>
    public static void Take(Region region)
    {
        WorkerEpoch.TakeOver(region);
        for (uint slot = 0; slot < (uint)region.Counts.OutboundSas; slot++) Adopt(ref region.OutboundState(slot));
        for (var port = 0; port < PortRecord.Maximum; port++)
        {
            region.Port(port).Running = PortState.Closed;
            region.Port(port).Queues = 0;
        }

        CountLost(region);
    }

    /// <summary>
    /// Then, once the tier is chosen: windows of senders of multi-point SAs go to workers that are there; the object of a cipher without kernel is for one worker alone, so its
    /// senders are too.
    /// </summary>
    public static void TakeSenders(Region region, int workers, AesGcmTier tier) => SenderTable.TakeOver(region, record =>
    {
        ref var sender = ref region.Sender(record);
        var isObjects = sender.Sa < (uint)region.Counts.InboundSas && CipherObjects.NeedsObject((Cipher)region.InboundSa(sender.Sa).Cipher, tier);
        return isObjects ? region.InboundSa(sender.Sa).Worker : (int)(sender.Worker % (uint)workers);
    });

    /// <summary>Untouched records stay untouched: a region is much larger than what is in use.</summary>
    private static void Adopt(ref OutboundSaState state)
    {
        if (state.Sequence != state.ReservedUntil) SequenceBlock.Adopt(ref state);
    }

    /// <summary>Packets that came in and have no fate.</summary>
    private static void CountLost(Region region)
    {
        var missing = 0L;
        for (var worker = 0; worker < WorkerBlock.Maximum; worker++)
        {
            ref var block = ref region.Worker(worker);
            block.Held = 0;
            block.Sleeping = 0;
            missing += Identity.Missing(block);
        }

        if (missing > 0) region.Worker(0).Drops[(int)DropReason.WorkerStopped] += (ulong)missing;
    }
}

/// <summary>The identity of design, rule 4.</summary>
internal static class Identity
{
    /// <summary>Rx + Injected + Originated + Copies − (Tx + Punted + Held + Absorbed + Σ Drops) of one worker; only the sum over all that stand still means something.</summary>
    public static long Missing(in WorkerBlock block)
    {
        var drops = 0UL;
        foreach (var count in block.Drops) drops += count;
        return (long)(block.Rx + block.Injected + block.Originated + block.Copies - block.Tx - block.Punted - block.Held - block.Absorbed - drops);
    }
}
