using System.Net;

namespace Appliance.Bgp;

/// <summary>What becomes of a route that a term fits.</summary>
public enum TermOutcome
{
    /// <summary>The next term is asked, with the attributes as they are now.</summary>
    Next,

    /// <summary>It is taken, or sent.</summary>
    Accept,

    /// <summary>It is not.</summary>
    Reject,
}

/// <summary>A term of a policy.</summary>
/// <param name="Conditions">All must hold; with none it fits every route.</param>
/// <param name="Edit">What it changes then; null for nothing.</param>
/// <param name="Outcome">What becomes of the route then.</param>
public sealed record PolicyTerm(IReadOnlyList<RouteCondition> Conditions, RouteEdit? Edit, TermOutcome Outcome);

/// <summary>
/// Terms in their order; what none of them accepts or rejects goes by the default. Two policies with one name and one fingerprint are equal: a reload need not ask for routes again.
/// </summary>
public sealed class RoutePolicy : IRoutePolicy
{
    private readonly PolicyTerm[] terms;

    /// <summary>By term, what was edited last and what came of it: the routes of an UPDATE share one object.</summary>
    private readonly Edited?[] last;
    private readonly bool acceptsOtherwise;
    private readonly string? fingerprint;

    /// <summary>A policy; <paramref name="fingerprint"/> differs between any two of the same name that are not the same, null is that of nobody else.</summary>
    public RoutePolicy(string name, IEnumerable<PolicyTerm> terms, bool acceptsOtherwise, string? fingerprint = null)
    {
        Name = name;
        this.fingerprint = fingerprint;
        this.acceptsOtherwise = acceptsOtherwise;
        var reached = new List<PolicyTerm>();
        foreach (var term in terms)
        {
            reached.Add(term);
            if (term is { Conditions.Count: 0, Outcome: not TermOutcome.Next }) break;
        }

        this.terms = [.. reached];
        last = new Edited?[this.terms.Length];
        DependsOnPrefix = reached.Exists(t => t.Conditions.Any(c => c.DependsOnPrefix));
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public bool DependsOnPrefix { get; }

    /// <summary>Terms that can be reached: behind one that fits every route and decides there are none.</summary>
    public int ReachableTerms => terms.Length;

    /// <summary>A term makes us the next hop, which has a meaning in what is sent alone.</summary>
    public bool SetsOurNextHop => Array.Exists(terms, t => t.Edit?.NextHop?.Equals(IPAddress.Any) == true);

    /// <inheritdoc/>
    public PathAttributes? Apply(PolicySession session, Family family, in Nlri nlri, PathAttributes attributes)
    {
        for (var i = 0; i < terms.Length; i++)
        {
            var term = terms[i];
            if (!Fits(term, new RouteInQuestion(session, family, nlri.Prefix, attributes))) continue;
            if (term.Outcome == TermOutcome.Reject) return null;
            if (term.Edit is { } edit) attributes = Edit(i, edit, session, family, attributes);
            if (term.Outcome == TermOutcome.Accept) return attributes;
        }

        return acceptsOtherwise ? attributes : null;
    }

    /// <inheritdoc/>
    public override bool Equals(object? obj) => ReferenceEquals(this, obj) || (obj is RoutePolicy other && fingerprint is not null && fingerprint == other.fingerprint && Name == other.Name);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, fingerprint);

    private PathAttributes Edit(int term, RouteEdit edit, PolicySession session, Family family, PathAttributes attributes)
    {
        if (last[term] is { } known && ReferenceEquals(known.Before, attributes) && ReferenceEquals(known.Session, session) && known.Family == family) return known.After;
        var after = edit.Apply(session, family, attributes);
        last[term] = new Edited(session, family, attributes, after);
        return after;
    }

    private static bool Fits(PolicyTerm term, in RouteInQuestion route)
    {
        foreach (var condition in term.Conditions)
            if (!condition.Holds(route))
                return false;
        return true;
    }

    private sealed record Edited(PolicySession Session, Family Family, PathAttributes Before, PathAttributes After);
}
