using System.Runtime.CompilerServices;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane;

/// <summary>
/// First stage: takes off the link header, reads the IP header, and asks for the route's first word so that <see cref="Router"/> finds it in cache.
/// What cannot be read is dropped here.
/// </summary>
internal sealed class Classifier(WorkerContext context, WorkerPorts ports)
{
    private const int EthernetHeader = 14;

    /// <summary>Reads the headers of <paramref name="arrived"/> and adds what is whole to <paramref name="into"/>.</summary>
    public void Run(ReadOnlySpan<Packet> arrived, PacketBatch into)
    {
        var memory = context.Memory;
        var (routes, routesV6) = (context.Region.Ipv4Routes, context.Region.Ipv6Routes);
        for (var i = 0; i < arrived.Length; i++)
        {
            if (i + 4 < arrived.Length) memory.Prefetch(arrived[i + 4].Address + EthernetHeader);

            // Copied first and changed in place: a wide load right behind narrow stores would wait for them.
            ref var packet = ref into.Packets[into.Count];
            ref var fields = ref into.Fields[into.Count];
            packet = arrived[i];
            var reason = (packet.Flags & PacketFlags.NoEthernet) == 0 ? TakeOffEthernet(memory, ref packet) : DropReason.None;
            if (reason == DropReason.None)
            {
                reason = Headers.Read(memory, ref packet, out fields);
                if (reason == DropReason.NotForwardable) reason = Reconsider(ref packet, fields);
            }

            if (reason != DropReason.None)
            {
                context.Drop(packet, reason);
                continue;
            }

            if (fields.Family == 4) routes.Prefetch(fields.DestinationV4);
            else routesV6.Prefetch(fields.Destination());
            into.Count++;
        }
    }

    /// <summary>What no route may carry as a matter of course: what the kernel sends into a tunnel's interface goes there, and multicast has a stage of its own (<see cref="Multicast"/>).</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private DropReason Reconsider(ref Packet packet, in PacketFields fields)
    {
        if (ports.IsInterface(packet.InPort)) return DropReason.None;
        if (!fields.IsRoutableMulticast()) return DropReason.NotForwardable;
        packet.Flags |= PacketFlags.Multicast;
        return DropReason.None;
    }

    private static DropReason TakeOffEthernet(FrameMemory memory, ref Packet packet)
    {
        if (packet.Length < EthernetHeader + 20) return DropReason.Truncated;
        ref var at = ref memory.At(packet.Address);
        if ((at & 1) != 0 && !EthernetMulticast.IsOf(memory.Span(packet))) return DropReason.NotForwardable;
        var type = BigEndian.U16(ref at, 12);
        var version = BigEndian.U8(ref at, EthernetHeader) >> 4;
        if (type is not (EtherType.Ipv4 or EtherType.Ipv6)) return DropReason.UnknownEtherType;
        if (version != (type == EtherType.Ipv4 ? 4 : 6)) return DropReason.BadIpHeader;
        packet.Address += EthernetHeader;
        packet.Length -= EthernetHeader;
        packet.Flags |= PacketFlags.NoEthernet;
        return DropReason.None;
    }
}
