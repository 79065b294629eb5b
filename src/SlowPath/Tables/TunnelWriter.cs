using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Tables;

/// <summary>
/// Tunnel records by name. A tunnel whose ends or kind changed is another tunnel: it gets a new slot, and its SAs go with the old one. Everything else changes in
/// place, a word at a time.
/// </summary>
internal sealed class TunnelWriter
{
    private readonly Region region;
    private readonly SlotTable pool;
    private readonly Dictionary<string, uint> slots = new(StringComparer.Ordinal);

    public TunnelWriter(Region region, Quiescence quiescence)
    {
        this.region = region;
        pool = SlotTable.ForTunnels(region, quiescence);
    }

    /// <summary>Names and slots.</summary>
    public IReadOnlyDictionary<string, uint> Slots => slots;

    /// <summary>Takes over what an earlier slow path left.</summary>
    public void Adopt()
    {
        foreach (var slot in pool.Live)
            if (!slots.TryAdd(region.Tunnel(slot).Name.Get(), slot))
                pool.Retire(slot);
    }

    /// <summary>Name of the live tunnel in a slot, or null.</summary>
    public string? NameOf(uint slot)
    {
        if (slot >= (uint)region.Counts.Tunnels || region.Tunnel(slot).State != SlotState.Live) return null;
        var name = region.Tunnel(slot).Name.Get();
        return slots.TryGetValue(name, out var known) && known == slot ? name : null;
    }

    /// <summary>Writes what is new or differs. Slots of tunnels that are gone or became others are added to <paramref name="orphans"/>; they are live until <see cref="Retire"/>.</summary>
    public bool Write(IReadOnlyDictionary<string, TunnelContents> wanted, List<uint> orphans)
    {
        var room = true;
        foreach (var tunnel in wanted.Values)
        {
            if (slots.TryGetValue(tunnel.Name, out var slot))
            {
                ref var there = ref region.Tunnel(slot);
                if (there.Kind == tunnel.Kind && there.Local == tunnel.Local && there.Remote == tunnel.Remote)
                {
                    Adjust(ref there, tunnel);
                    continue;
                }

                orphans.Add(slot);
            }

            if (pool.TryTake(out var fresh)) slots[tunnel.Name] = Create(fresh, tunnel);
            else room = false;
        }

        foreach (var (name, slot) in slots.Where(s => !wanted.ContainsKey(s.Key)).ToList())
        {
            slots.Remove(name);
            orphans.Add(slot);
        }

        return room;
    }

    /// <summary>Retires slots that no route, rule or SA names any more.</summary>
    public void Retire(List<uint> orphans)
    {
        foreach (var slot in orphans) pool.Retire(slot);
        pool.Reclaim();
    }

    private uint Create(uint slot, TunnelContents tunnel)
    {
        ref var record = ref region.Tunnel(slot);
        record.Kind = tunnel.Kind;
        record.Local = tunnel.Local;
        record.Remote = tunnel.Remote;
        for (var worker = 0; worker < SaSlots.Size; worker++) record.OutboundSas[worker] = TunnelRecord.NoSa;
        record.Name.Set(tunnel.Name);
        Adjust(ref record, tunnel);
        pool.Publish(slot);
        return slot;
    }

    private static void Adjust(ref TunnelRecord record, TunnelContents tunnel)
    {
        Volatile.Write(ref record.HoldOnMiss, tunnel.Hold ? (byte)1 : (byte)0);
        Volatile.Write(ref record.CheckSourceRoute, tunnel.CheckSource ? (byte)1 : (byte)0);
        Volatile.Write(ref record.InnerMtu, tunnel.InnerMtu);
        Volatile.Write(ref record.MssClampV4, tunnel.MssClampV4);
        Volatile.Write(ref record.MssClampV6, tunnel.MssClampV6);
    }
}
