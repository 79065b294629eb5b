using System.Net;
using Appliance.Ike;
using Appliance.Policy;
using Appliance.Shared;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Serving;

/// <summary>What IKE sees of the machine, and inner addresses that peers gave us.</summary>
internal sealed partial class Gateway
{
    private readonly Dictionary<string, IReadOnlyList<IPAddress>> innerAddresses = new(StringComparer.Ordinal);

    /// <summary>This machine's addresses with the names of their devices.</summary>
    public IEnumerable<(KernelAddress Address, string Device)> OwnAddresses => mirror.Addresses;

    /// <inheritdoc/>
    public bool IsOutside(IpAddress address) =>
        mirror.Addresses.Any(a => a.Address.Address == address && Configuration.Ports.Any(p => p.Side == PortSide.Unprotected && p.Device == a.Device));

    /// <summary>The configuration with the host's own door as it is now: with the inner addresses that peers gave us.</summary>
    private GatewayConfiguration WithInnerAddresses => innerAddresses.Count == 0 || Configuration.Vpn is not { } vpn
        ? Configuration
        : Configuration with { Vpn = vpn with { Addresses = [.. vpn.Addresses, .. innerAddresses.Values.SelectMany(a => a).Select(Inner).Except(vpn.Addresses)] } };

    /// <summary>A peer gave us inner addresses (CP), or took them back (none). They go to the host's own door; DNS servers are told to the log: who resolves names is the system's matter.</summary>
    public void UseInnerAddresses(ApplyInnerAddresses inner)
    {
        if (inner.Addresses.Count == 0 ? !innerAddresses.Remove(inner.Peer) : innerAddresses.TryGetValue(inner.Peer, out var before) && before.SequenceEqual(inner.Addresses)) return;
        if (inner.Addresses.Count > 0) innerAddresses[inner.Peer] = inner.Addresses;
        if (Configuration.Vpn is null) log.LogWarning("peer {Peer} gave us an inner address, and there is no 'vpn:' device to put it on", inner.Peer);
        log.LogInformation("inner addresses from peer {Peer}: {Addresses}; DNS servers: {Servers}", inner.Peer, Text(inner.Addresses), Text(inner.DnsServers));
        dirty = true;
    }

    private static InterfaceAddress Inner(IPAddress address)
    {
        var inner = IpAddress.From(address);
        return new InterfaceAddress(inner, inner.IsV4 ? 32 : 128);
    }

    private static string Text(IReadOnlyList<IPAddress> addresses) => addresses.Count == 0 ? "none" : string.Join(", ", addresses);
}
