using System.Net;

namespace Appliance.Bgp;

/// <summary>A route in front of a policy.</summary>
/// <param name="session">Where it is from, or goes to.</param>
/// <param name="family">Its family.</param>
/// <param name="prefix">What it reaches.</param>
/// <param name="attributes">Its attributes, as the terms before have left them.</param>
public readonly ref struct RouteInQuestion(PolicySession session, Family family, Prefix prefix, PathAttributes attributes)
{
    /// <summary>Where it is from, or goes to.</summary>
    public PolicySession Session { get; } = session;

    /// <summary>Its family.</summary>
    public Family Family { get; } = family;

    /// <summary>What it reaches.</summary>
    public Prefix Prefix { get; } = prefix;

    /// <summary>Its attributes, as the terms before have left them.</summary>
    public PathAttributes Attributes { get; } = attributes;
}

/// <summary>What a term asks of a route. Pure.</summary>
public abstract record RouteCondition
{
    /// <summary>The answer differs between prefixes with the same attributes.</summary>
    public virtual bool DependsOnPrefix => false;

    /// <summary>Whether it holds.</summary>
    public abstract bool Holds(in RouteInQuestion route);
}

/// <summary>The prefix is in one of the lists.</summary>
public sealed record PrefixIsIn(IReadOnlyList<PrefixFilter> Lists) : RouteCondition
{
    /// <inheritdoc/>
    public override bool DependsOnPrefix => true;

    /// <inheritdoc/>
    public override bool Holds(in RouteInQuestion route)
    {
        foreach (var list in Lists)
            if (list.Contains(route.Family, route.Prefix))
                return true;
        return false;
    }
}

/// <summary>The AS_PATH is in one of the lists.</summary>
public sealed record AsPathIsIn(IReadOnlyList<AsPathFilter> Lists) : RouteCondition
{
    /// <inheritdoc/>
    public override bool Holds(in RouteInQuestion route)
    {
        foreach (var list in Lists)
            if (list.Contains(route.Attributes.AsPath))
                return true;
        return false;
    }
}

/// <summary>The family is one of these.</summary>
public sealed record FamilyIs(IReadOnlyList<Family> Families) : RouteCondition
{
    /// <inheritdoc/>
    public override bool Holds(in RouteInQuestion route) => Families.Contains(route.Family);
}

/// <summary>The neighbour has one of these names, was made of a range of such a name, or has an address in one of these prefixes.</summary>
public sealed record NeighborIs(IReadOnlyList<string> Names, IReadOnlyList<IPNetwork> Addresses) : RouteCondition
{
    /// <inheritdoc/>
    public override bool Holds(in RouteInQuestion route)
    {
        foreach (var name in Names)
            if (Is(route.Session, name))
                return true;
        foreach (var network in Addresses)
            if (network.Contains(route.Session.Address))
                return true;
        return false;
    }

    /// <summary>Dynamic neighbours are called by their range and address: <c>spokes-10.0.0.7</c>.</summary>
    private static bool Is(PolicySession session, string name) => session.Neighbor.StartsWith(name, StringComparison.Ordinal)
        && (session.Neighbor.Length == name.Length || (session.Neighbor[name.Length] == '-' && session.Neighbor.AsSpan(name.Length + 1).SequenceEqual(session.Address.ToString())));
}

/// <summary>The next hop lies in one of these prefixes.</summary>
public sealed record NextHopIsIn(IReadOnlyList<IPNetwork> Networks) : RouteCondition
{
    /// <inheritdoc/>
    public override bool Holds(in RouteInQuestion route)
    {
        foreach (var network in Networks)
            if (network.Contains(route.Attributes.NextHop))
                return true;
        return false;
    }
}

/// <summary>ORIGIN is one of these.</summary>
public sealed record OriginIs(IReadOnlyList<Origin> Origins) : RouteCondition
{
    /// <inheritdoc/>
    public override bool Holds(in RouteInQuestion route) => Origins.Contains(route.Attributes.Origin);
}

/// <summary>A number of a route is in a range; one that it has not is in none.</summary>
/// <param name="What">Which number.</param>
/// <param name="Low">The least.</param>
/// <param name="High">The greatest.</param>
public sealed record NumberIsIn(RouteNumber What, uint Low, uint High) : RouteCondition
{
    /// <inheritdoc/>
    public override bool Holds(in RouteInQuestion route)
    {
        var number = What switch
        {
            RouteNumber.Med => route.Attributes.Med,
            RouteNumber.LocalPref => route.Attributes.LocalPref,
            _ => (uint)AsPaths.LengthOf(route.Attributes.AsPath),
        };
        return number >= Low && number <= High;
    }
}

/// <summary>Numbers of a route.</summary>
public enum RouteNumber
{
    /// <summary>MULTI_EXIT_DISC.</summary>
    Med,

    /// <summary>LOCAL_PREF.</summary>
    LocalPref,

    /// <summary>ASes in AS_PATH, a set as one.</summary>
    AsPathLength,
}
