using Appliance.Shared;

namespace Appliance.SlowPath.Sas;

/// <summary>Places of traffic selectors in the rule table. The two SAs of a child name the same run; it is free again when both are gone.</summary>
internal sealed class SelectorStore(Region region, SlotRanges ranges)
{
    private readonly Dictionary<uint, (int Count, int Users)> runs = [];

    /// <summary>Writes a run that nobody names yet; false when there is no room.</summary>
    public bool TryWrite(IReadOnlyList<SpdRule> rules, out uint start)
    {
        if (!ranges.TryTake(rules.Count, out start)) return false;
        for (var i = 0; i < rules.Count; i++) region.SpdRule(start + (uint)i) = rules[i];
        if (rules.Count > 0) runs[start] = (rules.Count, 0);
        return true;
    }

    /// <summary>One more SA names a run; after a restart the first one claims its place. False when that is somebody else's.</summary>
    public bool Use(uint start, uint count)
    {
        if (count == 0) return true;
        if (!runs.TryGetValue(start, out var run))
        {
            if (count > int.MaxValue || !ranges.TryClaim(start, (int)count)) return false;
            run = ((int)count, 0);
        }

        if (run.Count != count) return false;
        runs[start] = (run.Count, run.Users + 1);
        return true;
    }

    /// <summary>One SA less names it, or (a run that none came to name) it is given up.</summary>
    public void Release(uint start, uint count)
    {
        if (count == 0 || !runs.TryGetValue(start, out var run)) return;
        if (run.Users > 1)
        {
            runs[start] = (run.Count, run.Users - 1);
            return;
        }

        runs.Remove(start);
        ranges.Retire(start, run.Count);
    }

    /// <summary>The rules of a run.</summary>
    public IReadOnlyList<SpdRule> Read(uint start, uint count)
    {
        var rules = new List<SpdRule>();
        for (uint i = 0; i < count && start + i < (uint)region.Counts.SpdRules; i++) rules.Add(region.SpdRule(start + i));
        return rules;
    }
}
