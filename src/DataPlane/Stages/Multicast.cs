using System.Numerics;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane;

/// <summary>
/// Multicast inside a group (RFC 1812 §5.3.5.4; replicated by the sender). What hosts here send goes to every member that wants it, never to another port here; what comes out of a tunnel goes to the
/// ports whose hosts want it, never back into a tunnel. Outside of that nothing is forwarded: there is no way for it in the clear.
/// </summary>
internal sealed class Multicast(WorkerContext context, WorkerPorts ports, Spd spd, Router router, Transmit transmit, Fragmenter fragmenter, IcmpErrors icmp, Replication replication)
{
    /// <summary>Decides about a packet with <see cref="PacketFlags.Multicast"/>, whose route is in a slot.</summary>
    public void Take(in Packet packet, in PacketFields fields, uint slot)
    {
        if (router.NextHop(slot).Kind != NextHopKind.Replicate)
        {
            context.Drop(packet, DropReason.NotForwardable);
        }
        else if ((packet.Flags & PacketFlags.Decapsulated) != 0)
        {
            ToPorts(packet, fields, Volatile.Read(ref context.Region.Replicate(slot).Ports));
        }
        else if (!ports.IsProtected(packet.InPort))
        {
            context.Drop(packet, DropReason.NotForwardable);
        }
        else
        {
            var reason = Policy(fields);
            if (reason != DropReason.None) context.Drop(packet, reason);
            else replication.Add(packet, fields, slot);
        }
    }

    /// <summary>Outbound (RFC 4301 §5.1 step 2): the first rule that matches, and only one that protects by route lets it pass.</summary>
    private DropReason Policy(in PacketFields fields)
    {
        var index = spd.Find(fields, inbound: false);
        if (index != Spd.None && spd.Rule(index).OnlyPlain != 0) index = spd.FindAfter(index, fields, inbound: false);
        if (index == Spd.None) return DropReason.NoPolicy;
        ref readonly var rule = ref spd.Rule(index);
        return rule.Action switch
        {
            SpdAction.Protect => rule.Tunnel == SpdRule.ByRoute ? DropReason.None : DropReason.NoTunnelForPolicy,
            SpdAction.Bypass => DropReason.BypassOfProtected,
            _ => DropReason.PolicyDiscard,
        };
    }

    /// <summary>Out of a tunnel: to each port of the mask that is inside.</summary>
    private void ToPorts(in Packet packet, in PacketFields fields, uint mask)
    {
        for (var rest = mask; rest != 0; rest &= rest - 1)
        {
            var port = BitOperations.TrailingZeroCount(rest);
            if (!ports.IsProtected(port) || ports.IsInterface(port)) mask &= ~(1u << port);
        }

        if (mask == 0)
        {
            context.Drop(packet, DropReason.NotWanted);
            return;
        }

        if (!TimeToLive.TryDecrement(context, packet, fields))
        {
            icmp.TimeExceeded(packet, fields);
            return;
        }

        for (; (mask & (mask - 1)) != 0; mask &= mask - 1)
            if (Frames.TryCopy(context, packet, out var copy))
                ToPort(copy, fields, BitOperations.TrailingZeroCount(mask));
        ToPort(packet, fields, BitOperations.TrailingZeroCount(mask));
    }

    private void ToPort(in Packet packet, in PacketFields fields, int port)
    {
        int mtu = context.Region.Port(port).Mtu;
        if (packet.Length <= mtu || mtu == 0)
        {
            transmit.ToGroup(packet, port, fields);
            return;
        }

        // The sender is not told: RFC 1812 4.3.2.7 forbids it for IPv4, and an IPv6 link inside takes what the tunnel took.
        if (fields.DontFragment)
        {
            context.Drop(packet, DropReason.TooBig);
            return;
        }

        var reason = fragmenter.TryCut(packet, mtu, out var pieces);
        if (reason != DropReason.None) context.Drop(packet, reason);
        foreach (ref readonly var piece in pieces) transmit.ToGroup(piece, port, fields);
    }
}
