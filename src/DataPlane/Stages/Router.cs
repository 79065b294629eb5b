using System.Runtime.CompilerServices;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane;

/// <summary>Longest-prefix match: destination → slot of a <see cref="NextHopRecord"/>. Slot 0 is "no route".</summary>
internal sealed class Router(Region region)
{
    private static readonly NextHopRecord NoRoute;

    /// <summary>Finds the route of every packet in the batch, and moves those for this machine to <paramref name="local"/>.</summary>
    public void Run(PacketBatch batch, PacketBatch local)
    {
        var kept = 0;
        var last = 0u;
        for (var i = 0; i < batch.Count; i++)
        {
            var slot = Find(batch.Fields[i]);
            batch.Routes[i] = slot;
            if (slot == last) continue;
            last = slot;
            region.PrefetchNextHop(slot);
        }

        for (var i = 0; i < batch.Count; i++)
        {
            if (NextHop(batch.Routes[i]).Kind == NextHopKind.Local) local.Add(batch.Packets[i], batch.Fields[i]);
            else batch.Move(i, kept++);
        }

        batch.Count = kept;
    }

    /// <summary>Slot of the next hop towards the packet's destination.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Find(in PacketFields packet) =>
        packet.Family == 4 ? region.Ipv4Routes.Find(packet.DestinationV4) : region.Ipv6Routes.Find(packet.Destination());

    /// <summary>Slot of the next hop towards any address.</summary>
    public uint Find(IpAddress address) => address.IsV4 ? region.Ipv4Routes.Find(address.V4) : region.Ipv6Routes.Find(address);

    /// <summary>The record in a slot; one of kind <see cref="NextHopKind.None"/> when there is none that lives.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref readonly NextHopRecord NextHop(uint slot)
    {
        if (slot - 1 >= (uint)region.Counts.NextHops - 1) return ref NoRoute;
        ref var record = ref region.NextHop(slot);
        return ref Volatile.Read(ref record.State) == SlotState.Live ? ref record : ref NoRoute;
    }
}
