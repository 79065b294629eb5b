using Appliance.Crypto;
using Appliance.Shared;

namespace Appliance.SlowPath.Sas;

/// <summary>The SAD from the slow path's side: which SAs are live, taking them over after a restart, publishing, retiring. Keys are wiped before a slot is free again.</summary>
internal sealed class SaStore
{
    private readonly Region region;
    private readonly SlotTable outbound, inbound;
    private readonly SaLookupTable lookup;
    private readonly Dictionary<(bool Outbound, uint Spi), SaEntry> entries = [];

    public SaStore(Region region, Quiescence quiescence)
    {
        this.region = region;
        outbound = SlotTable.ForOutboundSas(region, quiescence);
        inbound = SlotTable.ForInboundSas(region, quiescence);
        lookup = new SaLookupTable(region, quiescence);
    }

    /// <summary>Live SAs.</summary>
    public IReadOnlyCollection<SaEntry> All => entries.Values;

    /// <summary>Every counter-mode key so far.</summary>
    public UsedKeys UsedKeys { get; } = new();

    /// <summary>Takes over what an earlier slow path left: live records of tunnels that are known stay as they are.</summary>
    public void Adopt(Func<uint, string?> tunnelOf)
    {
        foreach (var slot in region.LiveOutboundSas())
        {
            ref var record = ref region.OutboundSa(slot);
            UsedKeys.Add((Cipher)record.Cipher, record.Key);
            var known = tunnelOf(record.Tunnel) is { } tunnel
                && entries.TryAdd((true, record.Spi), new SaEntry(true, slot, record.Spi, tunnel, record.Tunnel, (Cipher)record.Cipher, record.KeyLength, record.Worker));
            if (!known) RetireOutbound(slot);
        }

        foreach (var slot in region.LiveInboundSas())
        {
            ref var record = ref region.InboundSa(slot);
            UsedKeys.Add((Cipher)record.Cipher, record.Key);
            var known = tunnelOf(record.Tunnel) is { } tunnel
                && entries.TryAdd((false, record.Spi), new SaEntry(false, slot, record.Spi, tunnel, record.Tunnel, (Cipher)record.Cipher, record.KeyLength, record.Worker));
            if (known) _ = lookup.TryAdd(record.Spi, record.Destination, record.Source, slot);
            else RetireInbound(slot);
        }
    }

    /// <summary>The live SA of a direction and SPI.</summary>
    public SaEntry? Find(bool isOutbound, uint spi) => entries.GetValueOrDefault((isOutbound, spi));

    /// <summary>Takes a wiped slot of a new generation.</summary>
    public bool TryTake(bool isOutbound, out uint slot) => (isOutbound ? outbound : inbound).TryTake(out slot);

    /// <summary>Gives back a slot that was never published.</summary>
    public void Abandon(bool isOutbound, uint slot) => (isOutbound ? outbound : inbound).Abandon(slot);

    /// <summary>Makes an inbound SA live, then puts it into the lookup.</summary>
    public void PublishInbound(SaEntry entry)
    {
        ref var sa = ref region.InboundSa(entry.Slot);
        inbound.Publish(entry.Slot);
        _ = lookup.TryAdd(sa.Spi, sa.Destination, sa.Source, entry.Slot);
        entries[(false, entry.Spi)] = entry;
    }

    /// <summary>Makes an outbound SA live, then switches the tunnel's workers to it: one, or all for null.</summary>
    public void PublishOutbound(SaEntry entry, int? worker)
    {
        outbound.Publish(entry.Slot);
        ref var tunnel = ref region.Tunnel(entry.TunnelSlot);
        for (var i = 0; i < SaSlots.Size; i++)
            if (worker is null || worker == i)
                Volatile.Write(ref tunnel.OutboundSas[i], entry.Slot);
        entries[(true, entry.Spi)] = entry;
    }

    /// <summary>Takes an SA out of use; the slot is wiped once no worker can hold it.</summary>
    public void Retire(SaEntry entry)
    {
        entries.Remove((entry.IsOutbound, entry.Spi));
        if (entry.IsOutbound) RetireOutbound(entry.Slot);
        else RetireInbound(entry.Slot);
    }

    /// <summary>Wipes what can be wiped, retires what has expired. <paramref name="now"/> is Unix time in milliseconds. Returns the SAs that expired.</summary>
    public IReadOnlyList<SaEntry> Sweep(long now)
    {
        List<SaEntry>? expired = null;
        foreach (var entry in entries.Values)
        {
            var at = entry.IsOutbound ? region.OutboundSa(entry.Slot).ExpiresAt : region.InboundSa(entry.Slot).ExpiresAt;
            if (at != 0 && at <= now) (expired ??= []).Add(entry);
        }

        foreach (var entry in expired ?? []) Retire(entry);
        outbound.Reclaim();
        inbound.Reclaim();
        lookup.Reclaim();
        return expired ?? [];
    }

    private void RetireOutbound(uint slot)
    {
        var tunnel = region.OutboundSa(slot).Tunnel;
        if (tunnel < (uint)region.Counts.Tunnels)
        {
            ref var record = ref region.Tunnel(tunnel);
            for (var worker = 0; worker < SaSlots.Size; worker++)
                if (record.OutboundSas[worker] == slot)
                    Volatile.Write(ref record.OutboundSas[worker], TunnelRecord.NoSa);
        }

        outbound.Retire(slot);
    }

    private void RetireInbound(uint slot)
    {
        ref var record = ref region.InboundSa(slot);
        _ = lookup.TryRemove(record.Spi, record.Destination, record.Source);
        inbound.Retire(slot);
    }
}
