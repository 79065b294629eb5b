using System.Net;
using Appliance.Ike;
using Appliance.Policy;

namespace Appliance.SlowPath.Ike;

/// <summary>From which addresses IKE speaks.</summary>
internal static class IkeAddresses
{
    /// <summary>
    /// Those that peers name with <c>local</c>; with a peer that names none, every address of this machine besides (not loopback, link-local, nor those of the host's own door).
    /// An address of a port leaves by that port's device, so that a route into the host's own door (a transport-mode tunnel has one to the peer itself) does not catch IKE; others
    /// go by route.
    /// </summary>
    public static IReadOnlyList<IkeAddress> Wanted(IkeConfiguration? ike, GatewayConfiguration gateway, IEnumerable<(KernelAddress Address, string Device)> own)
    {
        if (ike is null || ike.Peers.Count == 0) return [];
        var ports = gateway.Vpn is null ? [] : gateway.Ports.Select(p => p.Device).Where(d => d.Length > 0).ToHashSet(StringComparer.Ordinal);
        var devices = new Dictionary<IPAddress, uint>();
        var wanted = new List<IkeAddress>();
        var any = ike.Peers.Any(p => p.Local.Count == 0);
        foreach (var (address, device) in own)
        {
            var ip = address.Address.ToIPAddress();
            devices[ip] = ports.Contains(device) ? address.Link : 0;
            if (any && device != gateway.Vpn?.Device && !AddressScope.IsLoopback(address.Address) && !AddressScope.IsLinkLocal(address.Address)) wanted.Add(new IkeAddress(ip, devices[ip]));
        }

        wanted.AddRange(ike.Peers.SelectMany(p => p.Local).Select(ip => new IkeAddress(ip, devices.GetValueOrDefault(ip))));
        return [.. wanted.DistinctBy(w => w.Address)];
    }
}
