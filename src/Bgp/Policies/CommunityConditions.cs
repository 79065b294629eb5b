namespace Appliance.Bgp;

/// <summary>Communities that a route has.</summary>
/// <param name="Patterns">Which.</param>
/// <param name="All">All of them, not one of them.</param>
public sealed record HasCommunity(IReadOnlyList<CommunityPattern> Patterns, bool All) : RouteCondition
{
    /// <inheritdoc/>
    public override bool Holds(in RouteInQuestion route)
    {
        foreach (var pattern in Patterns)
            if (Array.Exists(route.Attributes.Communities, pattern.Matches) != All)
                return !All;
        return All;
    }
}

/// <summary>Large communities that a route has.</summary>
/// <param name="Patterns">Which.</param>
/// <param name="All">All of them, not one of them.</param>
public sealed record HasLargeCommunity(IReadOnlyList<LargeCommunityPattern> Patterns, bool All) : RouteCondition
{
    /// <inheritdoc/>
    public override bool Holds(in RouteInQuestion route)
    {
        foreach (var pattern in Patterns)
            if (Array.Exists(route.Attributes.LargeCommunities, pattern.Matches) != All)
                return !All;
        return All;
    }
}

/// <summary>Extended communities that a route has.</summary>
/// <param name="Patterns">Which.</param>
/// <param name="All">All of them, not one of them.</param>
public sealed record HasExtendedCommunity(IReadOnlyList<ExtendedCommunityPattern> Patterns, bool All) : RouteCondition
{
    /// <inheritdoc/>
    public override bool Holds(in RouteInQuestion route)
    {
        foreach (var pattern in Patterns)
            if (Array.Exists(route.Attributes.ExtendedCommunities, pattern.Matches) != All)
                return !All;
        return All;
    }
}

/// <summary>A condition does not hold.</summary>
public sealed record Not(RouteCondition Condition) : RouteCondition
{
    /// <inheritdoc/>
    public override bool DependsOnPrefix => Condition.DependsOnPrefix;

    /// <inheritdoc/>
    public override bool Holds(in RouteInQuestion route) => !Condition.Holds(route);
}
