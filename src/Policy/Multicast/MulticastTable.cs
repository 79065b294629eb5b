namespace Appliance.Policy;

/// <summary>
/// Who wants which multicast addresses: members as BGP and the configuration say, and hosts here. A packet takes the route of the longest match, and must reach also those who want a range around
/// it: each route leads to all that want its prefix or one that contains it. For few prefixes: many lie in the ranges that groups use, and <see cref="Most"/> bounds them.
/// </summary>
public sealed class MulticastTable
{
    /// <summary>Prefixes that are kept; what is learned beyond has no route.</summary>
    public const int Most = 4096;

    /// <summary>Members of all lists together. One who announces many long prefixes inside a range that all want would have the list of all made for each of them.</summary>
    public const int MostCopies = 1 << 19;

    private readonly Dictionary<IpPrefix, Entry> entries = [];
    private int copies;

    /// <summary>All prefixes that somebody wants, in no order.</summary>
    public IReadOnlyCollection<IpPrefix> Prefixes => entries.Keys;

    /// <summary>How often a prefix found no place, or its list none, since the table was made. A list is made when there is room again.</summary>
    public int Refused { get; private set; }

    /// <summary>Members that said they want prefixes, in place of those that said so before; none: nobody any more. Returns routes that are new, lead elsewhere or are gone.</summary>
    public IReadOnlyList<LearnedChange> Learn(IReadOnlyList<(IpPrefix Prefix, IReadOnlyList<MulticastMember> Members)> batch)
    {
        var touched = new HashSet<IpPrefix>();
        foreach (var (prefix, members) in batch)
            if (TryReach(prefix, isNeeded: members.Count > 0, out var entry))
            {
                entry.Learned = members;
                touched.Add(prefix);
            }

        return Settle(touched);
    }

    /// <summary>What the configuration says, in place of what it said before: prefixes that hosts here want, and members that need no BGP. Returns routes that are new, lead elsewhere or are gone.</summary>
    public IReadOnlyList<LearnedChange> Use(IEnumerable<IpPrefix> here, IEnumerable<(IpPrefix Prefix, MulticastMember Member)> members)
    {
        var wantedHere = here.ToHashSet();
        var fixedMembers = members.GroupBy(m => m.Prefix).ToDictionary(m => m.Key, m => (IReadOnlyList<MulticastMember>)[.. m.Select(one => one.Member)]);
        var touched = new HashSet<IpPrefix>();
        foreach (var prefix in entries.Keys.Concat(wantedHere).Concat(fixedMembers.Keys).Distinct().ToList())
        {
            var (isHere, configured) = (wantedHere.Contains(prefix), fixedMembers.GetValueOrDefault(prefix, []));
            if (!TryReach(prefix, isHere || configured.Count > 0, out var entry) || (entry.IsHere == isHere && entry.Configured.SequenceEqual(configured))) continue;
            (entry.IsHere, entry.Configured) = (isHere, configured);
            touched.Add(prefix);
        }

        return Settle(touched);
    }

    private bool TryReach(IpPrefix prefix, bool isNeeded, out Entry entry)
    {
        if (entries.TryGetValue(prefix, out entry!)) return true;
        if (!isNeeded) return false;
        if (entries.Count >= Most)
        {
            Refused++;
            return false;
        }

        entries[prefix] = entry = new Entry();
        return true;
    }

    private List<LearnedChange> Settle(HashSet<IpPrefix> touched)
    {
        var changes = new List<LearnedChange>();
        if (touched.Count == 0) return changes;
        foreach (var prefix in touched)
            if (entries[prefix].IsEmpty)
            {
                if (entries[prefix].Target is { } target)
                {
                    changes.Add(new LearnedChange(prefix, null));
                    copies -= target.NextHops.Count;
                }

                entries.Remove(prefix);
            }

        var lengthsV4 = LengthsOf(touched.Concat(entries.Keys).Where(p => p.IsV4));
        var lengthsV6 = LengthsOf(touched.Concat(entries.Keys).Where(p => !p.IsV4));
        foreach (var (prefix, entry) in entries)
        {
            var around = Around(prefix, prefix.IsV4 ? lengthsV4 : lengthsV6).ToList();
            if (!entry.IsLeftOut && !around.Exists(touched.Contains)) continue;
            var others = copies - (entry.Target?.NextHops.Count ?? 0);
            var target = others + CountOf(around) <= MostCopies ? Make(around) : null;
            if (target is null && !entry.IsLeftOut) Refused++;
            entry.IsLeftOut = target is null;
            if (LearnedTargets.Comparer.Equals(entry.Target, target)) continue;
            (entry.Target, copies) = (target, others + (target?.NextHops.Count ?? 0));
            changes.Add(new LearnedChange(prefix, target));
        }

        return changes;
    }

    /// <summary>Members that want one of these, each once for each.</summary>
    private long CountOf(List<IpPrefix> around)
    {
        var count = 0L;
        foreach (var range in around)
            if (entries.TryGetValue(range, out var entry)) count += entry.Learned.Count + entry.Configured.Count;
        return count;
    }

    private LearnedTarget Make(List<IpPrefix> around)
    {
        var members = new HashSet<MulticastMember>();
        var isHere = false;
        foreach (var range in around)
        {
            if (!entries.TryGetValue(range, out var entry)) continue;
            members.UnionWith(entry.Learned);
            members.UnionWith(entry.Configured);
            isHere |= entry.IsHere;
        }

        // Members of one tunnel stand together: they share an encryption.
        MulticastMember[] sorted = [.. members.OrderBy(m => m.Tunnel, StringComparer.Ordinal).ThenBy(m => m.Address)];
        return new LearnedTarget(LearnedKind.Replicate, Array.ConvertAll(sorted, m => m.Address), Array.ConvertAll(sorted, m => m.Tunnel)) { IsWantedHere = isHere };
    }

    /// <summary>A prefix and those that may contain it.</summary>
    private static IEnumerable<IpPrefix> Around(IpPrefix prefix, IReadOnlyList<int> lengths) => lengths.Where(l => l <= prefix.Length).Select(l => new IpPrefix(prefix.Address, l));

    private static List<int> LengthsOf(IEnumerable<IpPrefix> prefixes) => [.. prefixes.Select(p => p.Length).Distinct()];

    /// <summary>What is known of a prefix.</summary>
    private sealed class Entry
    {
        public IReadOnlyList<MulticastMember> Learned { get; set; } = [];

        public IReadOnlyList<MulticastMember> Configured { get; set; } = [];

        public bool IsHere { get; set; }

        /// <summary>There was no room for its list: packets take the route of a range around it, if there is one.</summary>
        public bool IsLeftOut { get; set; }

        public LearnedTarget? Target { get; set; }

        public bool IsEmpty => !IsHere && Learned.Count == 0 && Configured.Count == 0;
    }
}
