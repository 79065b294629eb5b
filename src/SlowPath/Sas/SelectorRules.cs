using Appliance.Ike;
using Appliance.Ike.Messages;
using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Sas;

/// <summary>Traffic selectors (RFC 7296 §3.13) as the rules that workers compare packets to, and as the prefixes that routes are made of.</summary>
internal static class SelectorRules
{
    /// <summary>Rules of one child at most: a worker looks through all of them.</summary>
    public const int Maximum = 1024;

    private const byte Ipv4InIp = 4, Ipv6InIp = 41;

    /// <summary>
    /// What a child lets through, as rules for the packets inside. IIPtran's selectors are the outer addresses with protocol IPv4 or IPv6 (RFC 3884 §3.1): they say nothing of the packet
    /// inside but its family, and the policy and routes of the tunnel decide on the rest. Null: there are more than <see cref="Maximum"/>.
    /// </summary>
    public static IReadOnlyList<SpdRule>? Of(ChildSa child)
    {
        var pairs = Pairs(child.LocalSelectors, child.RemoteSelectors);
        if (pairs is null || child.Mode != ChildMode.IipTran || child.PeerTunnels) return pairs;
        var rules = new List<SpdRule>(2);
        if (pairs.Any(p => p.Protocol is Ipv4InIp or SpdRule.AnyProtocol)) rules.AddRange(Pairs([TrafficSelector.AnyV4], [TrafficSelector.AnyV4])!);
        if (pairs.Any(p => p.Protocol is Ipv6InIp or SpdRule.AnyProtocol)) rules.AddRange(Pairs([TrafficSelector.AnyV6], [TrafficSelector.AnyV6])!);
        return rules;
    }

    /// <summary>
    /// Every pair of a local and a remote selector that can match at all. A selector for OPAQUE ports matches no packet here (RFC 4301 §4.4.1.2: it is for those whose ports
    /// cannot be seen). Null: there are more than <see cref="Maximum"/>.
    /// </summary>
    public static IReadOnlyList<SpdRule>? Pairs(IReadOnlyList<TrafficSelector> local, IReadOnlyList<TrafficSelector> remote)
    {
        if ((long)local.Count * remote.Count > Maximum) return null;
        var rules = new List<SpdRule>(local.Count * remote.Count);
        foreach (var ours in local)
            foreach (var theirs in remote)
                if (Pair(ours, theirs) is { } rule)
                    rules.Add(rule);
        return rules;
    }

    /// <summary>Whether every packet to these prefixes fits the rules, wherever it comes from: then no worker needs to compare.</summary>
    public static bool Cover(IReadOnlyList<SpdRule> rules, IReadOnlyList<IpPrefix> prefixes) => prefixes.Count > 0 && prefixes.All(p => rules.Any(r => Covers(r, p)));

    /// <summary>The prefixes that the remote side of the rules is made of.</summary>
    public static IReadOnlyList<IpPrefix> RemotePrefixes(IEnumerable<SpdRule> rules) => rules.Select(r => (r.RemoteLow, r.RemoteHigh)).Distinct().SelectMany(r => Prefixes(r.RemoteLow, r.RemoteHigh)).Distinct().ToList();

    private static bool Covers(in SpdRule rule, IpPrefix prefix) =>
        rule.Protocol == SpdRule.AnyProtocol && rule.HasPorts == 0 && rule.RemoteLow.IsV4 == prefix.IsV4 && rule.RemoteLow <= prefix.Address && rule.RemoteHigh >= prefix.Last
        && new IpPrefix(rule.LocalLow, 0) is var all && all.IsV4 == prefix.IsV4 && rule.LocalLow == all.Address && rule.LocalHigh == all.Last;

    private static SpdRule? Pair(TrafficSelector local, TrafficSelector remote)
    {
        if (local.IsV4 != remote.IsV4 || (local.Protocol != remote.Protocol && local.Protocol != 0 && remote.Protocol != 0)) return null;
        if (local.PortLow > local.PortHigh || remote.PortLow > remote.PortHigh) return null;
        var anyPort = local is { PortLow: 0, PortHigh: ushort.MaxValue } && remote is { PortLow: 0, PortHigh: ushort.MaxValue };
        return new SpdRule
        {
            LocalLow = IpAddress.From(local.Low),
            LocalHigh = IpAddress.From(local.High),
            RemoteLow = IpAddress.From(remote.Low),
            RemoteHigh = IpAddress.From(remote.High),
            Protocol = Math.Max(local.Protocol, remote.Protocol),
            Action = SpdAction.Protect,
            HasPorts = anyPort ? (byte)0 : (byte)1,
            LocalPortLow = local.PortLow,
            LocalPortHigh = local.PortHigh,
            RemotePortLow = remote.PortLow,
            RemotePortHigh = remote.PortHigh,
            Tunnel = SpdRule.ByRoute,
        };
    }

    /// <summary>The fewest prefixes that make up a range.</summary>
    private static IEnumerable<IpPrefix> Prefixes(IpAddress low, IpAddress high)
    {
        var longest = low.IsV4 ? 32 : 128;
        while (low <= high)
        {
            var length = longest;
            while (length > 0 && new IpPrefix(low, length - 1) is var wider && wider.Address == low && wider.Last <= high) length--;
            var prefix = new IpPrefix(low, length);
            yield return prefix;
            if (prefix.Last == high) yield break;
            low = prefix.Last.Low == ulong.MaxValue ? new IpAddress(prefix.Last.High + 1, 0) : new IpAddress(prefix.Last.High, prefix.Last.Low + 1);
        }
    }
}
