using System.Buffers.Binary;
using Appliance.Shared;

namespace Appliance.PacketIo.Bpf;

/// <summary>The addresses of the machine as the XDP programs know them; one pair of maps for all ports. The supervisor makes and fills them, the data plane keeps them up to date.</summary>
public sealed class LocalAddressMaps : IDisposable
{
    private const int Present = 1;

    private readonly HashSet<IpAddress> known = [];

    private LocalAddressMaps(BpfMap local4, BpfMap local6)
    {
        Local4 = local4;
        Local6 = local6;
    }

    /// <summary>IPv4 addresses.</summary>
    public BpfMap Local4 { get; }

    /// <summary>IPv6 addresses.</summary>
    public BpfMap Local6 { get; }

    /// <summary>Makes empty maps.</summary>
    /// <exception cref="IOException">The kernel refuses.</exception>
    public static LocalAddressMaps Create() => new(
        BpfMap.Create("local4", BpfMapType.Hash, 4, 4, Region.MaximumLocalAddresses),
        BpfMap.Create("local6", BpfMapType.Hash, 16, 4, Region.MaximumLocalAddresses));

    /// <summary>Takes over descriptors that the supervisor handed down, with what is in the maps.</summary>
    public static LocalAddressMaps Own(int local4, int local6)
    {
        var maps = new LocalAddressMaps(BpfMap.Own(local4, 4, 4), BpfMap.Own(local6, 16, 4));
        foreach (var key in maps.Local4.Keys()) maps.known.Add(IpAddress.FromV4(BinaryPrimitives.ReadUInt32BigEndian(key)));
        foreach (var key in maps.Local6.Keys()) maps.known.Add(IpAddress.FromV6(key));
        return maps;
    }

    /// <summary>
    /// Makes the maps hold exactly <paramref name="addresses"/> (<see cref="IpAddress.Any"/> is skipped): new ones first, then those that are gone are removed.
    /// Returns how many did not fit; those are treated as not ours and their traffic is dropped.
    /// </summary>
    public int Set(IEnumerable<IpAddress> addresses)
    {
        var wanted = addresses.Where(a => !a.IsAny).ToHashSet();
        var failed = 0;
        foreach (var address in wanted)
        {
            if (known.Contains(address)) continue;
            if (Write(address, add: true)) known.Add(address);
            else failed++;
        }

        foreach (var address in known.Where(a => !wanted.Contains(a)).ToArray())
        {
            Write(address, add: false);
            known.Remove(address);
        }

        return failed;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Local4.Dispose();
        Local6.Dispose();
    }

    private bool Write(IpAddress address, bool add)
    {
        Span<byte> octets = stackalloc byte[16];
        address.WriteV6(octets);
        var map = address.IsV4 ? Local4 : Local6;
        var key = address.IsV4 ? octets[12..] : octets;
        Span<byte> value = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(value, Present);
        return (add ? map.Update(key, value) : map.Delete(key)) == 0;
    }
}

/// <summary>The maps of one port's steering program: its sockets and its link-layer address, and the addresses that ports share.</summary>
public sealed class SteeringMaps : IDisposable
{
    /// <summary>Queues that a port can have.</summary>
    public const int MaximumQueues = 64;

    private readonly LocalAddressMaps addresses;
    private readonly MulticastMaps multicast;
    private readonly MulticastMaps? own;

    private SteeringMaps(LocalAddressMaps addresses, MulticastMaps? multicast, BpfMap xsk, BpfMap mac)
    {
        this.addresses = addresses;
        this.multicast = multicast ?? (own = MulticastMaps.Create());
        Xsk = xsk;
        Mac = mac;
    }

    /// <summary>AF_XDP sockets by queue; the data plane gets its descriptor.</summary>
    public BpfMap Xsk { get; }

    /// <summary>The port's link-layer address.</summary>
    public BpfMap Mac { get; }

    /// <summary>Makes the maps of a port; <paramref name="multicast"/> null: the kernel keeps all multicast, as outside.</summary>
    /// <exception cref="IOException">The kernel refuses.</exception>
    public static SteeringMaps Create(LocalAddressMaps addresses, MulticastMaps? multicast = null) => new(
        addresses,
        multicast,
        BpfMap.Create("xsk", BpfMapType.XskMap, 4, 4, MaximumQueues),
        BpfMap.Create("mac", BpfMapType.Array, 4, 8, 1));

    /// <summary>Loads the steering program with these maps.</summary>
    /// <exception cref="IOException">The kernel refuses.</exception>
    public XdpProgram LoadSteer() => XdpProgram.LoadBuiltIn("steer", new Dictionary<string, BpfMap>
    {
        ["xsk"] = Xsk,
        ["mac"] = Mac,
        ["local4"] = addresses.Local4,
        ["local6"] = addresses.Local6,
        ["groups4"] = multicast.Groups4,
        ["groups6"] = multicast.Groups6,
    });

    /// <summary>Tells the program the port's link-layer address (low 48 bits, first octet lowest); frames for another one are not forwarded. 0: not checked.</summary>
    public void SetMac(ulong mac)
    {
        Span<byte> value = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(value, mac);
        Mac.Update(stackalloc byte[4], value);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Xsk.Dispose();
        Mac.Dispose();
        own?.Dispose();
    }
}
