using Appliance.Crypto;
using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Sas;

/// <summary>The SAD from the slow path's side: which SAs are live, taking them over after a restart, publishing, retiring. Keys are wiped before a slot is free again.</summary>
internal sealed class SaStore
{
    /// <summary>How long an outbound SA that nothing names any more stays, in milliseconds: packets under way between workers still leave by it.</summary>
    private const long DrainMilliseconds = 100;

    /// <summary>How long, after a multi-point SA went, its senders' records are looked for: once no worker holds it they are given up, which is a matter of moments.</summary>
    private const long SendersMilliseconds = 30_000;
    private readonly Region region;
    private readonly SlotTable outbound, inbound;
    private readonly SaLookupTable lookup;
    private readonly SenderTable senders;
    private readonly Dictionary<(bool Outbound, uint Slot), SaEntry> entries = [];
    private readonly Dictionary<(bool Outbound, uint Spi), SaEntry> ofPeers = [];
    private readonly Dictionary<uint, List<(IpAddress Destination, IpAddress Source)>> furtherKeys = [];
    private readonly Dictionary<uint, List<SaEntry>> ofTunnel = [];
    private readonly PriorityQueue<SaEntry, long> expiries = new();
    private readonly Queue<(long At, uint Slot)> draining = new();
    private long sendersUntil = Environment.TickCount64 + SendersMilliseconds;

    public SaStore(Region region, Quiescence quiescence, SlotRanges rules)
    {
        this.region = region;
        outbound = SlotTable.ForOutboundSas(region, quiescence);
        inbound = SlotTable.ForInboundSas(region, quiescence);
        lookup = new SaLookupTable(region, quiescence);
        senders = new SenderTable(region, quiescence);
        Selectors = new SelectorStore(region, rules);
    }

    /// <summary>Live SAs.</summary>
    public IReadOnlyCollection<SaEntry> All => entries.Values;

    /// <summary>Every counter-mode key so far that was not negotiated.</summary>
    public UsedKeys UsedKeys { get; } = new();

    /// <summary>Traffic selectors.</summary>
    public SelectorStore Selectors { get; }

    /// <summary>Told of every SA before its slot is given up.</summary>
    public Action<SaEntry>? Ending { get; set; }

    /// <summary>Told of every SA that was taken out of use.</summary>
    public Action<SaEntry>? Retired { get; set; }

    /// <summary>Told of every inbound SA that was made live.</summary>
    public Action<SaEntry>? Published { get; set; }

    /// <summary>
    /// Takes over what an earlier slow path left: live records of tunnels that are known stay as they are. Of two outbound ones with one SPI (a move was cut short) the later one, whose
    /// numbers are higher, takes over.
    /// </summary>
    public void Adopt(Func<uint, string?> tunnelOf)
    {
        foreach (var (_, destination, source, slot) in lookup.Entries())
            if (slot < (uint)region.Counts.InboundSas && (region.InboundSa(slot).Destination != destination || region.InboundSa(slot).Source != source)) KeysOf(slot).Add((destination, source));
        foreach (var slot in region.LiveOutboundSas().OrderByDescending(s => region.OutboundState(s).ReservedUntil).ToList())
        {
            ref var record = ref region.OutboundSa(slot);
            UsedKeys.Add((Cipher)record.Cipher, record.Key);
            var isGroup = (record.Flags & SaFlags.MultiPoint) != 0;
            var known = tunnelOf(record.Tunnel) is { } tunnel && (isGroup || Find(true, record.Spi) is null) && Selectors.Use(record.SelectorStart, record.SelectorCount)
                && Add(new SaEntry(true, slot, record.Spi, tunnel, record.Tunnel, (Cipher)record.Cipher, record.KeyLength, record.Worker) { Group = isGroup ? GroupConfiguration.GroupOf(tunnel) : null }, record.ExpiresAt);
            if (known) continue;
            if (!isGroup && Find(true, record.Spi) is { } later && later.TunnelSlot == record.Tunnel) Rename(record.Tunnel, slot, later.Slot);
            RetireOutbound(slot);
        }

        foreach (var slot in region.LiveInboundSas().ToList())
        {
            ref var record = ref region.InboundSa(slot);
            UsedKeys.Add((Cipher)record.Cipher, record.Key);
            var isGroup = (record.Flags & SaFlags.MultiPoint) != 0;
            var known = tunnelOf(record.Tunnel) is { } tunnel && (isGroup || Find(false, record.Spi) is null) && Selectors.Use(record.SelectorStart, record.SelectorCount)
                && Add(new SaEntry(false, slot, record.Spi, tunnel, record.Tunnel, (Cipher)record.Cipher, record.KeyLength, record.Worker) { Group = isGroup ? GroupConfiguration.GroupOf(tunnel) : null }, record.ExpiresAt);
            if (known) _ = lookup.TryAdd(record.Spi, record.Destination, record.Source, slot);
            else RetireInbound(slot);
        }
    }

    /// <summary>The live SA of a direction and SPI, but for those of groups, whose SPIs others choose.</summary>
    public SaEntry? Find(bool isOutbound, uint spi) => ofPeers.GetValueOrDefault((isOutbound, spi));

    /// <summary>The live SA in a slot.</summary>
    public SaEntry? At(bool isOutbound, uint slot) => entries.GetValueOrDefault((isOutbound, slot));

    /// <summary>Live SAs of the tunnel in a slot.</summary>
    public IReadOnlyList<SaEntry> OfTunnel(uint tunnelSlot) => ofTunnel.TryGetValue(tunnelSlot, out var list) ? list : [];

    /// <summary>Takes a wiped slot of a new generation.</summary>
    public bool TryTake(bool isOutbound, out uint slot) => (isOutbound ? outbound : inbound).TryTake(out slot);

    /// <summary>Gives back a slot that was never published.</summary>
    public void Abandon(bool isOutbound, uint slot) => (isOutbound ? outbound : inbound).Abandon(slot);

    /// <summary>Makes an inbound SA live, then puts it into the lookup; false when an SA is there under the same key, or there is no room.</summary>
    public bool PublishInbound(SaEntry entry)
    {
        ref var sa = ref region.InboundSa(entry.Slot);
        inbound.Publish(entry.Slot);
        var isFound = lookup.TryAdd(sa.Spi, sa.Destination, sa.Source, entry.Slot);
        _ = Selectors.Use(sa.SelectorStart, sa.SelectorCount);
        Add(entry, sa.ExpiresAt);
        Published?.Invoke(entry);
        return isFound;
    }

    /// <summary>Lets a live inbound SA be found by another key beside its own; false when an SA has that key already, or there is no room.</summary>
    public bool AddKey(SaEntry entry, IpAddress destination, IpAddress source)
    {
        if (KeysOf(entry.Slot).Contains((destination, source))) return true;
        if (!lookup.TryAdd(entry.Spi, destination, source, entry.Slot)) return false;
        KeysOf(entry.Slot).Add((destination, source));
        return true;
    }

    /// <summary>Takes such a key back.</summary>
    public void RemoveKey(SaEntry entry, IpAddress destination, IpAddress source)
    {
        if (furtherKeys.TryGetValue(entry.Slot, out var keys) && keys.Remove((destination, source))) _ = lookup.TryRemove(entry.Spi, destination, source);
    }

    /// <summary>Keys of a live inbound SA beside its own.</summary>
    public IReadOnlyList<(IpAddress Destination, IpAddress Source)> FurtherKeys(SaEntry entry) => furtherKeys.TryGetValue(entry.Slot, out var keys) ? [.. keys] : [];

    /// <summary>Makes an outbound SA live; no tunnel names it yet.</summary>
    public void PublishOutbound(SaEntry entry)
    {
        ref var sa = ref region.OutboundSa(entry.Slot);
        outbound.Publish(entry.Slot);
        _ = Selectors.Use(sa.SelectorStart, sa.SelectorCount);
        Add(entry, sa.ExpiresAt);
    }

    /// <summary>Switches the workers of an outbound SA's tunnel to it: one, or all for null.</summary>
    public void Name(SaEntry entry, int? worker)
    {
        for (var i = 0; i < SaSlots.Size; i++)
            if (worker is null || worker == i)
                Volatile.Write(ref region.Tunnel(entry.TunnelSlot).OutboundSas[i], entry.Slot);
    }

    /// <summary>Another record, live and not yet named, takes the place of an outbound SA, in one store for each worker; the old one goes when nothing can be under way by it.</summary>
    public SaEntry Replace(SaEntry old, uint slot)
    {
        var entry = old with { Slot = slot };
        outbound.Publish(slot);
        Rename(old.TunnelSlot, old.Slot, slot);
        _ = Forget(old);
        Add(entry, region.OutboundSa(slot).ExpiresAt);
        draining.Enqueue((Environment.TickCount64 + DrainMilliseconds, old.Slot));
        return entry;
    }

    /// <summary>Takes an SA out of use; the slot is wiped once no worker can hold it.</summary>
    public void Retire(SaEntry entry)
    {
        if (!Forget(entry)) return;
        Ending?.Invoke(entry);
        Release(entry);
        if (entry.Group is not null && !entry.IsOutbound) sendersUntil = Environment.TickCount64 + SendersMilliseconds;
        if (entry.IsOutbound) RetireOutbound(entry.Slot);
        else RetireInbound(entry.Slot);
        Retired?.Invoke(entry);
    }

    /// <summary>As <see cref="Retire"/> for an outbound SA, but what is under way between workers still leaves.</summary>
    public void Drain(SaEntry entry)
    {
        if (!Forget(entry)) return;
        Release(entry);
        Unname(entry.Slot);
        draining.Enqueue((Environment.TickCount64 + DrainMilliseconds, entry.Slot));
        Retired?.Invoke(entry);
    }

    /// <summary>An SA ends at <paramref name="at"/> (milliseconds of <see cref="Environment.TickCount64"/>), unless it does so earlier.</summary>
    public void ExpireAt(SaEntry entry, long at)
    {
        ref var expires = ref entry.IsOutbound ? ref region.OutboundSa(entry.Slot).ExpiresAt : ref region.InboundSa(entry.Slot).ExpiresAt;
        if (expires != 0 && expires <= at) return;
        Volatile.Write(ref expires, at);
        expiries.Enqueue(entry, at);
    }

    /// <summary>An SA's lifetime is another than was said: it ends at <paramref name="at"/>, earlier or later.</summary>
    public void Renew(SaEntry entry, long at)
    {
        ref var expires = ref entry.IsOutbound ? ref region.OutboundSa(entry.Slot).ExpiresAt : ref region.InboundSa(entry.Slot).ExpiresAt;
        var before = expires;
        Volatile.Write(ref expires, at);
        // One that is due earlier is in the queue, and finds the new end; a gateway that says its SA again and again adds nothing.
        if (before == 0 || at < before) expiries.Enqueue(entry, at);
    }

    /// <summary>Wipes what can be wiped, retires what has expired. <paramref name="now"/> is <see cref="Environment.TickCount64"/>. Returns the SAs that expired.</summary>
    public IReadOnlyList<SaEntry> Sweep(long now)
    {
        List<SaEntry>? expired = null;
        while (expiries.TryPeek(out var entry, out var due) && due <= now)
        {
            expiries.Dequeue();
            if (At(entry.IsOutbound, entry.Slot) is not { } there || there != entry) continue;
            var at = entry.IsOutbound ? region.OutboundSa(entry.Slot).ExpiresAt : region.InboundSa(entry.Slot).ExpiresAt;
            if (at == 0) continue;
            if (at > now) expiries.Enqueue(entry, at);
            else (expired ??= []).Add(there);
        }

        foreach (var entry in expired ?? []) Retire(entry);
        while (draining.TryPeek(out var old) && old.At <= Environment.TickCount64) outbound.Retire(draining.Dequeue().Slot);
        outbound.Reclaim();
        inbound.Reclaim();
        lookup.Reclaim();
        if (Environment.TickCount64 <= sendersUntil) senders.Reclaim();
        return expired ?? [];
    }

    private bool Add(SaEntry entry, long expiresAt)
    {
        entries[(entry.IsOutbound, entry.Slot)] = entry;
        if (entry.Group is null) ofPeers[(entry.IsOutbound, entry.Spi)] = entry;
        if (!ofTunnel.TryGetValue(entry.TunnelSlot, out var list)) ofTunnel[entry.TunnelSlot] = list = [];
        list.Add(entry);
        if (expiresAt != 0) expiries.Enqueue(entry, expiresAt);
        return true;
    }

    private bool Forget(SaEntry entry)
    {
        if (At(entry.IsOutbound, entry.Slot) != entry) return false;
        entries.Remove((entry.IsOutbound, entry.Slot));
        if (entry.Group is null) ofPeers.Remove((entry.IsOutbound, entry.Spi));
        if (ofTunnel.TryGetValue(entry.TunnelSlot, out var list) && list.Remove(entry) && list.Count == 0) ofTunnel.Remove(entry.TunnelSlot);
        return true;
    }

    private void Release(SaEntry entry)
    {
        if (entry.IsOutbound) Selectors.Release(region.OutboundSa(entry.Slot).SelectorStart, region.OutboundSa(entry.Slot).SelectorCount);
        else Selectors.Release(region.InboundSa(entry.Slot).SelectorStart, region.InboundSa(entry.Slot).SelectorCount);
    }

    private void Unname(uint slot) => Rename(region.OutboundSa(slot).Tunnel, slot, TunnelRecord.NoSa);

    private void Rename(uint tunnel, uint from, uint to)
    {
        if (tunnel >= (uint)region.Counts.Tunnels) return;
        ref var record = ref region.Tunnel(tunnel);
        for (var worker = 0; worker < SaSlots.Size; worker++)
            if (record.OutboundSas[worker] == from)
                Volatile.Write(ref record.OutboundSas[worker], to);
    }

    private void RetireOutbound(uint slot)
    {
        Unname(slot);
        outbound.Retire(slot);
    }

    private void RetireInbound(uint slot)
    {
        ref var record = ref region.InboundSa(slot);
        _ = lookup.TryRemove(record.Spi, record.Destination, record.Source);
        if (furtherKeys.Remove(slot, out var keys))
            foreach (var (destination, source) in keys) _ = lookup.TryRemove(record.Spi, destination, source);
        inbound.Retire(slot);
    }

    private List<(IpAddress Destination, IpAddress Source)> KeysOf(uint slot)
    {
        if (!furtherKeys.TryGetValue(slot, out var keys)) furtherKeys[slot] = keys = [];
        return keys;
    }
}
