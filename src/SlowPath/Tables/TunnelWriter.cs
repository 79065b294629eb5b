using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Tables;

/// <summary>
/// Tunnel records by name. A tunnel whose kind changed, or whose ends did without IKE having moved them, is another tunnel: it gets a new slot, and its SAs go with the old one.
/// Everything else changes in place, a word at a time; workers read ends only to compare them (transport mode's source, quoted ICMP), and half an address equals none.
/// </summary>
internal sealed class TunnelWriter
{
    private readonly Region region;
    private readonly SlotTable pool;
    private readonly Dictionary<string, uint> slots = new(StringComparer.Ordinal);

    /// <summary>Numbers of groups, which tunnels of the same group share.</summary>
    private readonly Dictionary<string, uint> groups = new(StringComparer.Ordinal);

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
        {
            var name = region.Tunnel(slot).Name.Get();
            if (!slots.TryAdd(name, slot)) pool.Retire(slot);
            else if (region.Tunnel(slot).Group is > 0 and var group) groups[GroupConfiguration.GroupOf(name)] = group;
        }
    }

    /// <summary>Name of the live tunnel in a slot, or null.</summary>
    public string? NameOf(uint slot)
    {
        if (slot >= (uint)region.Counts.Tunnels || region.Tunnel(slot).State != SlotState.Live) return null;
        var name = region.Tunnel(slot).Name.Get();
        return slots.TryGetValue(name, out var known) && known == slot ? name : null;
    }

    /// <summary>
    /// Writes what is new or differs. Slots of tunnels that are gone (but for those to keep) or became others are added to <paramref name="orphans"/>; they are live until <see cref="Retire"/>.
    /// </summary>
    public bool Write(IReadOnlyDictionary<string, TunnelContents> wanted, IReadOnlySet<string> keep, List<uint> orphans)
    {
        var room = true;
        foreach (var tunnel in wanted.Values) room &= Write(tunnel, orphans);
        foreach (var (name, slot) in slots.Where(s => !wanted.ContainsKey(s.Key) && !keep.Contains(s.Key)).ToList())
        {
            slots.Remove(name);
            orphans.Add(slot);
        }

        return room;
    }

    /// <summary>Writes one tunnel; false when there is no room for it.</summary>
    public bool Write(TunnelContents tunnel, List<uint> orphans)
    {
        if (slots.TryGetValue(tunnel.Name, out var slot))
        {
            ref var there = ref region.Tunnel(slot);
            if (there.Kind == tunnel.Kind && (tunnel.EndsMove || (there.Local == tunnel.Local && there.Remote == tunnel.Remote)))
            {
                Adjust(ref there, tunnel);
                return true;
            }

            orphans.Add(slot);
            slots.Remove(tunnel.Name);
        }

        if (!pool.TryTake(out var fresh)) return false;
        slots[tunnel.Name] = Create(fresh, tunnel);
        return true;
    }

    /// <summary>A tunnel that is gone: its slot, which is live until <see cref="Retire"/>, or null.</summary>
    public uint? Remove(string name) => slots.Remove(name, out var slot) ? slot : null;

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
        for (var worker = 0; worker < SaSlots.Size; worker++) record.OutboundSas[worker] = TunnelRecord.NoSa;
        record.Name.Set(tunnel.Name);
        Adjust(ref record, tunnel);
        pool.Publish(slot);
        return slot;
    }

    private void Adjust(ref TunnelRecord record, TunnelContents tunnel)
    {
        Volatile.Write(ref record.Group, tunnel.Group is { } group ? NumberOf(group) : 0);
        if (record.Local != tunnel.Local) record.Local = tunnel.Local;
        if (record.Remote != tunnel.Remote) record.Remote = tunnel.Remote;
        Volatile.Write(ref record.HoldOnMiss, tunnel.Hold ? (byte)1 : (byte)0);
        Volatile.Write(ref record.CheckSourceRoute, tunnel.SourceByInterfaces ? TunnelRecord.SourceByInterfaces : tunnel.CheckSource ? (byte)1 : (byte)0);
        Volatile.Write(ref record.Interface, tunnel.Interface is { } port ? (byte)(port + 1) : (byte)0);
        Volatile.Write(ref record.InnerMtu, tunnel.InnerMtu);
        Volatile.Write(ref record.MssClampV4, tunnel.MssClampV4);
        Volatile.Write(ref record.MssClampV6, tunnel.MssClampV6);
    }

    /// <summary>A group keeps its number as long as this process lives, and a successor finds it in the records.</summary>
    private uint NumberOf(string group)
    {
        if (groups.TryGetValue(group, out var number)) return number;
        do number++;
        while (groups.ContainsValue(number));
        return groups[group] = number;
    }
}
