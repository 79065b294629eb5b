using Appliance.Crypto;
using Appliance.Esp;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane;

/// <summary>
/// Collects ESP packets until there is a batch, has ESP check and open them, and asks policy about each inner packet (RFC 4301 §5.2 step 4). What passes
/// goes on to be routed.
/// </summary>
internal abstract class Decapsulation(WorkerContext context, InboundPolicy policy, PacketBatch passed, Transmit transmit, OtherSa other)
{
    private readonly Packet[] packets = new Packet[PacketBatch.Size];
    private readonly uint[] senders = new uint[PacketBatch.Size];
    private readonly EspResult[] results = new EspResult[PacketBatch.Size];
    private TokenBucket moveEvents = new(Tuning.EventsPerSecond, Tuning.EventBurst);
    private int count;

    /// <summary>
    /// Adds a packet that starts at its outer IP header, for the inbound SA in a slot, which this worker owns (or the packet's sender) and has seen live in this round.
    /// <paramref name="sender"/> is the sender's record, where the SA has senders and it is known. <paramref name="isLast"/>: no other SA is left to try.
    /// </summary>
    public void Add(in Packet packet, uint slot, uint sender = Senders.None, bool isLast = false)
    {
        ref var sa = ref context.Region.InboundSa(slot);
        if (sa.ExpiresAt != 0 && context.Tick >= sa.ExpiresAt)
        {
            Count(slot);
            context.Drop(packet, DropReason.SaExpired);
            return;
        }

        context.Region.PrefetchTunnel(sa.Tunnel);
        if (count == packets.Length) Flush();
        packets[count] = packet;
        packets[count].Tag = slot;
        if (sa.Alternate != 0 && !isLast) other.Keep(count, packets[count], sa);
        senders[count++] = sender;
    }

    /// <summary>Decapsulates what was collected; what passes is in the batch of passed packets, not routed yet.</summary>
    public void Flush()
    {
        if (count == 0) return;
        var batch = packets.AsSpan(0, count);
        count = 0;
        Decapsulate(batch, results, senders, context.Tick);
        var opened = 0;
        var hasCopies = other.IsBusy;
        for (var i = 0; i < batch.Length; i++)
        {
            if (hasCopies && WasReplaced(i, batch[i])) continue;
            if (results[i].Reason != DropReason.None) context.Drop(batch[i], results[i].Reason);
            else if (results[i].IsAbsorbed) context.Absorb(batch[i]);
            else if (TryRead(batch[i], opened)) policy.Prefetch(passed.Fields[passed.Count + opened++]);
        }

        Judge(opened);
        if (!hasCopies) return;
        other.TryAgain(this);
        Flush();
    }

    /// <summary>True when the packet in a row was refused and is to be tried under another SA.</summary>
    private bool WasReplaced(int row, in Packet packet)
    {
        if (results[row].Reason != DropReason.None) return other.TryReplace(row, packet);
        other.Forget(row);
        return false;
    }

    /// <summary>The batch, with the tick of the round.</summary>
    protected abstract void Decapsulate(Span<Packet> batch, Span<EspResult> outcome, ReadOnlySpan<uint> known, long tick);

    /// <summary>Tells the slow path about peers that send from elsewhere; while they do, their next packet says it again.</summary>
    protected void Report(ReadOnlySpan<SaMove> moves)
    {
        foreach (ref readonly var move in moves)
        {
            if (!moveEvents.TryTake(context.Tick)) return;
            ref var sa = ref context.Region.InboundSa(move.Slot);
            var record = new EventRecord
            {
                Kind = EventKind.PeerMoved, Sa = move.Slot, Tunnel = sa.Tunnel, Generation = sa.Generation, Spi = sa.Spi, Source = move.Source, SourcePort = move.Port, Destination = sa.Peer,
                DestinationPort = sa.PeerPort,
            };
            context.Raise(ref record);
        }
    }

    /// <summary>Reads the inner packet into the row behind those that have passed.</summary>
    private bool TryRead(in Packet packet, int row)
    {
        ref var inner = ref passed.Packets[passed.Count + row];
        inner = packet;
        inner.Depth++;
        inner.Flags |= PacketFlags.Decapsulated | PacketFlags.NoEthernet;
        var reason = Headers.Read(context.Memory, ref inner, out passed.Fields[passed.Count + row]);
        if (reason == DropReason.NotForwardable) reason = Reconsider(ref inner, packet.Tag, passed.Fields[passed.Count + row]);
        if (reason != DropReason.None) Refuse(inner, reason);
        return reason == DropReason.None;
    }

    /// <summary>What is no ordinary route's: for the tunnel's interface, or multicast.</summary>
    private DropReason Reconsider(ref Packet inner, uint slot, in PacketFields fields)
    {
        if (policy.InterfaceOf(slot, fields) >= 0) return DropReason.None;
        if (!fields.IsRoutableMulticast()) return DropReason.NotForwardable;
        inner.Flags |= PacketFlags.Multicast;
        return DropReason.None;
    }

    /// <summary>Asks policy about the rows that were read; those that pass close up, and what is for the interface of its tunnel goes there.</summary>
    private void Judge(int opened)
    {
        var first = passed.Count;
        for (var i = first; i < first + opened; i++)
        {
            var port = policy.InterfaceOf(passed.Packets[i].Tag, passed.Fields[i]);
            var reason = port < 0 ? policy.Check(passed.Packets[i].Tag, passed.Fields[i]) : policy.CheckForInterface(passed.Packets[i].Tag, passed.Fields[i]);
            if (reason != DropReason.None) Refuse(passed.Packets[i], reason);
            else if (port >= 0) transmit.ToInterface(passed.Packets[i], port);
            else passed.Move(i, passed.Count++);
        }
    }

    private void Refuse(in Packet packet, DropReason reason)
    {
        Count(packet.Tag);
        context.Drop(packet, reason);
    }

    /// <summary>A drop of an SA; where several workers open its packets, each has a counter.</summary>
    private void Count(uint slot)
    {
        ref var state = ref context.Region.InboundState(slot);
        if (context.Region.InboundSa(slot).SenderIdBits == 0) state.OtherDrops++;
        else GroupSaCounters.Of(ref state, context.Index).OtherDrops++;
    }
}

/// <inheritdoc/>
internal sealed class Decapsulation<TKernel>(WorkerContext context, InboundPolicy policy, PacketBatch passed, Transmit transmit, OtherSa other, EspInbound<TKernel> esp)
    : Decapsulation(context, policy, passed, transmit, other)
    where TKernel : struct, IAesGcmKernel
{
    /// <inheritdoc/>
    protected override void Decapsulate(Span<Packet> batch, Span<EspResult> outcome, ReadOnlySpan<uint> known, long tick)
    {
        esp.Decapsulate(batch, outcome, tick, known);
        if (esp.Moves.Length != 0) Report(esp.Moves);
    }
}
