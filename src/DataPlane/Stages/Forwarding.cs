using System.Runtime.CompilerServices;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane;

/// <summary>
/// Policy and route together (RFC 4301 §5.1): every packet that is not for this machine leaves in the clear, goes into a tunnel, goes to the host, or is dropped. Nothing
/// leaves in the clear that no rule says BYPASS for, except from a tunnel to a protected port, and between the machine itself and a protected port.
/// </summary>
internal sealed class Forwarding(WorkerContext context, WorkerPorts ports, Spd spd, Router router, Transmit transmit, Outbound outbound, Holds holds, IcmpErrors icmp, Fragmenter fragmenter, Multicast multicast)
{
    private const uint Settled = uint.MaxValue;
    private TokenBucket neighbourEvents = new(Tuning.EventsPerSecond, Tuning.EventBurst);

    /// <summary>Decides about every packet of a batch that <see cref="Router"/> has been over, and empties it. Those for tunnels go on together.</summary>
    public void Run(PacketBatch batch)
    {
        var tunnelled = 0;
        var last = Settled;
        for (var i = 0; i < batch.Count; i++)
        {
            if ((batch.Packets[i].Flags & PacketFlags.Multicast) != 0)
            {
                multicast.Take(batch.Packets[i], batch.Fields[i], batch.Routes[i]);
                continue;
            }

            ref readonly var route = ref router.NextHop(batch.Routes[i]);
            var tunnel = Decide(batch.Packets[i], batch.Fields[i], route);
            if (tunnel == Settled) continue;
            batch.Move(i, tunnelled);
            batch.Tunnels[tunnelled++] = tunnel;
            if (tunnel != last) context.Region.PrefetchTunnel(tunnel);
            last = tunnel;
        }

        outbound.Run(batch, tunnelled);
        batch.Count = 0;
    }

    /// <summary>The tunnel that the packet goes into, or <see cref="Settled"/> when its fate is decided otherwise.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint Decide(in Packet packet, in PacketFields fields, in NextHopRecord route)
    {
        const PacketFlags ours = PacketFlags.Injected | PacketFlags.Originated | PacketFlags.Decapsulated;
        if ((packet.Flags & ours) == 0)
        {
            if (ports.IsProtected(packet.InPort)) return FromInside(packet, fields, route);
            FromOutside(packet, fields, route);
            return Settled;
        }

        if ((packet.Flags & PacketFlags.Injected) != 0 && ports.IsInterface(packet.InPort)) return FromInterface(packet, fields);
        if (!IsDoneWithPolicy(packet, route)) return FromInside(packet, fields, route);
        Deliver(packet, fields, route);
        return Settled;
    }

    /// <summary>True where the packet does not cross the boundary outwards: what a tunnel brought for a protected port, and our own ICMP errors to one.</summary>
    private bool IsDoneWithPolicy(in Packet packet, in NextHopRecord route)
    {
        if ((packet.Flags & (PacketFlags.Decapsulated | PacketFlags.Originated)) == 0) return false;
        return route.Kind switch
        {
            NextHopKind.Punt => true,
            NextHopKind.Glean => ports.IsProtected(route.Port),
            NextHopKind.Adjacent => transmit.Check(route.Adjacency) != DropReason.None || ports.IsProtected(context.Region.Adjacency(route.Adjacency).Port),
            _ => false,
        };
    }

    /// <summary>Outbound: the first rule that matches (RFC 4301 §5.1 step 2).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint FromInside(in Packet packet, in PacketFields fields, in NextHopRecord route)
    {
        if (route.Kind == NextHopKind.Punt && (packet.Flags & PacketFlags.Injected) == 0)
        {
            transmit.ToHost(packet);
            return Settled;
        }

        var index = spd.Find(fields, inbound: false);
        if (index == Spd.None)
        {
            context.Drop(packet, DropReason.NoPolicy);
            return Settled;
        }

        ref readonly var rule = ref spd.Rule(index);
        if (rule.Action == SpdAction.Protect) return Protect(packet, route, rule.Tunnel);
        if (rule.Action == SpdAction.Bypass) return Bypass(packet, fields, route, index);
        context.Drop(packet, DropReason.PolicyDiscard);
        return Settled;
    }

    /// <summary>
    /// What the kernel sent into a tunnel's interface goes into that tunnel, whatever the routes say (RFC 3884 §3): there it cannot be in the clear. An SPD entry may still discard it.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private uint FromInterface(in Packet packet, in PacketFields fields)
    {
        var index = spd.Find(fields, inbound: false);
        var tunnel = Volatile.Read(ref context.Region.Port(packet.InPort).Tunnel);
        if (index != Spd.None && spd.Rule(index).Action == SpdAction.Discard) context.Drop(packet, DropReason.PolicyDiscard);
        else if (tunnel == 0) context.Drop(packet, DropReason.NoTunnelForPolicy);
        else return tunnel - 1;
        return Settled;
    }

    /// <summary>Inbound in the clear: only what a rule lets pass (RFC 4301 §5.2 step 3b).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void FromOutside(in Packet packet, in PacketFields fields, in NextHopRecord route)
    {
        var rule = spd.Find(fields, inbound: true);
        if (rule != Spd.None && spd.Rule(rule).OnlyPlain != 0 && IsProtected(router.NextHop(router.Find(fields.Source())))) rule = spd.FindAfter(rule, fields, inbound: true);
        if (rule == Spd.None) context.Drop(packet, DropReason.NoPolicy);
        else if (spd.Rule(rule).Action == SpdAction.Bypass) InTheClear(packet, fields, route);
        else context.Drop(packet, spd.Rule(rule).Action == SpdAction.Protect ? DropReason.ClearWhereProtected : DropReason.PolicyDiscard);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private uint Protect(in Packet packet, in NextHopRecord route, uint tunnel)
    {
        if (tunnel != SpdRule.ByRoute) return tunnel;
        if (route.Kind == NextHopKind.Tunnel && route.Tunnel != Settled) return route.Tunnel;
        context.Drop(packet, route.Kind == NextHopKind.Discard ? DropReason.RouteDiscard : DropReason.NoTunnelForPolicy);
        return Settled;
    }

    /// <summary>Outbound by a BYPASS rule; one that counts for plain routes alone gives way to the next rule where the route is protected.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private uint Bypass(in Packet packet, in PacketFields fields, in NextHopRecord route, int index)
    {
        if (spd.Rule(index).OnlyPlain != 0 && IsProtected(route))
        {
            index = spd.FindAfter(index, fields, inbound: false);
            if (index == Spd.None || spd.Rule(index).Action == SpdAction.Discard)
            {
                context.Drop(packet, index == Spd.None ? DropReason.NoPolicy : DropReason.PolicyDiscard);
                return Settled;
            }

            if (spd.Rule(index).Action == SpdAction.Protect) return Protect(packet, route, spd.Rule(index).Tunnel);
        }

        InTheClear(packet, fields, route);
        return Settled;
    }

    private void InTheClear(in Packet packet, in PacketFields fields, in NextHopRecord route)
    {
        if (IsProtected(route)) context.Drop(packet, DropReason.BypassOfProtected);
        else Deliver(packet, fields, route);
    }

    private static bool IsProtected(in NextHopRecord route) => route.Protected != 0 || route.Kind == NextHopKind.Tunnel;

    private void Deliver(Packet packet, in PacketFields fields, in NextHopRecord route)
    {
        switch (route.Kind)
        {
            case NextHopKind.Adjacent when transmit.Check(route.Adjacency) == DropReason.None:
                ToNeighbour(packet, fields, route.Adjacency);
                break;
            case NextHopKind.Adjacent or NextHopKind.Glean:
                AwaitNeighbour(packet, fields, route);
                break;
            case NextHopKind.Punt when (packet.Flags & PacketFlags.Injected) == 0:
                ToHost(packet, route);
                break;
            case NextHopKind.Discard or NextHopKind.Punt:
                context.Drop(packet, DropReason.RouteDiscard);
                break;
            default:
                context.Drop(packet, DropReason.NoRoute);
                break;
        }
    }

    /// <summary>To an inner address of the machine. That of a tunnel's interface takes from tunnels only what came through its own, which never gets here, and our ICMP errors.</summary>
    private void ToHost(in Packet packet, in NextHopRecord route)
    {
        if (!ports.IsInterface(route.Port)) transmit.ToHost(packet);
        else if ((packet.Flags & PacketFlags.Originated) != 0) transmit.ToInterface(packet, route.Port);
        else if ((packet.Flags & PacketFlags.Decapsulated) != 0) context.Drop(packet, DropReason.NotThroughItsTunnel);
        else transmit.ToHost(packet);
    }

    private void ToNeighbour(Packet packet, in PacketFields fields, uint adjacency)
    {
        if (!TimeToLive.TryDecrement(context, packet, fields))
        {
            icmp.TimeExceeded(packet, fields);
            return;
        }

        if ((packet.Flags & PacketFlags.ChecksumPartial) != 0)
        {
            packet.Flags &= ~PacketFlags.ChecksumPartial;
            _ = TransportChecksum.Complete(context.Memory.Span(packet), fields);
        }

        int mtu = context.Region.Adjacency(adjacency).Mtu;
        if (packet.Length <= mtu || mtu == 0)
        {
            transmit.ToNeighbour(packet, adjacency);
        }
        else if (fields.DontFragment)
        {
            icmp.TooBig(packet, fields, mtu);
        }
        else
        {
            var reason = fragmenter.TryCut(packet, mtu, out var pieces);
            if (reason != DropReason.None) context.Drop(packet, reason);
            foreach (ref readonly var piece in pieces) transmit.ToNeighbour(piece, adjacency);
        }
    }

    private void AwaitNeighbour(in Packet packet, in PacketFields fields, in NextHopRecord route)
    {
        if (neighbourEvents.TryTake(context.Tick))
        {
            var wanted = new EventRecord { Kind = EventKind.NeighbourNeeded, Port = route.Port, Source = fields.Source() };
            wanted.Destination = route.Kind == NextHopKind.Glean && !route.Address.IsAny ? route.Address : fields.Destination();
            if (route.Kind == NextHopKind.Adjacent && route.Adjacency < (uint)context.Region.Counts.Adjacencies)
            {
                ref var adjacency = ref context.Region.Adjacency(route.Adjacency);
                wanted.Port = adjacency.Port;
                if (!adjacency.Neighbour.IsAny) wanted.Destination = adjacency.Neighbour;
            }

            context.Raise(ref wanted);
        }

        holds.ForNeighbour(packet, fields);
    }
}
