using Appliance.Esp;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane;

/// <summary>
/// Packets addressed to this machine: fragments are joined first; ESP, raw or in UDP (RFC 3948), goes to its SA; keepalives and ICMP errors about our ESP end
/// here; everything else is the host's own and goes to it.
/// </summary>
internal sealed class LocalInput(WorkerContext context, InboundLookup lookup, Reassembler reassembler, PathMtu pathMtu, Transmit transmit)
{
    /// <summary>Sorts every packet of a batch and empties it.</summary>
    public void Run(PacketBatch local)
    {
        for (var i = 0; i < local.Count; i++) Sort(local.Packets[i], ref local.Fields[i]);
        local.Count = 0;
        lookup.Flush();
    }

    /// <summary>A fragment that another worker handed over.</summary>
    public void TakeFragment(in Packet packet)
    {
        var fragment = packet;
        var reason = Headers.Read(context.Memory, ref fragment, out var fields);
        if (reason != DropReason.None) context.Drop(fragment, reason);
        else if (reassembler.Join(ref fragment, ref fields)) SortWhole(fragment, fields);
    }

    private void Sort(Packet packet, ref PacketFields fields)
    {
        if ((packet.Flags & PacketFlags.Injected) != 0) context.Drop(packet, DropReason.RouteDiscard);
        else if (!fields.IsFragment || reassembler.Join(ref packet, ref fields)) SortWhole(packet, fields);
    }

    private void SortWhole(in Packet packet, in PacketFields fields)
    {
        switch (fields.Protocol)
        {
            case IpProtocol.Esp:
                lookup.Add(packet, fields, fields.HeaderLength);
                break;
            case IpProtocol.Udp when fields.HasPorts && fields.DestinationPort == SpecConstants.NatTraversalPort:
                SortUdp(packet, fields);
                break;
            case IpProtocol.Icmp or IpProtocol.IcmpV6:
                SortIcmp(packet, fields);
                break;
            default:
                transmit.ToHost(packet);
                break;
        }
    }

    /// <summary>RFC 3948 §2: four zero octets mark IKE, a single 0xff is a keepalive, everything else is ESP.</summary>
    private void SortUdp(in Packet packet, in PacketFields fields)
    {
        var payload = fields.HeaderLength + UdpView.HeaderLength;
        var length = packet.Length - payload;
        if (length < 1)
        {
            context.Drop(packet, DropReason.BadTransportHeader);
            return;
        }

        ref var at = ref context.Memory.At(packet.Address + (uint)payload);
        if (NatKeepalive.Is(context.Memory.Span(packet)[payload..])) context.Absorb(packet);
        else if (length < 4) context.Drop(packet, DropReason.EspMalformed);
        else if (BigEndian.U32(ref at, 0) == 0) transmit.ToHost(packet);
        else lookup.Add(packet, fields, payload);
    }

    private void SortIcmp(in Packet packet, in PacketFields fields)
    {
        switch (pathMtu.Consider(packet, fields))
        {
            case IcmpVerdict.NotOurs:
                transmit.ToHost(packet);
                break;
            case IcmpVerdict.Believed:
                context.Absorb(packet);
                break;
            default:
                context.Drop(packet, DropReason.IcmpNotBelievable);
                break;
        }
    }
}
