namespace Appliance.Shared;

/// <summary>
/// Frees the records of senders whose multi-point SA has gone, from the slow path's side. Workers claim records (<see cref="Senders"/>) but never give one back:
/// 1. the SA's slot was wiped, or has another life: no worker can claim for the old one any more;
/// 2. its records become Retired and leave their chains; a worker that is walking goes on past them;
/// 3. once every worker has been at a quiescent point, record and window are wiped, and free.
/// What an earlier slow path left half done is done again. One thread.
/// </summary>
public sealed class SenderTable
{
    private readonly Region region;
    private readonly Quiescence quiescence;
    private readonly Queue<(ulong Ticket, uint Record)> retired = new();

    /// <summary>Takes over the senders of a region.</summary>
    public SenderTable(Region region, Quiescence quiescence)
    {
        this.region = region;
        this.quiescence = quiescence;
        foreach (var record in region.TouchedSenders())
            if (Volatile.Read(ref region.Sender(record).State) == SlotState.Retired)
                Unlink(record);
    }

    /// <summary>
    /// Goes on with what waited for the workers, and looks for senders whose SA has gone. Call it after inbound SAs were reclaimed, not for every packet: it looks at every record that
    /// was ever used. Returns how many records are free again.
    /// </summary>
    public int Reclaim()
    {
        foreach (var record in region.TouchedSenders())
        {
            ref var sender = ref region.Sender(record);
            if (Volatile.Read(ref sender.State) != SlotState.Live || IsNeeded(sender)) continue;
            Volatile.Write(ref sender.State, SlotState.Retired);
            Unlink(record);
        }

        var count = 0;
        for (; retired.TryPeek(out var next) && quiescence.HasPassed(next.Ticket); count++) Wipe(region, retired.Dequeue().Record);
        return count;
    }

    /// <summary>
    /// A data plane that starts, before its first packet: what a worker of its predecessor was about to claim is free again, and every sender gets an owner among the workers that there are now
    /// (<paramref name="ownerOf"/>, by record). Windows stay as they are.
    /// </summary>
    public static void TakeOver(Region region, Func<uint, int> ownerOf)
    {
        foreach (var record in region.TouchedSenders())
        {
            ref var sender = ref region.Sender(record);
            var state = Volatile.Read(ref sender.State);
            if (state == SlotState.Writing) Wipe(region, record);
            else if (state == SlotState.Live) sender.Worker = (uint)ownerOf(record);
        }
    }

    /// <summary>All octets zero, then free. Nobody finds the record, and nobody is reading it.</summary>
    internal static void Wipe(Region region, uint record)
    {
        ref var sender = ref region.Sender(record);
        region.SenderWindow(record) = default;
        var state = sender.State;
        sender = default;
        sender.State = state;
        Volatile.Write(ref sender.State, SlotState.Free);
    }

    /// <summary>A slot that is retired may still be in a worker's hand, which may be claiming for it; one that is wiped is not.</summary>
    private bool IsNeeded(in SenderRecord sender)
    {
        if (sender.Sa >= (uint)region.Counts.InboundSas) return false;
        ref var sa = ref region.InboundSa(sender.Sa);
        return Volatile.Read(ref sa.State) is SlotState.Live or SlotState.Retired && sa.Generation == sender.Generation;
    }

    private void Unlink(uint record)
    {
        ref var sender = ref region.Sender(record);
        ref var head = ref region.Senders.Head(sender.Sa, sender.SenderId);
        while (true)
        {
            var first = Volatile.Read(ref head);
            if (first != record + 1)
            {
                UnlinkBehind(first, record);
                break;
            }

            // A worker that claims at this moment puts its record in front: then this one is behind it.
            if (Interlocked.CompareExchange(ref head, sender.Next, first) == first) break;
        }

        retired.Enqueue((quiescence.Ticket(), record));
    }

    private void UnlinkBehind(uint at, uint record)
    {
        for (var steps = 0; at - 1 < (uint)region.Counts.Senders && steps < region.Counts.Senders; steps++)
        {
            ref var before = ref region.Sender(at - 1);
            if (before.Next == record + 1)
            {
                Volatile.Write(ref before.Next, region.Sender(record).Next);
                return;
            }

            at = before.Next;
        }
    }
}
