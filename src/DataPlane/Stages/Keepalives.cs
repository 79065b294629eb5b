using Appliance.Esp;
using Appliance.Shared;

namespace Appliance.DataPlane;

/// <summary>
/// NAT keepalives (RFC 3948 §4): one octet in UDP on the SA's own ports when it has sent nothing for so many seconds, so that the mapping on the way stays. Looks at
/// some tunnels each time, so that a million cost no more at once than a few thousand.
/// </summary>
internal sealed class Keepalives(WorkerContext context, Transmit transmit)
{
    private readonly Region region = context.Region;
    private uint next;

    /// <summary>Housekeeping: looks at the next tunnels, and sends what is due.</summary>
    public void Run()
    {
        var tunnels = (uint)region.Counts.Tunnels;
        for (var left = Math.Min(Tuning.KeepaliveScan, tunnels); left > 0; left--)
        {
            next = next + 1 < tunnels ? next + 1 : 0;
            ref var tunnel = ref region.Tunnel(next);
            if (Volatile.Read(ref tunnel.State) == SlotState.Live) Look(Volatile.Read(ref tunnel.OutboundSas[context.Index]));
        }
    }

    private void Look(uint slot)
    {
        if (slot >= (uint)region.Counts.OutboundSas) return;
        ref var sa = ref region.OutboundSa(slot);
        if (Volatile.Read(ref sa.State) != SlotState.Live || sa.Encapsulation != EspEncapsulation.Udp || sa.KeepaliveSeconds == 0 || sa.Worker != context.Index) return;
        ref var state = ref region.OutboundState(slot);
        if (context.Tick - state.LastUsed < sa.KeepaliveSeconds * 1000L || transmit.Check(sa.Adjacency) != DropReason.None) return;
        if (context.Pool.TryTake(out var frame)) Send(frame, ref sa, ref state);
    }

    private void Send(uint frame, ref OutboundSa sa, ref OutboundSaState state)
    {
        state.LastUsed = context.Tick;
        var packet = new Packet { Address = frame + FrameMemory.Headroom, Flags = PacketFlags.NoEthernet | PacketFlags.Originated };
        packet.Length = NatKeepalive.Write(ref sa, context.Memory.Span(packet.Address, NatKeepalive.MaximumLength));
        if (packet.Length == 0)
        {
            context.Pool.Give(frame);
            return;
        }

        context.Block.Originated++;
        transmit.ToNeighbour(packet, sa.Adjacency);
    }
}
