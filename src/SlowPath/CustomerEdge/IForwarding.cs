using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.CustomerEdge;

/// <summary>Tables and tunnels as the customer edge changes them. On the loop.</summary>
internal interface IForwarding
{
    /// <summary>Tunnels that routes need now, or that are others than before: they are there when this returns.</summary>
    void Make(IEnumerable<TunnelConfiguration> wanted);

    /// <summary>Tunnels that no route leads into any more; their SAs go with them.</summary>
    void Unmake(IEnumerable<string> names);

    /// <summary>Learned routes changed; packets follow when this returns.</summary>
    void Learn(IReadOnlyList<LearnedChange> changes);

    /// <summary>All learned routes are there: what an earlier process left and was not learned again goes.</summary>
    void LearnedComplete();

    /// <summary>The learned route of exactly this prefix, be it one that an earlier process left; null for none.</summary>
    LearnedTarget? LearnedAt(IpPrefix prefix);

    /// <summary>Prefixes that the machine's own packets must not leave for in the clear.</summary>
    void Remember(IEnumerable<IpPrefix> prefixes);

    /// <summary>Whether an unprotected port has this address.</summary>
    bool IsOutside(IpAddress address);
}
