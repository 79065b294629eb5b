using Appliance.Shared;
using Appliance.Wire;

namespace Appliance.DataPlane;

/// <summary>
/// Packets that wait for an SA or for a neighbour's link-layer address (RFC 4301 §5.1, RFC 1122 §2.3.2.2): few for each, bounded for all, and not for long. What can
/// go on goes through policy again from the start: the world may have changed meanwhile.
/// </summary>
internal sealed class Holds(WorkerContext context, WorkerPorts ports)
{
    private readonly Entry[] entries = new Entry[Tuning.HoldsPerWorker];
    private readonly byte[] perTunnel = new byte[context.Region.Counts.Tunnels];
    private int count;

    /// <summary>How many are held.</summary>
    public int Count => count;

    /// <summary>Holds a packet that starts at its IP header for a tunnel, or drops it when there are enough.</summary>
    public void ForTunnel(in Packet packet, in PacketFields fields, uint tunnel, DropReason otherwise)
    {
        if (count == entries.Length || tunnel >= (uint)perTunnel.Length || perTunnel[tunnel] >= Tuning.HoldsPerKey)
        {
            context.Drop(packet, otherwise);
            return;
        }

        perTunnel[tunnel]++;
        Add(new Entry { Packet = packet, Tunnel = tunnel, Destination = fields.Destination(), Flow = FlowHash.Of(fields) });
    }

    /// <summary>Holds a packet until its destination's neighbour is known.</summary>
    public void ForNeighbour(in Packet packet, in PacketFields fields)
    {
        var destination = fields.Destination();
        var same = 0;
        for (var i = 0; i < count; i++)
        {
            if (entries[i].Tunnel == TunnelRecord.NoSa && entries[i].Destination == destination) same++;
        }

        if (same >= Tuning.HoldsPerKey || count == entries.Length) context.Drop(packet, DropReason.NeighbourUnresolved);
        else Add(new Entry { Packet = packet, Tunnel = TunnelRecord.NoSa, Destination = destination, Flow = FlowHash.Of(fields) });
    }

    /// <summary>Housekeeping: puts packets that can go on into <paramref name="into"/>, as many as fit, and drops those whose time is over.</summary>
    public void Release(TunnelSa tunnels, Router router, Transmit transmit, PacketBatch into)
    {
        var kept = 0;
        for (var i = 0; i < count; i++)
        {
            ref var entry = ref entries[i];
            var packet = entry.Packet;
            var fields = default(PacketFields);
            if (into.Count < PacketBatch.Size && IsReady(entry, tunnels, router, transmit) && IsWhole(ref packet, out fields))
            {
                Leave(entry);
                into.Add(packet, fields);
            }
            else if (context.Tick >= entry.Deadline)
            {
                Leave(entry);
                context.Drop(packet, entry.Tunnel == TunnelRecord.NoSa ? DropReason.NeighbourUnresolved : DropReason.HoldTimeout);
            }
            else
            {
                entries[kept++] = entry;
            }
        }

        count = kept;
    }

    /// <summary>When the worker ends: nothing is held any more.</summary>
    public void DropAll()
    {
        for (var i = 0; i < count; i++)
        {
            Leave(entries[i]);
            context.Drop(entries[i].Packet, DropReason.WorkerStopped);
        }

        count = 0;
    }

    private static bool IsReady(in Entry entry, TunnelSa tunnels, Router router, Transmit transmit)
    {
        if (entry.Tunnel != TunnelRecord.NoSa)
            return tunnels.Check(entry.Tunnel, tunnels.SlotOf(entry.Tunnel), router.Find(entry.Destination, entry.Flow), out _) != TunnelSaState.NoSa;
        ref readonly var route = ref router.NextHop(router.Find(entry.Destination, entry.Flow));
        return route.Kind is not (NextHopKind.Glean or NextHopKind.Adjacent) || (route.Kind == NextHopKind.Adjacent && transmit.Check(route.Adjacency) == DropReason.None);
    }

    private bool IsWhole(ref Packet packet, out PacketFields fields) =>
        Headers.Read(context.Memory, ref packet, out fields) is var reason && (reason == DropReason.None || (reason == DropReason.NotForwardable && ports.IsInterface(packet.InPort)));

    private void Add(Entry entry)
    {
        var milliseconds = Volatile.Read(ref context.Region.Header.HoldMilliseconds);
        entry.Deadline = context.Tick + (milliseconds == 0 ? Tuning.DefaultHoldMilliseconds : milliseconds);
        entries[count++] = entry;
        context.Block.Held++;
    }

    private void Leave(in Entry entry)
    {
        if (entry.Tunnel != TunnelRecord.NoSa) perTunnel[entry.Tunnel]--;
        context.Block.Held--;
    }

    private struct Entry
    {
        public Packet Packet;
        public uint Tunnel;
        public IpAddress Destination;
        public uint Flow;
        public long Deadline;
    }
}
