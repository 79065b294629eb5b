using Appliance.Crypto;
using Appliance.Esp;
using Appliance.Shared;

namespace Appliance.DataPlane;

/// <summary>
/// One core's data plane: its queues, its frames, its SAs. <see cref="RunOnce"/> is the whole of it; everything else here is what the stages are made of. The kernel of
/// the chosen AES-GCM tier is a generic argument of the two ESP stages, so no call to it is virtual.
/// </summary>
internal sealed class Worker : IDisposable
{
    private readonly WorkerContext context;
    private readonly Spd spd;
    private readonly Classifier classifier;
    private readonly Router router;
    private readonly Forwarding forwarding;
    private readonly LocalInput localInput;
    private readonly Encapsulation encapsulation;
    private readonly Replication replication;
    private readonly Decapsulation decapsulation;
    private readonly Transmit transmit;
    private readonly Steering steering;
    private readonly IcmpErrors icmp;
    private readonly Holds holds;
    private readonly TunnelSa tunnelSa;
    private readonly Reassembler reassembler;
    private readonly Keepalives keepalives;
    private readonly IDisposable outboundEsp;
    private readonly Packet[] received = new Packet[PacketBatch.Size];
    private readonly HandOff[] handed = new HandOff[PacketBatch.Size];
    private readonly PacketBatch arrived = new(4 * PacketBatch.Size);
    private readonly PacketBatch local = new(4 * PacketBatch.Size);
    private long nextHousekeeping;

    private Worker(WorkerContext context, WorkerPorts ports, Crossroads crossroads, AesGcmTier tier, EspStages stages)
    {
        this.context = context;
        Ports = ports;
        spd = new Spd(context.Region);
        classifier = new Classifier(context, ports);
        router = new Router(context.Region);
        steering = new Steering(context, crossroads);
        transmit = new Transmit(context, ports, steering);
        icmp = new IcmpErrors(context);
        holds = new Holds(context, ports);
        tunnelSa = new TunnelSa(context, holds, transmit);
        reassembler = new Reassembler(context, steering);
        keepalives = new Keepalives(context, transmit);
        var fragmenter = new Fragmenter(context);
        var owners = new SenderOwner(context, tier);
        (encapsulation, decapsulation, outboundEsp) = stages(context, transmit, fragmenter, new InboundPolicy(context.Region, spd, router), arrived, new OtherSa(context, owners, steering));
        var outbound = new Outbound(context, tunnelSa, icmp, fragmenter, steering, encapsulation);
        replication = new Replication(context, router, tunnelSa, transmit, icmp, fragmenter, encapsulation);
        var multicast = new Multicast(context, ports, spd, router, transmit, fragmenter, icmp, replication);
        forwarding = new Forwarding(context, ports, spd, router, transmit, outbound, holds, icmp, fragmenter, multicast);
        localInput = new LocalInput(context, new InboundLookup(context, steering, decapsulation, owners), reassembler, new PathMtu(context), transmit);
        ref var block = ref context.Block;
        block.Frames = (uint)context.Pool.Capacity;
    }

    private delegate (Encapsulation Out, Decapsulation In, IDisposable Owned) EspStages(
        WorkerContext context, Transmit transmit, Fragmenter fragmenter, InboundPolicy policy, PacketBatch passed, OtherSa other);

    /// <summary>Its queues.</summary>
    public WorkerPorts Ports { get; }

    /// <summary>Index of the worker.</summary>
    public int Index => context.Index;

    /// <summary>True while something is on its way from another worker.</summary>
    public bool HasPending => steering.HasPending();

    /// <summary>True while packets wait here for something that the clock may end.</summary>
    public bool IsHolding => holds.Count + reassembler.Waiting != 0;

    /// <summary>A worker whose ESP runs on <typeparamref name="TKernel"/>.</summary>
    public static Worker Create<TKernel>(Region region, FramePool pool, int index, (int Door, uint Tunnels) hostPorts, Crossroads crossroads, CipherObjects objects, AesGcmTier tier)
        where TKernel : struct, IAesGcmKernel
    {
        return new Worker(new WorkerContext(region, pool, index), new WorkerPorts(region, hostPorts.Door, hostPorts.Tunnels), crossroads, tier, (context, transmit, fragmenter, policy, passed, other) =>
        {
            var outbound = new EspOutbound<TKernel>(region, pool.Memory, objects, tier);
            var inbound = new EspInbound<TKernel>(region, pool.Memory, objects, tier, index);
            return (new Encapsulation<TKernel>(context, transmit, fragmenter, outbound), new Decapsulation<TKernel>(context, policy, passed, transmit, other, inbound), outbound);
        });
    }

    /// <summary>Before the first round: from here on the worker may hold references to tables.</summary>
    public void Enter() => WorkerEpoch.Enter(ref context.Block);

    /// <summary>Before it sleeps, and at the end.</summary>
    public void Leave() => WorkerEpoch.Leave(ref context.Block);

    /// <summary>Once round the loop. True when there was anything to do.</summary>
    public bool RunOnce()
    {
        var tick = Environment.TickCount64;
        context.SetClock(tick);
        context.Pool.Collect();
        Ports.Refresh();
        spd.Refresh();

        var work = 0;
        foreach (var queue in Ports.Queues)
        {
            var count = queue.Receive(received);
            if (count == 0) continue;
            Count(queue.Port, count);
            classifier.Run(received.AsSpan(0, count), arrived);
            Process();
            work += count;
        }

        for (var from = 0; from < steering.Workers; from++) work += TakeHandOffs(from);
        if (tick >= nextHousekeeping) KeepHouse(tick);

        transmit.Flush();
        foreach (var queue in Ports.Queues) queue.Poll();
        Ports.CloseLost();
        steering.Wake();
        Publish(tick, work);
        return work != 0;
    }

    /// <summary>Ends what is held, and closes the queues. The worker's thread, as its last act.</summary>
    public void Stop()
    {
        holds.DropAll();
        reassembler.DropAll();
        for (var from = 0; from < steering.Workers; from++)
        {
            while (steering.Receive(from, handed) is > 0 and var count)
            {
                foreach (ref var handOff in handed.AsSpan(0, count)) context.Drop(handOff.Packet, DropReason.WorkerStopped);
            }
        }

        transmit.Flush();
        Ports.CloseAll();
        Leave();
    }

    /// <inheritdoc/>
    public void Dispose() => outboundEsp.Dispose();

    /// <summary>Takes what has arrived to its end: what is for us may turn out to hold another packet, and what we forward may cause one of our own.</summary>
    private void Process()
    {
        while (arrived.Count != 0)
        {
            router.Run(arrived, local);
            forwarding.Run(arrived);
            localInput.Run(local);
            decapsulation.Flush();
            Originate();
        }

        encapsulation.Flush();
        replication.Flush();
    }

    private void Originate()
    {
        var originated = icmp.Originated;
        for (var i = 0; i < originated.Count; i++) arrived.Add(originated.Packets[i], originated.Fields[i]);
        originated.Count = 0;
    }

    /// <summary>Packets that another worker sent here because their SA, or the port they leave by, is ours.</summary>
    private int TakeHandOffs(int from)
    {
        var count = steering.Receive(from, handed);
        foreach (ref var handOff in handed.AsSpan(0, count)) Prefetch(handOff);
        for (var i = 0; i < count; i++)
        {
            ref var handOff = ref handed[i];
            var isCurrent = handOff.Kind switch
            {
                HandOffKind.Encapsulate => OutboundSlot.IsCurrent(context.Region, handOff.Slot, handOff.Generation),
                HandOffKind.Decapsulate or HandOffKind.DecapsulateLast => InboundSlot.IsCurrent(context.Region, handOff.Slot, handOff.Generation),
                _ => true,
            };
            if (!isCurrent) context.Drop(handOff.Packet, handOff.Kind == HandOffKind.Encapsulate ? DropReason.NoOutboundSa : DropReason.UnknownSpi);
            else if (handOff.Kind == HandOffKind.Encapsulate) Encapsulate(handOff.Packet, handOff.Slot, handOff.Beside);
            else if (handOff.Kind is HandOffKind.Decapsulate or HandOffKind.DecapsulateLast)
                decapsulation.Add(handOff.Packet, handOff.Slot, handOff.Beside, handOff.Kind == HandOffKind.DecapsulateLast);
            else if (handOff.Kind == HandOffKind.Reassemble) localInput.TakeFragment(handOff.Packet);
            else transmit.Relay(handOff.Packet, handOff.Slot);
        }

        if (count == 0) return 0;
        localInput.Run(local);
        decapsulation.Flush();
        Process();
        return count;
    }

    private void Prefetch(in HandOff handOff)
    {
        if (handOff.Kind == HandOffKind.Encapsulate) context.Region.PrefetchOutbound(handOff.Slot);
        else if (handOff.Kind is HandOffKind.Decapsulate or HandOffKind.DecapsulateLast) context.Region.PrefetchInbound(handOff.Slot);
    }

    private void Encapsulate(in Packet packet, uint slot, uint hop)
    {
        var adjacency = tunnelSa.WayOut(context.Region.OutboundSa(slot), hop);
        var reason = transmit.Check(adjacency);
        if (reason == DropReason.None) encapsulation.Add(packet, slot, adjacency, hop);
        else context.Drop(packet, adjacency == TunnelSa.NoWay ? DropReason.NoTunnelForPolicy : reason);
    }

    private void KeepHouse(long tick)
    {
        nextHousekeeping = tick + Tuning.HousekeepingMilliseconds;
        reassembler.Expire();
        keepalives.Run();
        if (holds.Count == 0) return;
        holds.Release(tunnelSa, router, transmit, arrived);
        Process();
    }

    private void Count(byte port, int count)
    {
        var octets = 0L;
        foreach (ref var packet in received.AsSpan(0, count))
        {
            octets += packet.Length;
            if (Ports.IsHost(port)) packet.Flags |= PacketFlags.Injected;
        }

        ref var block = ref context.Block;
        if (Ports.IsHost(port)) block.Injected += (uint)count;
        else block.Rx += (uint)count;
        block.Ports[port].RxPackets += (uint)count;
        block.Ports[port].RxBytes += (ulong)octets;
        block.Batches++;
    }

    private void Publish(long tick, int work)
    {
        ref var block = ref context.Block;
        block.Loops++;
        block.Heartbeat = tick;
        if (work != 0) block.FreeFrames = (uint)context.Pool.Free;
        WorkerEpoch.Pass(ref block);
    }
}
