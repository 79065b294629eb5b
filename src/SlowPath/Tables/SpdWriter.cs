using System.Runtime.InteropServices;
using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Tables;

/// <summary>The SPD: a new list is written beside the one in force and published by one store of first rule and count.</summary>
internal sealed class SpdWriter
{
    private readonly Region region;
    private readonly SlotRanges ranges;

    /// <summary>Shares the table's slots with the traffic selectors of SAs.</summary>
    public SpdWriter(Region region, SlotRanges ranges)
    {
        this.region = region;
        this.ranges = ranges;
        var (first, count) = InForce;
        if (!ranges.TryClaim(first, (int)count)) Volatile.Write(ref region.Header.Spd, 0);
    }

    private (uint First, uint Count) InForce
    {
        get
        {
            var spd = Volatile.Read(ref region.Header.Spd);
            return ((uint)(spd >> 32), (uint)spd);
        }
    }

    /// <summary>Publishes the rules where they differ from those in force. False when there is no room now (also while workers still read earlier lists): try again.</summary>
    public bool Write(IReadOnlyList<RuleContents> wanted, Func<string, uint> tunnelSlot)
    {
        var rules = new SpdRule[wanted.Count];
        for (var i = 0; i < rules.Length; i++)
        {
            rules[i] = wanted[i].Rule;
            rules[i].Tunnel = wanted[i].Tunnel is { } name ? tunnelSlot(name) : SpdRule.ByRoute;
        }

        var (first, count) = InForce;
        if (Same(rules, first, count)) return true;
        if (!ranges.TryTake(rules.Length, out var start)) return false;
        for (var i = 0; i < rules.Length; i++) region.SpdRule(start + (uint)i) = rules[i];
        Volatile.Write(ref region.Header.Spd, (ulong)start << 32 | (uint)rules.Length);
        ranges.Retire(first, (int)count);
        return true;
    }

    private bool Same(SpdRule[] rules, uint first, uint count)
    {
        if (count != rules.Length) return false;
        for (uint i = 0; i < count; i++)
        {
            var there = MemoryMarshal.AsBytes(new ReadOnlySpan<SpdRule>(in region.SpdRule(first + i)));
            if (!there.SequenceEqual(MemoryMarshal.AsBytes(new ReadOnlySpan<SpdRule>(in rules[i])))) return false;
        }

        return true;
    }
}
