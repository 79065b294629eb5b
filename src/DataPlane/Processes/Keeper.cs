using Appliance.PacketIo.Bpf;
using Appliance.Shared;

namespace Appliance.DataPlane;

/// <summary>
/// The thread beside the workers: everything that may wait, allocate or fail. Its rounds are started by the slow path's doorbell, or by the clock.
/// </summary>
internal sealed class Keeper(Region region, CipherKeeper ciphers, PortKeeper ports, LocalAddressMaps? addresses, MulticastMaps? multicast)
{
    private static readonly TimeSpan Round = TimeSpan.FromMilliseconds(100);
    private uint saVersion;
    private uint addressVersion;
    private uint multicastVersion;
    private int stopping;

    /// <summary>Before the workers start: ciphers of the SAs that are there, addresses, ports.</summary>
    public void Begin()
    {
        saVersion = Volatile.Read(ref region.Header.SaVersion);
        ciphers.Prepare(saVersion);
        SetAddresses(Volatile.Read(ref region.Header.LocalAddressVersion));
        SetMulticast(Volatile.Read(ref region.Header.MulticastVersion));
        ports.Tend();
    }

    /// <summary>Runs until <see cref="Stop"/>.</summary>
    public void Run()
    {
        while (Volatile.Read(ref stopping) == 0)
        {
            var version = Doorbell.Wait(ref region.Header.SaVersion, saVersion, Round);
            if (version != saVersion) ciphers.Prepare(saVersion = version);
            ciphers.Sweep();
            var now = Volatile.Read(ref region.Header.LocalAddressVersion);
            if (now != addressVersion) SetAddresses(now);
            var wanted = Volatile.Read(ref region.Header.MulticastVersion);
            if (wanted != multicastVersion) SetMulticast(wanted);
            ports.Tend();
            Volatile.Write(ref region.Header.DataPlaneHeartbeat, Environment.TickCount64);
        }
    }

    /// <summary>Ends <see cref="Run"/> after its round.</summary>
    public void Stop() => Volatile.Write(ref stopping, 1);

    /// <summary>Tells the XDP programs which addresses are ours. Version 0: the slow path has not said yet, and what the supervisor put there stays.</summary>
    private void SetAddresses(uint version)
    {
        addressVersion = version;
        if (version == 0 || addresses is null) return;
        var list = new List<IpAddress>();
        for (var i = 0; i < Region.MaximumLocalAddresses; i++)
        {
            var address = region.LocalAddress(i);
            if (!address.IsAny) list.Add(address);
        }

        var left = addresses.Set(list);
        if (left != 0) Log.Say($"{left} of the machine's addresses do not fit the XDP program's map: their traffic is dropped");
    }

    /// <summary>Tells the XDP programs inside which multicast is wanted.</summary>
    private void SetMulticast(uint version)
    {
        multicastVersion = version;
        if (version == 0 || multicast is null) return;
        var list = new List<(IpAddress Address, int Length)>();
        for (var i = 0; i < Region.MaximumMulticastPrefixes; i++)
        {
            var prefix = region.MulticastPrefix(i);
            if (!prefix.Address.IsAny) list.Add((prefix.Address, (int)prefix.Length));
        }

        var left = multicast.Set(list);
        if (left != 0) Log.Say($"{left} ranges of multicast addresses do not fit the XDP program's map: they are not forwarded");
    }
}
