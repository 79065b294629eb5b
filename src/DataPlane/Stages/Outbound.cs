using System.Runtime.CompilerServices;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane;

/// <summary>
/// What happens to an inner packet on its way into a tunnel: SA, TTL, checksum, MSS, size, and the worker that owns the SA. What comes
/// out is ready to be encapsulated.
/// </summary>
internal sealed class Outbound(WorkerContext context, TunnelSa tunnelSa, IcmpErrors icmp, Fragmenter fragmenter, Steering steering, Encapsulation encapsulation)
{
    private readonly Region region = context.Region;

    /// <summary>
    /// Takes the first rows of a batch, whose tunnels <see cref="Forwarding"/> has found. In passes: while the SA of one packet is loaded, that of the next is looked up.
    /// </summary>
    public void Run(PacketBatch batch, int count)
    {
        var packets = batch.Packets.AsSpan(0, count);
        var tunnels = batch.Tunnels.AsSpan(0, count);
        var slots = batch.Sas.AsSpan(0, count);
        var last = TunnelRecord.NoSa;
        for (var i = 0; i < tunnels.Length; i++)
        {
            var slot = tunnelSa.SlotOf(tunnels[i]);
            slots[i] = slot;
            if (slot == last) continue;
            last = slot;
            region.PrefetchOutbound(slot);
        }

        for (var i = 0; i < packets.Length; i++) Take(ref packets[i], batch.Fields[i], tunnels[i], slots[i], batch.Routes[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Take(ref Packet packet, in PacketFields fields, uint tunnel, uint slot, uint hop)
    {
        if ((packet.Flags & PacketFlags.Decapsulated) != 0 && IsBackIntoGroup(packet, tunnel))
        {
            context.Drop(packet, DropReason.GroupTransit);
            return;
        }

        var state = tunnelSa.Check(tunnel, slot, hop, out var adjacency);
        if (state != TunnelSaState.Ready)
        {
            tunnelSa.Miss(packet, fields, tunnel, state, slot, hop);
            return;
        }

        ref var sa = ref region.OutboundSa(slot);
        if ((sa.Flags & SaFlags.CheckSelectors) != 0 && !SpdMatch.MatchesAny(region, sa.SelectorStart, sa.SelectorCount, fields, inbound: false))
        {
            // The peer would drop it (RFC 4301 5.2 step 4). There is one child at a time here: asking for another would take this one's place.
            context.Drop(packet, DropReason.OutsideSelectors);
            return;
        }

        if (!TimeToLive.TryDecrement(context, packet, fields))
        {
            icmp.TimeExceeded(packet, fields);
            return;
        }

        ref var record = ref region.Tunnel(tunnel);
        if ((packet.Flags & PacketFlags.ChecksumPartial) != 0) Complete(ref packet, fields);
        if (fields.Protocol == IpProtocol.Tcp) TcpMss.Clamp(context.Memory.Span(packet), fields, fields.Family == 4 ? record.MssClampV4 : record.MssClampV6);
        int mtu = record.InnerMtu;
        if (packet.Length > mtu && mtu != 0 && !(fields.Family == 6 && packet.Length <= SpecConstants.MinimumMtuV6)) Shorten(packet, fields, mtu, slot, ref sa, hop, adjacency);
        else Hand(ref packet, slot, ref sa, hop, adjacency);
    }

    /// <summary>
    /// Whether a packet came out of the group that it is about to go into. The outer destination of ESP is not authenticated: who leads a packet of one member to a third would have it delivered
    /// a second time, under the third's Sender-ID, past the window of the first (RFC 4303 §3.4.3).
    /// </summary>
    private bool IsBackIntoGroup(in Packet packet, uint tunnel)
    {
        if (tunnel >= (uint)region.Counts.Tunnels || region.Tunnel(tunnel).Group is not (var group and not 0) || packet.Tag >= (uint)region.Counts.InboundSas) return false;
        var from = region.InboundSa(packet.Tag).Tunnel;
        return from < (uint)region.Counts.Tunnels && region.Tunnel(from).Group == group;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Complete(ref Packet packet, in PacketFields fields)
    {
        packet.Flags &= ~PacketFlags.ChecksumPartial;
        _ = TransportChecksum.Complete(context.Memory.Span(packet), fields);
    }

    /// <summary>Too long for the tunnel: cut where that is allowed, else the sender is told (RFC 4301 §8.2.1).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Shorten(in Packet packet, in PacketFields fields, int mtu, uint slot, ref OutboundSa sa, uint hop, uint adjacency)
    {
        if (fields.DontFragment)
        {
            icmp.TooBig(packet, fields, mtu);
            return;
        }

        var reason = fragmenter.TryCut(packet, mtu, out var pieces);
        if (reason != DropReason.None) context.Drop(packet, reason);
        foreach (var piece in pieces)
        {
            var own = piece;
            Hand(ref own, slot, ref sa, hop, adjacency);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Hand(ref Packet packet, uint slot, ref OutboundSa sa, uint hop, uint adjacency)
    {
        if (!Frames.TryMakeRoom(context.Pool, ref packet, Tuning.TailRoom + sa.TfcMultiple))
        {
            context.Drop(packet, DropReason.NoFrame);
            return;
        }

        // Sequence number and IV have one writer. Of a multi-point SA each worker has a record of its own, with another Sender-ID: nothing is handed over.
        if (sa.Worker == context.Index) encapsulation.Add(packet, slot, adjacency, hop);
        else steering.Send(packet, sa.Worker, HandOffKind.Encapsulate, slot, sa.Generation, hop);
    }
}
