using Appliance.Bgp;

namespace Appliance.SlowPath.Configuration;

/// <summary>Reads the <c>terms</c> of a route policy.</summary>
internal sealed class PolicyTermSection(RouteMatchSection matches, RouteSetSection sets, ConfigurationErrors errors)
{
    /// <summary>The terms in their order.</summary>
    public IReadOnlyList<PolicyTerm> Read(MapReader policy)
    {
        var terms = new List<PolicyTerm>();
        var decided = 0;
        foreach (var node in policy.List("terms"))
        {
            var map = new MapReader(node, "a term", errors);
            map.Required("then", "write then: accept, reject or next");
            var term = new PolicyTerm(matches.Read(map.Node("match")), sets.Read(map.Node("set")),
                map.Choice("then", TermOutcome.Reject, ("accept", TermOutcome.Accept), ("reject", TermOutcome.Reject), ("next", TermOutcome.Next)));
            if (term is { Outcome: TermOutcome.Reject, Edit: not null } && map.Text("then") is { Text: "reject" }) map.Wrong("set", "a term that changes what it rejects", "remove 'set', or write then: accept or next");
            if (decided > 0) errors.Warn(map.At, $"no route comes here: the term in line {decided} decides on all", "put it before, or give that one a 'match'");
            else if (term is { Conditions.Count: 0, Outcome: not TermOutcome.Next } && map.Node("match") is null) decided = map.At.Line;
            map.Done();
            terms.Add(term);
        }

        return terms;
    }
}
