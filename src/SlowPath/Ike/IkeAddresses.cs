using System.Net;
using Appliance.Ike;
using Appliance.Policy;

namespace Appliance.SlowPath.Ike;

/// <summary>From which addresses IKE speaks.</summary>
internal static class IkeAddresses
{
    /// <summary>
    /// Those that peers name with <c>local</c>; with a peer that names none, every address of this machine besides (not loopback, link-local, nor those of the host's own door and of tunnels' interfaces).
    /// <paramref name="gatewayIdentity"/>: the address for peers that are made from routes; none without.
    /// </summary>
    public static IReadOnlyList<IPAddress> Wanted(IkeConfiguration? ike, GatewayConfiguration gateway, IEnumerable<(KernelAddress Address, string Device)> own, IPAddress? gatewayIdentity = null)
    {
        List<IPAddress> wanted = gatewayIdentity is null ? [] : [gatewayIdentity];
        if (ike is null || ike.Peers.Count == 0) return wanted;
        if (ike.Peers.Any(p => p.Local.Count == 0))
            foreach (var (address, device) in own)
                if (device != gateway.Vpn?.Device && !gateway.Interfaces.Any(i => i.Interface.Device == device) && !AddressScope.IsLoopback(address.Address) && !AddressScope.IsLinkLocal(address.Address))
                    wanted.Add(address.Address.ToIPAddress());
        wanted.AddRange(ike.Peers.SelectMany(p => p.Local));
        return [.. wanted.Distinct()];
    }
}
