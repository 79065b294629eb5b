using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Tables;

/// <summary>The slow path's part of port records, and the machine's own addresses.</summary>
internal sealed class PortWriter(Region region)
{
    /// <summary>Writes what differs; a device that came, went or changed rings for the data plane.</summary>
    public void Write(IReadOnlyList<PortContents> wanted)
    {
        var changed = false;
        foreach (var port in wanted)
        {
            ref var record = ref region.Port(port.Index);
            if (record.AddressV4 != port.AddressV4) record.AddressV4 = port.AddressV4;
            if (record.AddressV6 != port.AddressV6) record.AddressV6 = port.AddressV6;
            var same = record.State == SlotState.Live && record.Kind == port.Kind && record.Side == port.Side && record.Mtu == port.Mtu
                && record.InterfaceIndex == port.InterfaceIndex && record.Mac == port.Mac && record.Name.Get() == port.Name;
            if (same) continue;
            changed = true;
            record.Kind = port.Kind;
            record.Side = port.Side;
            record.Mtu = port.Mtu;
            record.InterfaceIndex = port.InterfaceIndex;
            record.Mac = port.Mac;
            record.Name.Set(port.Name);
            Volatile.Write(ref record.State, SlotState.Live);
        }

        for (var index = 0; index < PortRecord.Maximum; index++)
        {
            if (region.Port(index).State != SlotState.Live || wanted.Any(p => p.Index == index)) continue;
            Volatile.Write(ref region.Port(index).State, SlotState.Free);
            changed = true;
        }

        if (changed) Doorbell.Ring(ref region.Header.PortVersion);
    }

    /// <summary>
    /// Says which tunnel each tunnel's interface leads into. After the tunnels are written and before those that are gone are: an interface never names another's slot.
    /// </summary>
    public void WriteTunnels(IReadOnlyList<PortContents> wanted, IReadOnlyDictionary<string, uint> slots)
    {
        for (var index = 0; index < PortRecord.Maximum; index++)
        {
            var tunnel = wanted.FirstOrDefault(p => p.Index == index)?.Tunnel is { } name && slots.TryGetValue(name, out var slot) ? slot + 1 : 0;
            Volatile.Write(ref region.Port(index).Tunnel, tunnel);
        }
    }

    /// <summary>Writes the ranges of multicast addresses that shall come from ports inside; returns how many found no room.</summary>
    public int WriteMulticast(IReadOnlyList<IpPrefix> wanted)
    {
        var changed = false;
        for (var i = 0; i < Region.MaximumMulticastPrefixes; i++)
        {
            var prefix = i < wanted.Count ? new MulticastPrefix { Address = wanted[i].Address, Length = (uint)wanted[i].Length } : default;
            ref var there = ref region.MulticastPrefix(i);
            if (there.Address == prefix.Address && there.Length == prefix.Length) continue;
            there = prefix;
            changed = true;
        }

        if (changed) Doorbell.Ring(ref region.Header.MulticastVersion);
        return Math.Max(0, wanted.Count - Region.MaximumMulticastPrefixes);
    }

    /// <summary>Ranges of multicast addresses that are written.</summary>
    public IEnumerable<IpPrefix> Multicast()
    {
        for (var i = 0; i < Region.MaximumMulticastPrefixes; i++)
            if (region.MulticastPrefix(i) is { Address.IsAny: false } prefix)
                yield return new IpPrefix(prefix.Address, (int)prefix.Length);
    }

    /// <summary>Writes the machine's addresses; unused places are <see cref="IpAddress.Any"/>.</summary>
    public void WriteAddresses(IReadOnlyList<IpAddress> wanted)
    {
        var changed = false;
        for (var i = 0; i < Region.MaximumLocalAddresses; i++)
        {
            var address = i < wanted.Count ? wanted[i] : IpAddress.Any;
            if (region.LocalAddress(i) == address) continue;
            region.LocalAddress(i) = address;
            changed = true;
        }

        if (changed) Doorbell.Ring(ref region.Header.LocalAddressVersion);
    }
}
