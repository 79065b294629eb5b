using Appliance.Policy;

namespace Appliance.SlowPath.Tables;

/// <summary>The group of next hops that all learned routes to one target name: when the way changes, it does, and none of them.</summary>
internal sealed class LearnedGroup(LearnedTarget target, bool isShielded, uint slot)
{
    /// <summary>Where the routes lead.</summary>
    public LearnedTarget Target => target;

    /// <summary>The routes lie in protected ranges.</summary>
    public bool IsShielded => isShielded;

    /// <summary>An earlier slow path made it, and what its routes led to is known by the members alone.</summary>
    public bool IsStale { get; init; }

    /// <summary>Its next hop's slot.</summary>
    public uint Slot => slot;

    /// <summary>The routes take the place of routes that give way.</summary>
    public bool IsFirm => target.Kind != LearnedKind.Via;

    /// <summary>They lead to members of a group with a multi-point SA: by the underlay alone.</summary>
    public bool IsOfMembers => target.Kind is LearnedKind.Member or LearnedKind.Replicate;

    /// <summary>Routes that name it.</summary>
    public int Routes { get; set; }

    /// <summary>Where it leads now.</summary>
    public IReadOnlyList<NextHop> Members { get; set; } = [];
}
