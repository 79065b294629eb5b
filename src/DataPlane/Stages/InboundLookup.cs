using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane;

/// <summary>
/// Finds the SA of each ESP packet (RFC 4301 §4.1: longest match of SPI, destination, source), in passes so that lookups and records overlap
/// in memory, and sends packets of other workers' SAs there.
/// </summary>
internal sealed class InboundLookup(WorkerContext context, Steering steering, Decapsulation decapsulation)
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

        for (var i = 0; i < batch.Count; i++) Pass(batch.Packets[i], batch.Fields[i], batch.Routes[i], batch.Tunnels[i]);
        batch.Count = 0;
    }

    private void Pass(in Packet packet, in PacketFields fields, uint spi, uint slot)
    {
        if (slot >= (uint)region.Counts.InboundSas)
        {
            Unknown(packet, fields, spi);
            return;
        }

        ref var sa = ref region.InboundSa(slot);
        if (Volatile.Read(ref sa.State) != SlotState.Live || sa.Spi != spi) Unknown(packet, fields, spi);
        else if (sa.Worker == context.Index) decapsulation.Add(packet, slot);
        else steering.Send(packet, sa.Worker, HandOffKind.Decapsulate, slot, sa.Generation);
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
