using System.Net;

namespace Appliance.Bgp;

/// <summary>What a policy can ask of the session that a route comes from or goes to.</summary>
/// <param name="Neighbor">Name of the neighbour.</param>
/// <param name="Address">Its address.</param>
/// <param name="RemoteAs">Its AS.</param>
/// <param name="LocalAs">Ours towards it.</param>
/// <param name="LocalAddress">Our address of the session.</param>
/// <param name="IsExternal">EBGP.</param>
public sealed record PolicySession(string Neighbor, IPAddress Address, uint RemoteAs, uint LocalAs, IPAddress LocalAddress, bool IsExternal);

/// <summary>Decides on routes and changes their attributes. Pure: the same input gives the same answer.</summary>
public interface IRoutePolicy
{
    /// <summary>Its name, for tables and logs.</summary>
    string Name { get; }

    /// <summary>Whether the answer depends on the prefix; when not, the answer for a set of attributes can be kept.</summary>
    bool DependsOnPrefix { get; }

    /// <summary>
    /// The attributes that the route goes on with (the same object when nothing changes); null: it is rejected. An export policy that changes the next hop has the last word on it:
    /// <see cref="IPAddress.Any"/> stands for our address of the session.
    /// </summary>
    /// <param name="session">Where it is from, or goes to.</param>
    /// <param name="family">Its family.</param>
    /// <param name="nlri">What it reaches.</param>
    /// <param name="attributes">Its attributes.</param>
    PathAttributes? Apply(PolicySession session, Family family, in Nlri nlri, PathAttributes attributes);
}
