using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Appliance.Crypto;
using Appliance.Shared;
using Appliance.SlowPath.Tables;

namespace Appliance.SlowPath.Sas;

/// <summary>SAD slots: which are live, taking them over after a restart, retiring them. A record's key is wiped before its slot is free again.</summary>
internal sealed class SaStore
{
    private readonly Region region;
    private readonly SlotPool outbound, inbound;
    private readonly Dictionary<(bool Outbound, uint Spi), SaEntry> entries = [];

    public SaStore(Region region, Quiescence quiescence)
    {
        this.region = region;
        outbound = new SlotPool(region.Counts.OutboundSas, 0, quiescence, WipeOutbound);
        inbound = new SlotPool(region.Counts.InboundSas, 0, quiescence, WipeInbound);
    }

    /// <summary>Live SAs.</summary>
    public IReadOnlyCollection<SaEntry> All => entries.Values;

    /// <summary>Every counter-mode key so far.</summary>
    public UsedKeys UsedKeys { get; } = new();

    /// <summary>Takes over what an earlier slow path left: live records of tunnels that are known stay as they are; half-written ones are wiped.</summary>
    public void Adopt(Func<uint, string?> tunnelOf)
    {
        for (uint slot = 0; slot < region.Counts.OutboundSas; slot++)
        {
            ref var record = ref region.OutboundSa(slot);
            if (record.State == SlotState.Free) continue;
            outbound.Claim(slot);
            UsedKeys.Add((Cipher)record.Cipher, record.Key);
            var entry = tunnelOf(record.Tunnel) is { } tunnel ? new SaEntry(true, slot, record.Spi, tunnel, record.Tunnel, (Cipher)record.Cipher, record.KeyLength, record.Worker) : null;
            if (record.State == SlotState.Live && entry is not null && entries.TryAdd((true, record.Spi), entry)) continue;
            DetachOutbound(slot);
            Volatile.Write(ref record.State, SlotState.Retired);
            outbound.Retire(slot);
        }

        for (uint slot = 0; slot < region.Counts.InboundSas; slot++)
        {
            ref var record = ref region.InboundSa(slot);
            if (record.State == SlotState.Free) continue;
            inbound.Claim(slot);
            UsedKeys.Add((Cipher)record.Cipher, record.Key);
            var entry = tunnelOf(record.Tunnel) is { } tunnel ? new SaEntry(false, slot, record.Spi, tunnel, record.Tunnel, (Cipher)record.Cipher, record.KeyLength, record.Worker) : null;
            if (record.State == SlotState.Live && entry is not null && entries.TryAdd((false, record.Spi), entry)) _ = region.SaLookup.TryAdd(record.Spi, record.Destination, record.Source, slot);
            else RetireInbound(slot);
        }
    }

    /// <summary>The live SA of a direction and SPI.</summary>
    public SaEntry? Find(bool isOutbound, uint spi) => entries.GetValueOrDefault((isOutbound, spi));

    /// <summary>Takes a wiped slot.</summary>
    public bool TryTake(bool isOutbound, out uint slot) => (isOutbound ? outbound : inbound).TryTake(out slot);

    /// <summary>Gives back a slot that was never published.</summary>
    public void Abandon(bool isOutbound, uint slot)
    {
        if (isOutbound) Volatile.Write(ref region.OutboundSa(slot).State, SlotState.Retired);
        else Volatile.Write(ref region.InboundSa(slot).State, SlotState.Retired);
        (isOutbound ? outbound : inbound).Retire(slot);
    }

    /// <summary>Remembers an SA that was published.</summary>
    public void Add(SaEntry entry) => entries[(entry.IsOutbound, entry.Spi)] = entry;

    /// <summary>Takes an SA out of use; the slot is wiped once no worker can hold it.</summary>
    public void Retire(SaEntry entry)
    {
        entries.Remove((entry.IsOutbound, entry.Spi));
        if (!entry.IsOutbound)
        {
            RetireInbound(entry.Slot);
            return;
        }

        DetachOutbound(entry.Slot);
        Volatile.Write(ref region.OutboundSa(entry.Slot).State, SlotState.Retired);
        outbound.Retire(entry.Slot);
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
        return expired ?? [];
    }

    /// <summary>Slots that wait for the workers, both directions.</summary>
    public int Waiting => outbound.Waiting + inbound.Waiting;

    private void DetachOutbound(uint slot)
    {
        var tunnel = region.OutboundSa(slot).Tunnel;
        if (tunnel >= (uint)region.Counts.Tunnels) return;
        ref var record = ref region.Tunnel(tunnel);
        for (var worker = 0; worker < SaSlots.Size; worker++)
            if (record.OutboundSas[worker] == slot)
                Volatile.Write(ref record.OutboundSas[worker], TunnelRecord.NoSa);
    }

    private void RetireInbound(uint slot)
    {
        ref var record = ref region.InboundSa(slot);
        _ = region.SaLookup.TryRemove(record.Spi, record.Destination, record.Source);
        Volatile.Write(ref record.State, SlotState.Retired);
        inbound.Retire(slot);
    }

    private void WipeOutbound(uint slot)
    {
        ref var record = ref region.OutboundSa(slot);
        var generation = record.Generation;
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(new Span<OutboundSa>(ref record)));
        record.Generation = generation;
    }

    private void WipeInbound(uint slot)
    {
        ref var record = ref region.InboundSa(slot);
        var generation = record.Generation;
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsBytes(new Span<InboundSa>(ref record)));
        record.Generation = generation;
    }
}
