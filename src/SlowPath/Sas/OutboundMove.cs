using System.Runtime.InteropServices;
using Appliance.Crypto;
using Appliance.Shared;

namespace Appliance.SlowPath.Sas;

/// <summary>
/// Gives a live outbound SA other outer ends. Header and ends are many words that a worker reads without a lock, so the record is not changed: a second one with the same key is written and
/// takes its place in one store (<see cref="SaStore.Replace"/>). Two records must never use one number: the second starts where the first is not let any more. That holds at whatever
/// point a worker or this process stops:
/// 1. the first record's hard limit becomes L, above all it has reserved;
/// 2. what it has reserved is read again: a worker that had read the earlier limit can add one block to that, and no more;
/// 3. only when that still ends below L does the second record begin, at L + 1; else L was too low, and a higher one is tried.
/// </summary>
internal sealed class OutboundMove(Region region, SaStore store, SaInstaller installer)
{
    /// <summary>Numbers that a move skips at most, beyond those in use: what a worker can send meanwhile.</summary>
    private const ulong Skip = 1 << 16;

    /// <summary>More than a worker reserves at once (Esp's block is 4096).</summary>
    private const ulong Block = 1 << 13;

    /// <summary>Moves that wait for their cipher: slot of the second record, by SPI. The latest move of an SA counts.</summary>
    private readonly Dictionary<uint, uint> waiting = [];

    /// <summary>Moves an SA; null, or why it cannot be: then it is as it was, or (no numbers left) used up. Where the cipher has to be made ready first, the switch comes a little later.</summary>
    public string? Begin(SaEntry entry, TunnelEnds ends, ushort keepaliveSeconds, OutboundChoice choice)
    {
        waiting.Remove(entry.Spi);
        ref var old = ref region.OutboundSa(entry.Slot);
        if (old.Destination == ends.Remote && old.Source == ends.Local && old.Encapsulation == ends.Encapsulation && old.SourcePort == ends.LocalPort && old.DestinationPort == ends.RemotePort) return null;
        if (!store.TryTake(true, out var slot)) return "no free outbound SA: raise region: sas";
        ref var fresh = ref region.OutboundSa(slot);
        Copy(old, ref fresh);
        (fresh.Source, fresh.Destination, fresh.Encapsulation) = (ends.Local, ends.Remote, ends.Encapsulation);
        (fresh.SourcePort, fresh.DestinationPort, fresh.KeepaliveSeconds) = (ends.LocalPort, ends.RemotePort, keepaliveSeconds);
        OuterHeader.Build(ref fresh);
        var ready = installer.PreparedAsync([(Cipher)fresh.Cipher]);
        if (ready.IsCompleted) return Finish(entry, slot, choice);
        waiting[entry.Spi] = slot;
        _ = FinishAsync(ready, entry, slot, choice);
        return null;
    }

    private async Task FinishAsync(Task ready, SaEntry entry, uint slot, OutboundChoice choice)
    {
        await ready;
        var isLatest = waiting.TryGetValue(entry.Spi, out var latest) && latest == slot && waiting.Remove(entry.Spi);
        if (!isLatest || store.Find(true, entry.Spi) != entry)
        {
            // It ended, or moved again, or back.
            store.Abandon(true, slot);
            return;
        }

        if (Finish(entry, slot, choice) is not null) store.Retire(entry);
    }

    private string? Finish(SaEntry entry, uint slot, OutboundChoice choice)
    {
        ref var old = ref region.OutboundSa(entry.Slot);
        ref var fresh = ref region.OutboundSa(slot);
        ref var numbers = ref region.OutboundState(entry.Slot);
        var last = (old.Flags & SaFlags.Esn) != 0 ? ulong.MaxValue : uint.MaxValue;
        ulong limit;
        do
        {
            var reserved = Volatile.Read(ref numbers.ReservedUntil);
            if (last - reserved <= 2 * Skip)
            {
                store.Abandon(true, slot);
                return "its sequence numbers are nearly used up";
            }

            limit = reserved + Skip;
            Volatile.Write(ref old.SequenceHardLimit, limit);
            Interlocked.MemoryBarrier();
        }
        while (limit - Volatile.Read(ref numbers.ReservedUntil) < Block || Volatile.Read(ref numbers.ReservedUntil) > limit);

        // What Policy changed in the old record since it was copied.
        (fresh.Adjacency, fresh.PathMtu, fresh.ExpiresAt) = (old.Adjacency, old.PathMtu, old.ExpiresAt);
        fresh.SequenceHardLimit = last;
        ref var next = ref region.OutboundState(slot);
        (next.Sequence, next.ReservedUntil) = (limit, limit);
        (next.Packets, next.Bytes, next.Drops, next.LastUsed, next.SoftRaised) = (numbers.Packets, numbers.Bytes, numbers.Drops, numbers.LastUsed, numbers.SoftRaised & 1);
        store.Replace(entry, slot);
        choice.Apply(entry.TunnelSlot);
        return null;
    }

    /// <summary>Everything but state and generation, which are the slot's own.</summary>
    private static void Copy(in OutboundSa old, ref OutboundSa fresh) =>
        MemoryMarshal.AsBytes(new ReadOnlySpan<OutboundSa>(in old))[8..].CopyTo(MemoryMarshal.AsBytes(new Span<OutboundSa>(ref fresh))[8..]);
}
