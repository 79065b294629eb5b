namespace Appliance.Bgp;

/// <summary>What stands for one or many communities of a kind.</summary>
/// <typeparam name="TCommunity">The kind.</typeparam>
public interface ICommunityPattern<in TCommunity>
{
    /// <summary>Whether a community is one of them.</summary>
    bool Matches(TCommunity community);
}

/// <summary>Communities of a kind that a route has.</summary>
/// <param name="Patterns">Which.</param>
/// <param name="All">All of them, not one of them.</param>
/// <typeparam name="TPattern">What stands for them.</typeparam>
/// <typeparam name="TCommunity">The kind.</typeparam>
public abstract record HasCommunities<TPattern, TCommunity>(IReadOnlyList<TPattern> Patterns, bool All) : RouteCondition
    where TPattern : ICommunityPattern<TCommunity>
{
    /// <inheritdoc/>
    public sealed override bool Holds(in RouteInQuestion route)
    {
        var communities = Of(route.Attributes);
        foreach (var pattern in Patterns)
            if (IsAmong(pattern, communities) != All)
                return !All;
        return All;
    }

    private protected abstract TCommunity[] Of(PathAttributes attributes);

    private static bool IsAmong(TPattern pattern, TCommunity[] communities)
    {
        foreach (var community in communities)
            if (pattern.Matches(community))
                return true;
        return false;
    }
}

/// <summary>Communities that a route has.</summary>
public sealed record HasCommunity(IReadOnlyList<CommunityPattern> Patterns, bool All) : HasCommunities<CommunityPattern, uint>(Patterns, All)
{
    private protected override uint[] Of(PathAttributes attributes) => attributes.Communities;
}

/// <summary>Large communities that a route has.</summary>
public sealed record HasLargeCommunity(IReadOnlyList<LargeCommunityPattern> Patterns, bool All) : HasCommunities<LargeCommunityPattern, LargeCommunity>(Patterns, All)
{
    private protected override LargeCommunity[] Of(PathAttributes attributes) => attributes.LargeCommunities;
}

/// <summary>Extended communities that a route has.</summary>
public sealed record HasExtendedCommunity(IReadOnlyList<ExtendedCommunityPattern> Patterns, bool All) : HasCommunities<ExtendedCommunityPattern, ulong>(Patterns, All)
{
    private protected override ulong[] Of(PathAttributes attributes) => attributes.ExtendedCommunities;
}

/// <summary>A condition does not hold.</summary>
public sealed record Not(RouteCondition Condition) : RouteCondition
{
    /// <inheritdoc/>
    public override bool DependsOnPrefix => Condition.DependsOnPrefix;

    /// <inheritdoc/>
    public override bool Holds(in RouteInQuestion route) => !Condition.Holds(route);
}
