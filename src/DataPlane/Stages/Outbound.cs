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

    /// <summary>Takes a packet that policy sends into a tunnel.</summary>
    public void Take(Packet packet, ref PacketFields fields, uint tunnel)
    {
        var state = tunnelSa.Pick(tunnel, out var slot);
        if (state != TunnelSaState.Ready)
        {
            tunnelSa.Miss(packet, fields, tunnel, state, slot);
            return;
        }

        if (!TimeToLive.TryDecrement(context, packet, fields))
        {
            icmp.TimeExceeded(packet, fields);
            return;
        }

        ref var record = ref region.Tunnel(tunnel);
        ref var sa = ref region.OutboundSa(slot);
        if ((packet.Flags & PacketFlags.ChecksumPartial) != 0)
        {
            packet.Flags &= ~PacketFlags.ChecksumPartial;
            _ = TransportChecksum.Complete(context.Memory.Span(packet), fields);
        }

        if (fields.Protocol == IpProtocol.Tcp) TcpMss.Clamp(context.Memory.Span(packet), fields, fields.Family == 4 ? record.MssClampV4 : record.MssClampV6);
        int mtu = record.InnerMtu;
        if (packet.Length > mtu && mtu != 0 && !(fields.Family == 6 && packet.Length <= SpecConstants.MinimumMtuV6)) Shorten(packet, fields, mtu, slot, ref sa);
        else Hand(packet, slot, ref sa);
    }

    /// <summary>Too long for the tunnel: cut where that is allowed, else the sender is told (RFC 4301 §8.2.1).</summary>
    private void Shorten(in Packet packet, in PacketFields fields, int mtu, uint slot, ref OutboundSa sa)
    {
        if (fields.DontFragment)
        {
            icmp.TooBig(packet, fields, mtu);
            return;
        }

        var reason = fragmenter.TryCut(packet, mtu, out var pieces);
        if (reason != DropReason.None) context.Drop(packet, reason);
        foreach (ref readonly var piece in pieces) Hand(piece, slot, ref sa);
    }

    private void Hand(Packet packet, uint slot, ref OutboundSa sa)
    {
        if (!Frames.TryMakeRoom(context.Pool, ref packet, Tuning.TailRoom + sa.TfcMultiple))
        {
            context.Drop(packet, DropReason.NoFrame);
            return;
        }

        if (sa.Worker == context.Index || (sa.Flags & SaFlags.MultiPoint) != 0) encapsulation.Add(packet, slot);
        else steering.Send(packet, sa.Worker, HandOffKind.Encapsulate, slot, sa.Generation);
    }
}
