using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Netlink;

/// <summary>What the slow path asks of the kernel and tells it. Calls return null, or what went wrong.</summary>
internal interface IKernel : IDisposable
{
    /// <summary>All links, addresses, neighbours and routes of both families.</summary>
    /// <exception cref="IOException">The kernel does not answer.</exception>
    KernelMirror Dump();

    /// <summary>Sets MTU (octets) and brings a device up.</summary>
    string? LinkUp(uint link, int mtu);

    /// <summary>Says whether a TUN device's other end is there, so that routing daemons see the link go down.</summary>
    string? Carrier(uint link, bool isThere);

    /// <summary>Adds or removes an address.</summary>
    string? Address(bool add, uint link, InterfaceAddress address);

    /// <summary>Adds or removes a route of the main table, or of IKE's.</summary>
    string? Route(bool add, in KernelRoute route);

    /// <summary>What carries IKE's mark is looked up in IKE's table first. Nothing when the rule is there.</summary>
    string? IkeRule(bool v4);

    /// <summary>Makes the kernel resolve a neighbour, or probe one that is stale.</summary>
    string? UseNeighbour(uint link, IpAddress neighbour);
}
