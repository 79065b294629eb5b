using System.Runtime.CompilerServices;
using Appliance.Crypto;
using Appliance.Esp;
using Appliance.Shared;

namespace Appliance.DataPlane;

/// <summary>
/// Collects inner packets until there is a batch, has ESP encapsulate them, and sends what comes out to the neighbour of each SA. The kernel is a generic
/// argument of the class below; one virtual call a batch leads there.
/// </summary>
internal abstract class Encapsulation(WorkerContext context, Transmit transmit, Fragmenter fragmenter)
{
    private readonly Packet[] packets = new Packet[PacketBatch.Size];
    private readonly DropReason[] reasons = new DropReason[PacketBatch.Size];
    private readonly uint[] adjacencies = new uint[PacketBatch.Size];
    private readonly uint[] hops = new uint[PacketBatch.Size];
    private int count;

    /// <summary>
    /// Adds a packet for the outbound SA in a slot, which this worker owns and has seen live in this round, and for a neighbour, who was known. The next hop of its route names the outer
    /// destination under a multi-point SA.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(in Packet packet, uint slot, uint adjacency, uint hop)
    {
        if (count == packets.Length) Flush();
        packets[count] = packet;
        packets[count].Tag = slot;
        hops[count] = hop;
        adjacencies[count++] = adjacency;
    }

    /// <summary>Encapsulates and sends what was collected.</summary>
    public void Flush()
    {
        if (count == 0) return;
        var batch = packets.AsSpan(0, count);
        count = 0;
        Encapsulate(batch, reasons, hops, context.Tick);
        for (var i = 0; i < batch.Length; i++)
        {
            if (reasons[i] != DropReason.None)
            {
                context.Drop(batch[i], reasons[i]);
                continue;
            }

            Send(batch[i], adjacencies[i]);
        }
    }

    /// <summary>Sends an outer packet to a neighbour who is known.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Send(in Packet packet, uint adjacency)
    {
        int mtu = context.Region.Adjacency(adjacency).Mtu;
        if (packet.Length <= mtu || mtu == 0) transmit.ToNeighbour(packet, adjacency);
        else SendInPieces(packet, adjacency, mtu);
    }

    /// <summary>Encapsulates a batch at once: a slot of an outbound SA stands in each packet's tag, its next hop beside it.</summary>
    public abstract void Encapsulate(Span<Packet> batch, Span<DropReason> outcome, ReadOnlySpan<uint> hops, long tick);

    /// <summary>Tells the slow path about SAs that came to a limit.</summary>
    protected void Report(ReadOnlySpan<SaExpiry> expiries)
    {
        foreach (ref readonly var expiry in expiries)
        {
            ref var sa = ref context.Region.OutboundSa(expiry.Slot);
            var record = new EventRecord
            {
                Kind = expiry.IsHard ? EventKind.HardExpire : EventKind.SoftExpire,
                Sa = expiry.Slot,
                Tunnel = sa.Tunnel,
                Generation = sa.Generation,
                Spi = sa.Spi,
                Value = expiry.Sequence,
            };
            context.Raise(ref record);
        }
    }

    /// <summary>The outer packet is our own, so it may be cut where its DF bit is clear (RFC 4301 appendix D).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void SendInPieces(in Packet packet, uint adjacency, int mtu)
    {
        var reason = fragmenter.TryCut(packet, mtu, out var pieces);
        if (reason != DropReason.None) context.Drop(packet, reason == DropReason.CannotFragment ? DropReason.TooBig : reason);
        foreach (ref readonly var piece in pieces) transmit.ToNeighbour(piece, adjacency);
    }
}

/// <inheritdoc/>
internal sealed class Encapsulation<TKernel>(WorkerContext context, Transmit transmit, Fragmenter fragmenter, EspOutbound<TKernel> esp)
    : Encapsulation(context, transmit, fragmenter)
    where TKernel : struct, IAesGcmKernel
{
    /// <inheritdoc/>
    public override void Encapsulate(Span<Packet> batch, Span<DropReason> outcome, ReadOnlySpan<uint> hops, long tick)
    {
        esp.Encapsulate(batch, outcome, tick, hops);
        if (esp.Expiries.Length != 0) Report(esp.Expiries);
    }
}
