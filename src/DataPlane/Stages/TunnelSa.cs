using System.Runtime.CompilerServices;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane;

/// <summary>What <see cref="TunnelSa.Check"/> found.</summary>
internal enum TunnelSaState
{
    /// <summary>An SA that can send.</summary>
    Ready,

    /// <summary>The tunnel is gone.</summary>
    NoTunnel,

    /// <summary>No SA, or its neighbour is not known: wait.</summary>
    NoSa,

    /// <summary>The SA's time is over.</summary>
    Expired,
}

/// <summary>The outbound SA of a tunnel for this worker (RFC 4301 §5.1), and what happens when there is none: an acquire event, and the packet is held.</summary>
internal sealed class TunnelSa(WorkerContext context, Holds holds, Transmit transmit)
{
    private readonly long[] raisedAt = new long[context.Region.Counts.Tunnels];
    private readonly Region region = context.Region;

    /// <summary>The slot that the tunnel names for this worker; nothing is known of it yet.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint SlotOf(uint tunnel) => tunnel < (uint)region.Counts.Tunnels ? Volatile.Read(ref region.Tunnel(tunnel).OutboundSas[context.Index]) : TunnelRecord.NoSa;

    /// <summary>Whether the SA in a slot can carry packets of a tunnel now. The caller still checks who owns it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TunnelSaState Check(uint tunnel, uint slot)
    {
        if (tunnel >= (uint)region.Counts.Tunnels || Volatile.Read(ref region.Tunnel(tunnel).State) != SlotState.Live) return TunnelSaState.NoTunnel;
        if (slot >= (uint)region.Counts.OutboundSas) return TunnelSaState.NoSa;
        ref var sa = ref region.OutboundSa(slot);
        if (Volatile.Read(ref sa.State) != SlotState.Live || sa.Tunnel != tunnel) return TunnelSaState.NoSa;
        if (sa.ExpiresAt != 0 && context.Tick >= sa.ExpiresAt) return TunnelSaState.Expired;
        return transmit.Check(sa.Adjacency) == DropReason.None ? TunnelSaState.Ready : TunnelSaState.NoSa;
    }

    /// <summary>A packet for a tunnel that cannot send: asks the slow path for what is missing, and holds or drops the packet.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Miss(in Packet packet, in PacketFields fields, uint tunnel, TunnelSaState why, uint slot)
    {
        if (why == TunnelSaState.NoTunnel)
        {
            context.Drop(packet, DropReason.NoTunnelForPolicy);
            return;
        }

        if (context.Tick - raisedAt[tunnel] >= Tuning.AcquireMilliseconds || raisedAt[tunnel] == 0)
        {
            raisedAt[tunnel] = context.Tick;
            Raise(packet, fields, tunnel, why, slot);
        }

        if (why == TunnelSaState.Expired) CountExpired(packet, slot);
        else if (region.Tunnel(tunnel).HoldOnMiss != 0) holds.ForTunnel(packet, tunnel, DropReason.NoOutboundSa);
        else context.Drop(packet, DropReason.NoOutboundSa);
    }

    private void CountExpired(in Packet packet, uint slot)
    {
        if (region.OutboundSa(slot).Worker == context.Index) region.OutboundState(slot).Drops++;
        context.Drop(packet, DropReason.SaExpired);
    }

    private void Raise(in Packet packet, in PacketFields fields, uint tunnel, TunnelSaState why, uint slot)
    {
        var record = new EventRecord
        {
            Kind = EventKind.Acquire,
            Tunnel = tunnel,
            Sa = slot,
            Port = packet.InPort,
            Protocol = fields.Protocol,
            Source = fields.Source(),
            Destination = fields.Destination(),
            SourcePort = fields.SourcePort,
            DestinationPort = fields.DestinationPort,
        };
        if (slot < (uint)region.Counts.OutboundSas && region.OutboundSa(slot).State == SlotState.Live) Describe(ref record, why, region.OutboundSa(slot));
        context.Raise(ref record);
    }

    /// <summary>There is an SA: either it expired, or the next hop of its outer packets is not known.</summary>
    private void Describe(ref EventRecord record, TunnelSaState why, in OutboundSa sa)
    {
        record.Generation = sa.Generation;
        record.Spi = sa.Spi;
        record.Kind = why == TunnelSaState.Expired ? EventKind.HardExpire : EventKind.NeighbourNeeded;
        if (why == TunnelSaState.Expired) return;
        record.Destination = sa.Destination;
        if (sa.Adjacency >= (uint)region.Counts.Adjacencies) return;
        ref var adjacency = ref region.Adjacency(sa.Adjacency);
        record.Port = adjacency.Port;
        if (!adjacency.Neighbour.IsAny) record.Destination = adjacency.Neighbour;
    }
}
