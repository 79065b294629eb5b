using System.Numerics;
using System.Runtime.CompilerServices;
using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane;

/// <summary>
/// Last stage: writes the link header of the neighbour and collects packets for each port; a port is called once for a batch. Here a packet is counted
/// as sent, as punted, or as dropped because the port would not take it.
/// </summary>
internal sealed class Transmit(WorkerContext context, WorkerPorts ports, Steering steering)
{
    private const int EthernetHeader = 14;
    private readonly Region region = context.Region;
    private readonly FrameMemory memory = context.Memory;
    private readonly Packet[][] waiting = [.. Enumerable.Range(0, PortRecord.Maximum).Select(_ => new Packet[PacketBatch.Size])];
    private readonly int[] counts = new int[PortRecord.Maximum];
    private uint dirty;

    /// <summary>The adjacency in a slot, or a reason why nothing can be sent to it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public DropReason Check(uint adjacency)
    {
        if (adjacency >= (uint)region.Counts.Adjacencies) return DropReason.NeighbourUnresolved;
        ref var record = ref region.Adjacency(adjacency);
        return Volatile.Read(ref record.State) == SlotState.Live && record.Port < PortRecord.Maximum ? DropReason.None : DropReason.NeighbourUnresolved;
    }

    /// <summary>Sends a packet that starts at its IP header to a neighbour that <see cref="Check"/> has passed in this round.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void ToNeighbour(in Packet packet, uint adjacency)
    {
        ref var record = ref region.Adjacency(adjacency);
        ref var sent = ref Add(packet, record.Port & (PortRecord.Maximum - 1));
        if (record.NoEthernet != 0) return;
        ref var ip = ref memory.At(packet.Address);
        var type = ip >> 4 == 4 ? EtherType.Ipv4 : EtherType.Ipv6;
        ref var at = ref Unsafe.Subtract(ref ip, EthernetHeader);
        LittleEndian.Set64(ref at, 0, record.MacFirst);
        LittleEndian.Set32(ref at, 8, record.MacLast);
        BigEndian.Set16(ref at, 12, type);
        sent.Address -= EthernetHeader;
        sent.Length += EthernetHeader;
        sent.Flags &= ~PacketFlags.NoEthernet;
    }

    /// <summary>Sends a multicast packet that starts at its IP header by a port, to whoever listens there.</summary>
    public void ToGroup(in Packet packet, int port, in PacketFields fields)
    {
        ref var sent = ref Add(packet, port & (PortRecord.Maximum - 1));
        ref var record = ref region.Port(port);
        if (record.Kind == PortKind.Tun) return;
        var group = fields.Family == 4 ? EthernetMulticast.OfV4(fields.DestinationV4) : EthernetMulticast.OfV6(fields.DestinationLow);
        var own = record.Mac;
        ref var at = ref Unsafe.Subtract(ref memory.At(packet.Address), EthernetHeader);
        LittleEndian.Set64(ref at, 0, group | own << 48);
        LittleEndian.Set32(ref at, 8, (uint)(own >> 16));
        BigEndian.Set16(ref at, 12, fields.Family == 4 ? EtherType.Ipv4 : EtherType.Ipv6);
        sent.Address -= EthernetHeader;
        sent.Length += EthernetHeader;
        sent.Flags &= ~PacketFlags.NoEthernet;
    }

    /// <summary>Gives a packet that starts at its IP header to the host through its own door.</summary>
    public void ToHost(in Packet packet)
    {
        if (ports.Door < 0) context.Drop(packet, DropReason.PuntFailed);
        else Add(packet, ports.Door);
    }

    /// <summary>Gives a packet that starts at its IP header to the host through a tunnel's interface.</summary>
    public void ToInterface(in Packet packet, int port) => Add(packet, port & (PortRecord.Maximum - 1));

    /// <summary>Sends a finished packet that another worker handed over because it has no queue of the port.</summary>
    public void Relay(in Packet packet, uint port) => Add(packet, (int)port & (PortRecord.Maximum - 1));

    /// <summary>Hands every waiting packet to its port.</summary>
    public void Flush()
    {
        for (; dirty != 0; dirty &= dirty - 1) Send(BitOperations.TrailingZeroCount(dirty));
    }

    /// <summary>Where the packet waits, to be changed there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref Packet Add(in Packet packet, int port)
    {
        if (counts[port] == PacketBatch.Size) Send(port);
        ref var place = ref waiting[port][counts[port]++];
        place = packet;
        dirty |= 1u << port;
        return ref place;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Send(int port)
    {
        var batch = waiting[port].AsSpan(0, counts[port]);
        counts[port] = 0;
        var isDoor = ports.IsHost(port);
        if (ports.Sender(port) is not { } queue)
        {
            SendByAnother(batch, port, isDoor ? DropReason.PuntFailed : DropReason.PortDown);
            return;
        }

        var octets = 0L;
        foreach (ref var packet in batch) octets += packet.Length;
        var sent = queue.Send(batch);
        if (sent < batch.Length)
        {
            queue.Poll();
            sent += queue.Send(batch[sent..]);
        }

        for (var i = sent; i < batch.Length; i++)
        {
            octets -= batch[i].Length;
            context.Drop(batch[i], isDoor ? DropReason.PuntFailed : DropReason.TxFull);
        }

        ref var block = ref context.Block;
        if (isDoor) block.Punted += (uint)sent;
        else block.Tx += (uint)sent;
        block.Ports[port].TxPackets += (uint)sent;
        block.Ports[port].TxBytes += (ulong)octets;
    }

    private void SendByAnother(ReadOnlySpan<Packet> batch, int port, DropReason otherwise)
    {
        var senders = ports.Senders(port);
        foreach (ref readonly var packet in batch)
        {
            if (senders == 0 || context.Index < senders) context.Drop(packet, otherwise);
            else steering.Send(packet, context.Index % senders, HandOffKind.Transmit, (uint)port, 0);
        }
    }
}
