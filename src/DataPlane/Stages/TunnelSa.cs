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

    /// <summary>The SA is a multi-point one, and the packet's route names no member behind its tunnel.</summary>
    NoMember,
}

/// <summary>The outbound SA of a tunnel for this worker (RFC 4301 §5.1), and what happens when there is none: an acquire event, and the packet is held.</summary>
internal sealed class TunnelSa(WorkerContext context, Holds holds, Transmit transmit)
{
    /// <summary>No adjacency: the packet's route names no member.</summary>
    public const uint NoWay = uint.MaxValue;

    private readonly long[] raisedAt = new long[context.Region.Counts.Tunnels];
    private readonly Region region = context.Region;
    private TokenBucket memberEvents = new(Tuning.EventsPerSecond, Tuning.EventBurst);

    /// <summary>The slot that the tunnel names for this worker; nothing is known of it yet.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint SlotOf(uint tunnel) => tunnel < (uint)region.Counts.Tunnels ? Volatile.Read(ref region.Tunnel(tunnel).OutboundSas[context.Index]) : TunnelRecord.NoSa;

    /// <summary>
    /// Whether the SA in a slot can carry packets of a tunnel now, by which adjacency. The next hop of the packet's route counts for a multi-point SA, which has no neighbour of its own.
    /// The caller still checks who owns it.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TunnelSaState Check(uint tunnel, uint slot, uint hop, out uint adjacency)
    {
        adjacency = NoWay;
        var state = CheckSa(tunnel, slot);
        if (state != TunnelSaState.Ready) return state;
        adjacency = WayOut(region.OutboundSa(slot), hop);
        if (transmit.Check(adjacency) == DropReason.None) return TunnelSaState.Ready;
        return adjacency == NoWay ? TunnelSaState.NoMember : TunnelSaState.NoSa;
    }

    /// <summary>The same, wherever its packets shall go.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TunnelSaState CheckSa(uint tunnel, uint slot)
    {
        if (tunnel >= (uint)region.Counts.Tunnels || Volatile.Read(ref region.Tunnel(tunnel).State) != SlotState.Live) return TunnelSaState.NoTunnel;
        if (slot >= (uint)region.Counts.OutboundSas) return TunnelSaState.NoSa;
        ref var sa = ref region.OutboundSa(slot);
        if (Volatile.Read(ref sa.State) != SlotState.Live || sa.Tunnel != tunnel) return TunnelSaState.NoSa;
        return sa.ExpiresAt != 0 && context.Tick >= sa.ExpiresAt ? TunnelSaState.Expired : TunnelSaState.Ready;
    }

    /// <summary>The adjacency that an SA's packets to a next hop leave by; <see cref="NoWay"/> where the SA is a multi-point one and the next hop no member behind its tunnel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint WayOut(in OutboundSa sa, uint hop) => (sa.Flags & SaFlags.MultiPoint) == 0 ? sa.Adjacency : WayToMember(sa.Tunnel, hop);

    // A member whose neighbour is not known has no adjacency that there is.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private uint WayToMember(uint tunnel, uint hop) => IsMember(tunnel, hop) ? Math.Min(Volatile.Read(ref region.NextHop(hop).Adjacency), NoWay - 1) : NoWay;

    /// <summary>Whether a next hop is a member that lies behind a tunnel.</summary>
    private bool IsMember(uint tunnel, uint hop)
    {
        if (hop >= (uint)region.Counts.NextHops) return false;
        ref var record = ref region.NextHop(hop);
        return Volatile.Read(ref record.State) == SlotState.Live && record.Kind == NextHopKind.Tunnel && record.Tunnel == tunnel && !record.Address.IsAny;
    }

    /// <summary>A packet for a tunnel that cannot send: asks the slow path for what is missing, and holds or drops the packet.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Miss(in Packet packet, in PacketFields fields, uint tunnel, TunnelSaState why, uint slot, uint hop)
    {
        if (why is TunnelSaState.NoTunnel or TunnelSaState.NoMember)
        {
            context.Drop(packet, DropReason.NoTunnelForPolicy);
            return;
        }

        Ask(packet, fields, tunnel, why, slot, hop);
        if (why == TunnelSaState.Expired) CountExpired(packet, slot);
        else if (region.Tunnel(tunnel).HoldOnMiss != 0) holds.ForTunnel(packet, fields, tunnel, DropReason.NoOutboundSa);
        else context.Drop(packet, DropReason.NoOutboundSa);
    }

    /// <summary>Asks the slow path for what is missing, if it is time to.</summary>
    public void Ask(in Packet packet, in PacketFields fields, uint tunnel, TunnelSaState why, uint slot, uint hop)
    {
        if (MayRaise(tunnel, why, slot)) Raise(packet, fields, tunnel, why, slot, hop);
    }

    /// <summary>Once a second for each tunnel; but the members behind one have neighbours of their own, and each is asked for.</summary>
    private bool MayRaise(uint tunnel, TunnelSaState why, uint slot)
    {
        if (why == TunnelSaState.NoSa && LiveSa(slot) && (region.OutboundSa(slot).Flags & SaFlags.MultiPoint) != 0) return memberEvents.TryTake(context.Tick);
        if (context.Tick - raisedAt[tunnel] < Tuning.AcquireMilliseconds && raisedAt[tunnel] != 0) return false;
        raisedAt[tunnel] = context.Tick;
        return true;
    }

    private bool LiveSa(uint slot) => slot < (uint)region.Counts.OutboundSas && region.OutboundSa(slot).State == SlotState.Live;

    private void CountExpired(in Packet packet, uint slot)
    {
        if (region.OutboundSa(slot).Worker == context.Index) region.OutboundState(slot).Drops++;
        context.Drop(packet, DropReason.SaExpired);
    }

    private void Raise(in Packet packet, in PacketFields fields, uint tunnel, TunnelSaState why, uint slot, uint hop)
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
        if (LiveSa(slot)) Describe(ref record, why, region.OutboundSa(slot), hop);
        context.Raise(ref record);
    }

    /// <summary>There is an SA: either it expired, or the next hop of its outer packets is not known.</summary>
    private void Describe(ref EventRecord record, TunnelSaState why, in OutboundSa sa, uint hop)
    {
        record.Generation = sa.Generation;
        record.Spi = sa.Spi;
        record.Kind = why == TunnelSaState.Expired ? EventKind.HardExpire : EventKind.NeighbourNeeded;
        if (why == TunnelSaState.Expired) return;
        var isMember = (sa.Flags & SaFlags.MultiPoint) != 0 && IsMember(sa.Tunnel, hop);
        record.Destination = isMember ? region.NextHop(hop).Address : sa.Destination;
        var slot = isMember ? region.NextHop(hop).Adjacency : sa.Adjacency;
        if (slot >= (uint)region.Counts.Adjacencies) return;
        ref var adjacency = ref region.Adjacency(slot);
        record.Port = adjacency.Port;
        if (!adjacency.Neighbour.IsAny) record.Destination = adjacency.Neighbour;
    }
}
