using System.Runtime.CompilerServices;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane;

/// <summary>
/// Longest-prefix match: destination → slot of a <see cref="NextHopRecord"/>. Slot 0 is "no route". What is routed to a <see cref="NextHopGroup"/> is given the member that its flow takes:
/// behind this stage there are no groups.
/// </summary>
internal sealed class Router(Region region)
{
    private const uint AnyInterface = uint.MaxValue;
    private static readonly NextHopRecord NoRoute;
    private readonly IpAddress[] destinationsV6 = new IpAddress[PacketBatch.Size];
    private readonly int[] rowsV6 = new int[PacketBatch.Size];
    private readonly uint[] slotsV6 = new uint[PacketBatch.Size];

    /// <summary>Finds the route of every packet in the batch, and moves those for this machine to <paramref name="local"/>.</summary>
    public void Run(PacketBatch batch, PacketBatch local)
    {
        var kept = 0;
        var last = 0u;
        var countV6 = 0;
        for (var i = 0; i < batch.Count; i++)
        {
            ref readonly var packet = ref batch.Fields[i];
            if (packet.Family != 4)
            {
                if (countV6 == rowsV6.Length) FindV6(batch, ref countV6);
                rowsV6[countV6] = i;
                destinationsV6[countV6++] = packet.Destination();
                continue;
            }

            var slot = region.Ipv4Routes.Find(packet.DestinationV4);
            batch.Routes[i] = slot;
            if (slot == last) continue;
            last = slot;
            region.PrefetchNextHop(slot);
        }

        if (countV6 != 0) FindV6(batch, ref countV6);

        for (var i = 0; i < batch.Count; i++)
        {
            var kind = NextHop(batch.Routes[i]).Kind;
            if (kind == NextHopKind.Local)
            {
                local.Add(batch.Packets[i], batch.Fields[i]);
                continue;
            }

            if (kind == NextHopKind.Group) batch.Routes[i] = Member(batch.Routes[i], batch.Fields[i]);
            batch.Move(i, kept++);
        }

        batch.Count = kept;
    }

    /// <summary>Slot of the next hop towards any address; it may be a group's.</summary>
    public uint Find(IpAddress address) => address.IsV4 ? region.Ipv4Routes.Find(address.V4) : region.Ipv6Routes.Find(address);

    /// <summary>Slot of the next hop towards an address for a flow (<see cref="FlowHash"/>).</summary>
    public uint Find(IpAddress address, uint flow)
    {
        var slot = Find(address);
        return NextHop(slot).Kind == NextHopKind.Group ? Member(slot, flow) : slot;
    }

    /// <summary>Whether what a slot names leads into a tunnel, be it as one way of several.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool LeadsInto(uint slot, uint tunnel)
    {
        ref readonly var hop = ref NextHop(slot);
        return (hop.Kind == NextHopKind.Tunnel && hop.Tunnel == tunnel) || (hop.Kind == NextHopKind.Group && Leads(slot, tunnel, 0));
    }

    /// <summary>Whether what a slot names leads into a tunnel that is an interface, be it as one way of several.</summary>
    public bool LeadsIntoInterface(uint slot) => Leads(slot, AnyInterface, 0);

    /// <summary>Whether what a slot names leads into a tunnel of a multi-point group, of whatever family, be it as one way of several.</summary>
    public bool LeadsIntoGroup(uint slot, uint group) => Leads(slot, 0, group);

    private bool Leads(uint slot, uint tunnel, uint group)
    {
        ref readonly var hop = ref NextHop(slot);
        if (hop.Kind != NextHopKind.Group) return IsInto(hop, tunnel, group);
        ref var several = ref region.NextHopGroup(slot);
        var count = Math.Min(Volatile.Read(ref several.Count), MemberSlots.Size);
        for (var i = 0; i < count; i++)
        {
            ref readonly var member = ref NextHop(Volatile.Read(ref several.Members[i]));
            if (IsInto(member, tunnel, group)) return true;
        }

        return false;
    }

    /// <summary>The record in a slot; one of kind <see cref="NextHopKind.None"/> when there is none that lives.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref readonly NextHopRecord NextHop(uint slot)
    {
        if (slot - 1 >= (uint)region.Counts.NextHops - 1) return ref NoRoute;
        ref var record = ref region.NextHop(slot);
        return ref Volatile.Read(ref record.State) == SlotState.Live ? ref record : ref NoRoute;
    }

    /// <summary>An IPv6 route is a chain of loads: those of a batch go side by side.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void FindV6(PacketBatch batch, ref int count)
    {
        region.Ipv6Routes.Find(destinationsV6.AsSpan(0, count), slotsV6);
        for (var i = 0; i < count; i++)
        {
            batch.Routes[rowsV6[i]] = slotsV6[i];
            region.PrefetchNextHop(slotsV6[i]);
        }

        count = 0;
    }

    private bool IsInto(in NextHopRecord hop, uint tunnel, uint group)
    {
        if (hop.Kind != NextHopKind.Tunnel) return false;
        if (group != 0) return hop.Tunnel < (uint)region.Counts.Tunnels && region.Tunnel(hop.Tunnel).Group == group;
        return tunnel == AnyInterface ? hop.Tunnel < (uint)region.Counts.Tunnels && region.Tunnel(hop.Tunnel).Interface != 0 : hop.Tunnel == tunnel;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private uint Member(uint slot, in PacketFields packet)
    {
        ref var group = ref region.NextHopGroup(slot);
        return Volatile.Read(ref group.Count) == 1 ? Volatile.Read(ref group.Members[0]) : Member(slot, FlowHash.Of(packet));
    }

    private uint Member(uint slot, uint flow)
    {
        ref var group = ref region.NextHopGroup(slot);
        var count = Math.Min(Volatile.Read(ref group.Count), MemberSlots.Size);
        return count == 0 ? 0 : Volatile.Read(ref group.Members[FlowHash.Choose(flow, count)]);
    }
}
