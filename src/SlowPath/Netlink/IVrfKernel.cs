using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Netlink;

/// <summary>Routing tables of the kernel's VRF devices.</summary>
internal interface IVrfKernel : IDisposable
{
    /// <summary>The table of a VRF device; null when there is no device of that name, or it is none of a VRF.</summary>
    /// <exception cref="IOException">The kernel does not answer.</exception>
    uint? TableOf(string device);

    /// <summary>Destinations of our routes in a table.</summary>
    /// <exception cref="IOException">The kernel does not answer.</exception>
    IReadOnlyCollection<IpPrefix> OwnRoutes(uint table);

    /// <summary>Writes our route to a destination, in place of the one before; no next hops: removes it. Null, or what went wrong.</summary>
    string? Write(uint table, IpPrefix prefix, IReadOnlyList<IpAddress> nextHops);
}
