using System.Runtime.CompilerServices;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane;

/// <summary>TTL and hop limit of a forwarded packet (RFC 1812 §5.3.1, RFC 8200 §3). The machine's own packets are not forwarded: theirs stays.</summary>
internal static class TimeToLive
{
    /// <summary>Takes one off; false when the packet must go no further.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryDecrement(WorkerContext context, in Packet packet, in PacketFields fields)
    {
        if ((packet.Flags & (PacketFlags.Injected | PacketFlags.Originated)) != 0) return true;
        if (fields.TimeToLive <= 1) return false;
        ref var ip = ref context.Memory.At(packet.Address);
        if (fields.Family == 4) Ipv4Header.DecrementTimeToLive(ref ip);
        else Ipv6Header.DecrementHopLimit(ref ip);
        return true;
    }
}
