namespace Appliance.Bgp;

/// <summary>Takes everything as it is, or nothing: the policies <c>all</c> and <c>none</c>.</summary>
public sealed class FixedPolicy : IRoutePolicy
{
    private readonly bool accepts;

    private FixedPolicy(string name, bool accepts) => (Name, this.accepts) = (name, accepts);

    /// <summary>Takes everything.</summary>
    public static FixedPolicy All { get; } = new("all", true);

    /// <summary>Takes nothing.</summary>
    public static FixedPolicy None { get; } = new("none", false);

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public bool DependsOnPrefix => false;

    /// <inheritdoc/>
    public PathAttributes? Apply(PolicySession session, Family family, in Nlri nlri, PathAttributes attributes) => accepts ? attributes : null;
}
