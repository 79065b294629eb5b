using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Appliance.Shared;

/// <summary>
/// The memory that data plane, slow path and supervisor share: a file on tmpfs, mode 0600, locked in memory, left out of core dumps. State
/// lives here and outlives each process. Accessors return references into the mapping; slots are the caller's promise (checked in
/// <see cref="Slot{T}"/> only by being unsigned and below the count, else slot 0 is never returned: an exception is).
/// </summary>
public sealed unsafe partial class Region : IDisposable
{
    /// <summary>Addresses of the machine itself that a region has room for.</summary>
    public const int MaximumLocalAddresses = 1024;

    /// <summary>Ranges of wanted multicast addresses that a region has room for.</summary>
    public const int MaximumMulticastPrefixes = 256;

    private readonly byte* start;
    private readonly FileStream file;
    private readonly RegionMap map;
    private readonly RegionCounts counts;

    private Region(FileStream file, RegionCounts counts)
    {
        this.file = file;
        this.counts = counts;
        map = new RegionMap(counts);
        try
        {
            start = (byte*)LinuxMemory.MapShare(file.SafeFileHandle.DangerousGetHandle(), (nuint)map.Length);
        }
        catch (IOException)
        {
            file.Dispose();
            throw;
        }

        SaLookup = new SaLookup(start + map.SaLookup, counts.InboundSas);
        Ipv4Routes = new Ipv4Routes(start + map.Ipv4Routes, counts.Ipv4Groups);
        Ipv6Routes = new Ipv6Routes(start + map.Ipv6Routes, counts.Ipv6Nodes);
        Senders = new Senders(start + map.SenderHeads, start + map.Senders, counts.Senders);
    }

    /// <summary>The first page.</summary>
    public ref RegionHeader Header => ref *(RegionHeader*)start;

    /// <summary>How many records of each kind there are.</summary>
    public ref readonly RegionCounts Counts => ref counts;

    /// <summary>Octets in all.</summary>
    public ulong Length => map.Length;

    /// <summary>Inbound SA lookup.</summary>
    public SaLookup SaLookup { get; }

    /// <summary>IPv4 routes; their values are slots of <see cref="NextHop"/>.</summary>
    public Ipv4Routes Ipv4Routes { get; }

    /// <summary>IPv6 routes; their values are slots of <see cref="NextHop"/>.</summary>
    public Ipv6Routes Ipv6Routes { get; }

    /// <summary>Senders of multi-point SAs; their values are numbers of <see cref="Sender"/>.</summary>
    public Senders Senders { get; }

    /// <summary>Makes a new region, or opens the one that is there when its layout and sizes are the same (its state is then kept).</summary>
    /// <exception cref="IOException">The path is not on tmpfs, or memory cannot be mapped or locked.</exception>
    public static Region CreateOrOpen(string path, RegionSizes sizes, int workers, out bool kept)
    {
        var wanted = CountsOf(sizes);
        var directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        RegionFile.RequireTmpfs(directory);
        HugePages.Offer(directory);
        kept = File.Exists(path) && RegionFile.Matches(path, wanted);
        if (!kept) WipeAndDelete(path);
        var file = RegionFile.OpenOrCreate(path, (long)new RegionMap(wanted).Length);
        var region = new Region(file, wanted);
        ref var header = ref region.Header;
        header.Workers = (uint)workers;
        if (kept) return region;
        header.Layout = RegionHeader.LayoutNumber;
        header.Length = region.Length;
        header.Counts = wanted;
        Volatile.Write(ref header.Magic, RegionHeader.MagicValue);
        return region;
    }

    /// <summary>Opens a region that another process made.</summary>
    /// <exception cref="IOException">There is none, or it has another layout.</exception>
    public static Region Open(string path)
    {
        var file = RegionFile.Open(path);
        if (RegionFile.TryReadCounts(file, out var counts, out var problem)) return new Region(file, counts);
        file.Dispose();
        throw new IOException($"{path}: {problem}");
    }

    /// <summary>Overwrites whatever a region's file holds, of any layout, and deletes it: its keys are then nowhere. Does nothing when there is none.</summary>
    /// <exception cref="IOException">The file cannot be opened or deleted.</exception>
    public static void WipeAndDelete(string path)
    {
        if (!File.Exists(path)) return;
        using (var file = RegionFile.Open(path)) LinuxMemory.WipeShare(file.SafeFileHandle.DangerousGetHandle(), (nuint)file.Length);
        File.Delete(path);
    }

    /// <summary>What worker <paramref name="worker"/> publishes.</summary>
    public ref WorkerBlock Worker(int worker) => ref Slot<WorkerBlock>(map.Workers, (uint)worker, WorkerBlock.Maximum);

    /// <summary>Port record.</summary>
    public ref PortRecord Port(int port) => ref Slot<PortRecord>(map.Ports, (uint)port, PortRecord.Maximum);

    /// <summary>Events from worker <paramref name="worker"/> to the slow path.</summary>
    public EventRing Events(int worker) => (uint)worker < WorkerBlock.Maximum
        ? new(start + map.Events + (ulong)worker * (ulong)EventRing.SizeFor(counts.EventsPerWorker), counts.EventsPerWorker)
        : throw new ArgumentOutOfRangeException(nameof(worker), $"worker {worker} of {WorkerBlock.Maximum}");

    /// <summary>An address of the machine itself, mirrored by the slow path; <see cref="IpAddress.Any"/> where the place is empty.</summary>
    public ref IpAddress LocalAddress(int index) => ref Slot<IpAddress>(map.LocalAddresses, (uint)index, MaximumLocalAddresses);

    /// <summary>A range of multicast addresses that is to come to the workers from protected ports; its address is <see cref="IpAddress.Any"/> where the place is empty.</summary>
    public ref MulticastPrefix MulticastPrefix(int index) => ref Slot<MulticastPrefix>(map.MulticastPrefixes, (uint)index, MaximumMulticastPrefixes);

    /// <summary>Tunnel record.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref TunnelRecord Tunnel(uint slot) => ref Slot<TunnelRecord>(map.Tunnels, slot, counts.Tunnels);

    /// <summary>Next-hop record.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref NextHopRecord NextHop(uint slot) => ref Slot<NextHopRecord>(map.NextHops, slot, counts.NextHops);

    /// <summary>The group in a next hop's slot whose kind is <see cref="NextHopKind.Group"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref NextHopGroup NextHopGroup(uint slot) => ref Slot<NextHopGroup>(map.NextHops, slot, counts.NextHops);

    /// <summary>The members in a next hop's slot whose kind is <see cref="NextHopKind.Replicate"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref ReplicateRecord Replicate(uint slot) => ref Slot<ReplicateRecord>(map.NextHops, slot, counts.NextHops);

    /// <summary>A block of members of a <see cref="ReplicateRecord"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref ReplicateBlock ReplicateBlock(uint slot) => ref Slot<ReplicateBlock>(map.NextHops, slot, counts.NextHops);

    /// <summary>Adjacency record.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref AdjacencyRecord Adjacency(uint slot) => ref Slot<AdjacencyRecord>(map.Adjacencies, slot, counts.Adjacencies);

    /// <summary>SPD rule.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref SpdRule SpdRule(uint slot) => ref Slot<SpdRule>(map.SpdRules, slot, counts.SpdRules);

    /// <summary>Outbound SA.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref OutboundSa OutboundSa(uint slot) => ref Slot<OutboundSa>(map.OutboundSas, slot, counts.OutboundSas);

    /// <summary>Running numbers of an outbound SA.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref OutboundSaState OutboundState(uint slot) => ref Slot<OutboundSaState>(map.OutboundStates, slot, counts.OutboundSas);

    /// <summary>Inbound SA.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref InboundSa InboundSa(uint slot) => ref Slot<InboundSa>(map.InboundSas, slot, counts.InboundSas);

    /// <summary>Running numbers of an inbound SA.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref InboundSaState InboundState(uint slot) => ref Slot<InboundSaState>(map.InboundStates, slot, counts.InboundSas);

    /// <summary>A sender of a multi-point SA.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref SenderRecord Sender(uint record) => ref Slot<SenderRecord>(map.Senders, record, counts.Senders);

    /// <summary>A sender's replay window: one bit for each IV counter, at its number modulo 4096.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref ReplayBits SenderWindow(uint record) => ref Slot<ReplayBits>(map.SenderWindows, record, counts.Senders);

    /// <summary>A slot of the <see cref="ContextStore"/>.</summary>
    internal ref ContextSlot ContextSlot(uint slot) => ref Slot<ContextSlot>(map.Contexts, slot, counts.ContextSlots);

    /// <summary>Asks the processor to load what a worker reads of a tunnel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void PrefetchTunnel(uint slot)
    {
        if (!Sse.IsSupported || slot >= (uint)counts.Tunnels) return;
        var record = start + map.Tunnels + (ulong)slot * TunnelRecord.RecordSize;
        Sse.Prefetch0(record);
        Sse.Prefetch0(record + 64);
    }

    /// <summary>Asks the processor to load a next hop.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void PrefetchNextHop(uint slot)
    {
        if (Sse.IsSupported && slot < (uint)counts.NextHops) Sse.Prefetch0(start + map.NextHops + (ulong)slot * NextHopRecord.RecordSize);
    }

    /// <summary>Asks the processor to load what every packet reads of an outbound SA, and its state.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void PrefetchOutbound(uint slot)
    {
        if (!Sse.IsSupported || slot >= (uint)counts.OutboundSas) return;
        var record = start + map.OutboundSas + (ulong)slot * Appliance.Shared.OutboundSa.RecordSize;
        Sse.Prefetch0(record);
        Sse.Prefetch0(record + 128);
        Sse.Prefetch0(start + map.OutboundStates + (ulong)slot * 64);
    }

    /// <summary>Asks the processor to load what every packet reads of an inbound SA, and its counters.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void PrefetchInbound(uint slot)
    {
        if (!Sse.IsSupported || slot >= (uint)counts.InboundSas) return;
        Sse.Prefetch0(start + map.InboundSas + (ulong)slot * Appliance.Shared.InboundSa.RecordSize);
        Sse.Prefetch0(start + map.InboundStates + (ulong)slot * InboundSaState.RecordSize);
    }

    /// <summary>Asks the processor to load an SA's expanded key: the round keys and the powers that short packets need, all of them for longer ones.</summary>
    /// <param name="key">The key of an SA record.</param>
    /// <param name="octets">Length of the packet.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PrefetchKey(ref KeyOctets key, int octets)
    {
        if (!Sse.IsSupported) return;
        var line = (byte*)Unsafe.AsPointer(ref key);
        Sse.Prefetch0(line);
        Sse.Prefetch0(line + 64);
        Sse.Prefetch0(line + 128);
        Sse.Prefetch0(line + 192);
        Sse.Prefetch0(line + 640);
        Sse.Prefetch0(line + 704);
        if (octets <= 128) return;
        for (var at = 256; at < 640; at += 64) Sse.Prefetch0(line + at);
    }

    /// <summary>Asks the processor to load the part of a replay window where a sequence number lies.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void PrefetchWindow(ref ReplayBits window, ulong sequence)
    {
        if (Sse.IsSupported) Sse.Prefetch0((byte*)Unsafe.AsPointer(ref window) + ((sequence & 4095) >> 3));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        LinuxMemory.Unmap((nint)start, (nuint)map.Length);
        file.Dispose();
    }

    private static RegionCounts CountsOf(RegionSizes sizes) => new()
    {
        OutboundSas = sizes.OutboundSas,
        InboundSas = sizes.InboundSas,
        Tunnels = sizes.Tunnels,
        NextHops = sizes.NextHops,
        Adjacencies = sizes.Adjacencies,
        SpdRules = sizes.SpdRules,
        Ipv4Groups = sizes.Ipv4Groups,
        Ipv6Nodes = sizes.Ipv6Nodes,
        EventsPerWorker = sizes.EventsPerWorker,
        ContextSlots = sizes.ContextSlots,
        Senders = sizes.Senders,
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref T Slot<T>(ulong section, uint slot, int count) where T : unmanaged
    {
        if (slot >= (uint)count) OutOfRange(slot, count);
        return ref *(T*)(start + section + (ulong)slot * (ulong)sizeof(T));
    }

    private static void OutOfRange(uint slot, int count) => throw new ArgumentOutOfRangeException(nameof(slot), $"slot {slot} of {count}");
}
