namespace Appliance.Policy;

/// <summary>
/// Who claims which prefix: what stands in the configuration or is the machine's own wins over an instance of a template, the newest instance over earlier ones, any instance over the
/// discard of its template and all the rest. A change of one instance looks at its own prefixes alone.
/// </summary>
internal sealed class RouteLayers
{
    private readonly Dictionary<IpPrefix, List<string>> claims = [];
    private readonly Dictionary<string, IReadOnlyList<IpPrefix>> prefixesOf = new(StringComparer.Ordinal);

    /// <summary>Prefixes that no instance can have.</summary>
    public Dictionary<IpPrefix, NextHop> Firm { get; } = [];

    /// <summary>Prefixes that an instance can have.</summary>
    public Dictionary<IpPrefix, NextHop> Rest { get; } = [];

    /// <summary>The route of every prefix.</summary>
    public Dictionary<IpPrefix, NextHop> Chosen { get; private set; } = [];

    /// <summary>Prefixes whose route is of the rest.</summary>
    public HashSet<IpPrefix> Yielding { get; private set; } = [];

    /// <summary>Once both layers are filled.</summary>
    public void Join()
    {
        Chosen = new Dictionary<IpPrefix, NextHop>(Rest);
        foreach (var (prefix, hop) in Firm) Chosen[prefix] = hop;
        Yielding = [.. Rest.Keys];
        Yielding.ExceptWith(Firm.Keys);
    }

    /// <summary>An instance has these prefixes now, none others. Returns what leads elsewhere than before.</summary>
    public IReadOnlyList<(IpPrefix Prefix, NextHop? Hop)> Claim(string instance, IReadOnlyList<IpPrefix> prefixes)
    {
        var before = prefixesOf.GetValueOrDefault(instance) ?? [];
        var changed = new List<(IpPrefix, NextHop?)>();
        foreach (var prefix in before)
        {
            if (prefixes.Contains(prefix)) continue;
            var others = claims[prefix];
            others.Remove(instance);
            if (others.Count == 0) claims.Remove(prefix);
            Choose(prefix, changed);
        }

        foreach (var prefix in prefixes)
        {
            if (before.Contains(prefix)) continue;
            if (!claims.TryGetValue(prefix, out var others)) claims[prefix] = others = [];
            others.Remove(instance);
            others.Add(instance);
            Choose(prefix, changed);
        }

        if (prefixes.Count == 0) prefixesOf.Remove(instance);
        else prefixesOf[instance] = prefixes;
        return changed;
    }

    private void Choose(IpPrefix prefix, List<(IpPrefix, NextHop?)> changed)
    {
        NextHop? wanted = Firm.TryGetValue(prefix, out var firm) ? firm
            : claims.TryGetValue(prefix, out var instances) ? NextHop.Into(instances[^1])
            : Rest.TryGetValue(prefix, out var rest) ? rest : null;
        if (claims.ContainsKey(prefix)) Yielding.Remove(prefix);
        else if (Rest.ContainsKey(prefix) && !Firm.ContainsKey(prefix)) Yielding.Add(prefix);
        NextHop? there = Chosen.TryGetValue(prefix, out var chosen) ? chosen : null;
        if (wanted == there) return;
        if (wanted is { } hop) Chosen[prefix] = hop;
        else Chosen.Remove(prefix);
        changed.Add((prefix, wanted));
    }
}
