using Appliance.Policy;
using Appliance.Shared;
using Appliance.SlowPath.Netlink;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Serving;

/// <summary>Tells the kernel what <see cref="KernelRoutes"/> and the configuration want: addresses and MTU of the host's own door, routes into it, blackholes, and where these
/// are in IKE's way, another. Only the difference.</summary>
internal sealed class KernelWriter(IKernel netlink, ILogger log)
{
    private readonly Dictionary<KernelRoute, string> failed = [];
    private readonly HashSet<KernelRoute> issued = [];
    private IReadOnlySet<KernelRoute> wanted = new HashSet<KernelRoute>();
    private PrefixSet inTheWay = new([]);

    /// <summary>What could not be done, one sentence each.</summary>
    public IReadOnlyCollection<string> Problems => failed.Values;

    /// <summary>The mirror was read anew: what was written and is not in it is not there.</summary>
    public void Forget() => issued.Clear();

    /// <summary>Whether a change only says that the kernel did what it was told here.</summary>
    public bool IsOurDoing(in KernelChange change) => change.Kind == KernelChangeKind.Route && change.Route.Protocol == KernelRoutes.OwnProtocol && wanted.Contains(change.Route) != change.IsRemoval;

    /// <summary>Whether a route of ours in the main table catches what goes to this address.</summary>
    public bool IsInTheWay(IpAddress address) => inTheWay.Contains(address);

    /// <summary>Writes what is missing, removes what is ours and not wanted. True when something changed.</summary>
    public bool Write(GatewayConfiguration configuration, KernelMirror mirror, IReadOnlyCollection<TunnelConfiguration> effective, TablePlan plan, IEnumerable<IpPrefix> remembered)
    {
        var door = configuration.Vpn is { } vpn ? mirror.Link(vpn.Device) : null;
        var changed = door is not null && Door(configuration.Vpn!.Device, configuration.Vpn.Mtu, configuration.Vpn.Addresses, door, mirror);
        foreach (var port in configuration.Ports)
            if (port.Addresses.Count > 0 && mirror.Link(port.Device) is { } link)
                changed |= Addresses(port.Addresses, link, mirror, removeOthers: false);
        foreach (var (_, own, _) in configuration.Interfaces)
            if (mirror.Link(own.Device) is { } device)
                changed |= Door(own.Device, own.Mtu, own.Addresses, device, mirror);
        wanted = KernelRoutes.Wanted(configuration, door is { IsUp: true } ? door.Index : 0, effective, plan.Leave, device => mirror.Link(device) is { IsUp: true } link ? link.Index : 0, plan.IntoTunnels, remembered);
        inTheWay = new PrefixSet(wanted.Where(r => !r.IsForIke).Select(r => r.Prefix).Concat(plan.IntoTunnels));
        var there = mirror.OwnRoutes.ToHashSet();
        foreach (var old in failed.Keys.Where(r => !wanted.Contains(r) || there.Contains(r)).ToList()) failed.Remove(old);
        issued.ExceptWith(there);

        foreach (var v4 in wanted.Where(r => r.IsForIke).Select(r => r.Prefix.IsV4).Distinct())
            if (netlink.IkeRule(v4) is { } problem) log.LogError("the kernel refused the rule for IKE's datagrams, which a route into a tunnel may now catch: {Problem}", problem);

        // Another gateway to the same peer is another route in the same place.
        foreach (var route in there.Where(r => r.IsForIke && !wanted.Contains(r))) changed |= Remove(route);

        // IKE's ways first, and blackholes before the door: between two routes of ours nothing is open.
        foreach (var route in wanted.Where(r => !there.Contains(r) && !issued.Contains(r)).OrderByDescending(r => r.IsForIke).ThenByDescending(r => r.Kind)) changed |= Add(route);
        foreach (var route in there.Where(r => !r.IsForIke && !wanted.Contains(r))) changed |= Remove(route);
        return changed;
    }

    private bool Door(string name, int mtu, IReadOnlyList<InterfaceAddress> addresses, KernelLink door, KernelMirror mirror)
    {
        var changed = false;
        if (!door.IsUp || door.Mtu != mtu) changed = Report(netlink.LinkUp(door.Index, mtu), $"{name} up with MTU {mtu}");
        return changed | Addresses(addresses, door, mirror, removeOthers: true);
    }

    private bool Addresses(IReadOnlyList<InterfaceAddress> wanted, KernelLink link, KernelMirror mirror, bool removeOthers)
    {
        var changed = false;
        var there = mirror.AddressesOf(link.Index).ToDictionary(a => a.Address, a => a.PrefixLength);
        foreach (var address in wanted)
            if (!there.TryGetValue(address.Address, out var length) || length != address.PrefixLength)
                changed |= Report(netlink.Address(true, link.Index, address), $"address {address} on {link.Name}");
        if (!removeOthers) return changed;
        foreach (var (address, length) in there)
            if (!wanted.Any(w => w.Address == address && w.PrefixLength == length) && !AddressScope.IsLinkLocal(address))
                changed |= Report(netlink.Address(false, link.Index, new InterfaceAddress(address, length)), $"removing {address}/{length} from {link.Name}");
        return changed;
    }

    private bool Add(in KernelRoute route)
    {
        var what = route.Kind == KernelRouteKind.Discard ? $"blackhole {route.Prefix}" : route.IsForIke ? $"route of IKE to {route.Prefix}" : $"route {route.Prefix} into a tunnel";
        if (netlink.Route(true, route) is not { } problem)
        {
            failed.Remove(route);
            issued.Add(route);
            return true;
        }

        var sentence = $"the kernel refused {what}: {problem}";
        if (!failed.TryGetValue(route, out var before) || before != sentence) log.LogError("{Problem}", sentence);
        failed[route] = sentence;
        return false;
    }

    private bool Remove(in KernelRoute route) => Report(netlink.Route(false, route), $"removing route {route.Prefix}");

    private bool Report(string? problem, string what)
    {
        if (problem is null) return true;
        log.LogError("the kernel refused {What}: {Problem}", what, problem);
        return false;
    }
}
