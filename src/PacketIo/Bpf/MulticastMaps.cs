using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Appliance.Shared;

namespace Appliance.PacketIo.Bpf;

/// <summary>
/// The multicast addresses that somebody wants, as the XDP programs of ports inside know them; one pair of maps for all of these. The supervisor makes them, the data plane keeps them up to date.
/// </summary>
public sealed class MulticastMaps : IDisposable
{
    private const int KeySizeV4 = 8, KeySizeV6 = 20;
    private readonly HashSet<(IpAddress Address, int Length)> known = [];

    private MulticastMaps(BpfMap groups4, BpfMap groups6)
    {
        Groups4 = groups4;
        Groups6 = groups6;
    }

    /// <summary>Ranges of IPv4 addresses.</summary>
    public BpfMap Groups4 { get; }

    /// <summary>Ranges of IPv6 addresses.</summary>
    public BpfMap Groups6 { get; }

    /// <summary>Makes empty maps.</summary>
    /// <exception cref="IOException">The kernel refuses.</exception>
    public static MulticastMaps Create() => new(
        BpfMap.Create("groups4", BpfMapType.LpmTrie, KeySizeV4, 4, Region.MaximumMulticastPrefixes),
        BpfMap.Create("groups6", BpfMapType.LpmTrie, KeySizeV6, 4, Region.MaximumMulticastPrefixes));

    /// <summary>Takes over descriptors that the supervisor handed down, with what is in the maps.</summary>
    public static MulticastMaps Own(int groups4, int groups6)
    {
        var maps = new MulticastMaps(BpfMap.Own(groups4, KeySizeV4, 4), BpfMap.Own(groups6, KeySizeV6, 4));
        foreach (var key in maps.Groups4.Keys()) maps.known.Add((IpAddress.FromV4(BinaryPrimitives.ReadUInt32BigEndian(key.AsSpan(4))), MemoryMarshal.Read<int>(key)));
        foreach (var key in maps.Groups6.Keys()) maps.known.Add((IpAddress.FromV6(key.AsSpan(4)), MemoryMarshal.Read<int>(key)));
        return maps;
    }

    /// <summary>Makes the maps hold exactly these ranges: new ones first. Returns how many did not fit: the kernel keeps their traffic.</summary>
    public int Set(IEnumerable<(IpAddress Address, int Length)> ranges)
    {
        var wanted = ranges.ToHashSet();
        var failed = 0;
        foreach (var range in wanted)
        {
            if (known.Contains(range)) continue;
            if (Write(range, add: true)) known.Add(range);
            else failed++;
        }

        foreach (var range in known.Where(r => !wanted.Contains(r)).ToArray())
        {
            Write(range, add: false);
            known.Remove(range);
        }

        return failed;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Groups4.Dispose();
        Groups6.Dispose();
    }

    private bool Write((IpAddress Address, int Length) range, bool add)
    {
        Span<byte> octets = stackalloc byte[16];
        range.Address.WriteV6(octets);
        Span<byte> key = stackalloc byte[KeySizeV6];
        MemoryMarshal.Write(key, range.Length);
        octets.CopyTo(key[4..]);
        if (range.Address.IsV4) octets[12..].CopyTo(key[4..]);
        var map = range.Address.IsV4 ? Groups4 : Groups6;
        var used = range.Address.IsV4 ? key[..KeySizeV4] : key;
        return (add ? map.Update(used, [1, 0, 0, 0]) : map.Delete(used)) == 0;
    }
}
