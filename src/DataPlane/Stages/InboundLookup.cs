using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane;

/// <summary>
/// Finds the SA of each ESP packet (RFC 4301 §4.1: longest match of SPI, destination, source), in passes so that lookups and records overlap
/// in memory, and sends packets of other workers' SAs there; those of a multi-point SA to the worker that has their sender's window.
/// </summary>
internal sealed class InboundLookup(WorkerContext context, Steering steering, Decapsulation decapsulation, SenderOwner owners)
{
    private readonly Region region = context.Region;
    private readonly PacketBatch batch = new(PacketBatch.Size);
    private TokenBucket unknownSpiEvents = new(Tuning.EventsPerSecond, Tuning.EventBurst);

    /// <summary>Adds a packet that starts at its outer IP header and carries ESP at <paramref name="espOffset"/>.</summary>
    public void Add(in Packet packet, in PacketFields fields, int espOffset)
    {
        if (packet.Depth >= SpecConstants.MaximumDepth)
        {
            context.Drop(packet, DropReason.NestedTooDeep);
            return;
        }

        if (espOffset > packet.Length - EspView.HeaderLength)
        {
            context.Drop(packet, DropReason.EspMalformed);
            return;
        }

        if (batch.Count == batch.Capacity) Flush();
        var spi = BigEndian.U32(ref context.Memory.At(packet.Address), espOffset);
        region.SaLookup.Prefetch(spi);
        batch.Routes[batch.Count] = spi;
        batch.Add(packet, fields);
    }

    /// <summary>Looks up what was collected and passes it on.</summary>
    public void Flush()
    {
        var last = TunnelRecord.NoSa;
        for (var i = 0; i < batch.Count; i++)
        {
            ref var fields = ref batch.Fields[i];
            var slot = region.SaLookup.Find(batch.Routes[i], fields.Destination(), fields.Source());
            batch.Tunnels[i] = slot;
            if (slot == last) continue;
            last = slot;
            region.PrefetchInbound(slot);
        }

        var ofSenders = 0;
        for (var i = 0; i < batch.Count; i++) Pass(i, ref ofSenders);
        if (ofSenders != 0) PassBySender(ofSenders);
        batch.Count = 0;
    }

    private void Pass(int row, ref int ofSenders)
    {
        ref var packet = ref batch.Packets[row];
        var slot = batch.Tunnels[row];
        if (slot >= (uint)region.Counts.InboundSas)
        {
            Unknown(packet, batch.Fields[row], batch.Routes[row]);
            return;
        }

        ref var sa = ref region.InboundSa(slot);
        if (Volatile.Read(ref sa.State) != SlotState.Live || sa.Spi != batch.Routes[row]) Unknown(packet, batch.Fields[row], batch.Routes[row]);
        else if (sa.SenderIdBits != 0 && owners.TryRead(packet, SenderOwner.EspOffset(batch.Fields[row]), sa, out var senderId)) PutAside(row, ofSenders++, slot, senderId);
        else if (sa.Worker == context.Index) decapsulation.Add(packet, slot);
        else steering.Send(packet, sa.Worker, HandOffKind.Decapsulate, slot, sa.Generation);
    }

    /// <summary>Packets of multi-point SAs move to the front of the batch; their senders are found together.</summary>
    private void PutAside(int row, int to, uint slot, uint senderId)
    {
        batch.Move(row, to);
        batch.Sas[to] = senderId;
        region.Senders.Prefetch(slot, senderId);
    }

    private void PassBySender(int rows)
    {
        for (var i = 0; i < rows; i++) region.Senders.PrefetchFirst(batch.Tunnels[i], batch.Sas[i]);
        for (var i = 0; i < rows; i++)
        {
            var slot = batch.Tunnels[i];
            ref var sa = ref region.InboundSa(slot);
            var owner = owners.Find(slot, sa, batch.Sas[i], out var sender);
            if (owner == context.Index) decapsulation.Add(batch.Packets[i], slot, sender);
            else steering.Send(batch.Packets[i], owner, HandOffKind.Decapsulate, slot, sa.Generation, sender);
        }
    }

    private void Unknown(in Packet packet, in PacketFields fields, uint spi)
    {
        if (unknownSpiEvents.TryTake(context.Tick))
        {
            var record = new EventRecord { Kind = EventKind.UnknownSpi, Port = packet.InPort, Protocol = fields.Protocol, Spi = spi, Source = fields.Source(), Destination = fields.Destination() };
            context.Raise(ref record);
        }

        context.Drop(packet, DropReason.UnknownSpi);
    }
}
