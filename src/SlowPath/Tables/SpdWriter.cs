using System.Runtime.InteropServices;
using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Tables;

/// <summary>The SPD: a new list is written beside the one in force and published by one store of first rule and count.</summary>
internal sealed class SpdWriter(Region region, Quiescence quiescence)
{
    private ulong ticket;

    /// <summary>First rule and number of rules in force.</summary>
    public (int First, int Count) InForce
    {
        get
        {
            var spd = Volatile.Read(ref region.Header.Spd);
            return ((int)(spd >> 32), (int)(uint)spd);
        }
    }

    /// <summary>Publishes the rules where they differ from those in force. False when there is no room, or workers still read the list before this one: try again.</summary>
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
        if (!quiescence.HasPassed(ticket) && !quiescence.TryWait(ticket, TimeSpan.FromMilliseconds(100))) return false;
        var start = rules.Length <= first ? 0 : first + count;
        if (start + rules.Length > region.Counts.SpdRules) return false;
        for (var i = 0; i < rules.Length; i++) region.SpdRule((uint)(start + i)) = rules[i];
        Volatile.Write(ref region.Header.Spd, (ulong)start << 32 | (uint)rules.Length);
        ticket = quiescence.Ticket();
        return true;
    }

    private bool Same(SpdRule[] rules, int first, int count)
    {
        if (count != rules.Length || first < 0 || first + count > region.Counts.SpdRules) return false;
        for (var i = 0; i < count; i++)
        {
            var there = MemoryMarshal.AsBytes(new ReadOnlySpan<SpdRule>(in region.SpdRule((uint)(first + i))));
            if (!there.SequenceEqual(MemoryMarshal.AsBytes(new ReadOnlySpan<SpdRule>(in rules[i])))) return false;
        }

        return true;
    }
}
