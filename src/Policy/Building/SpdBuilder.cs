using Appliance.Shared;

namespace Appliance.Policy;

/// <summary>From policies to SPD rules (RFC 4301 §4.4.1.2), in order.</summary>
internal static class SpdBuilder
{
    private static readonly IpAddress Highest = new(ulong.MaxValue, ulong.MaxValue);

    public static IReadOnlyList<RuleContents> Build(GatewayConfiguration configuration) => configuration.Policies.Select(p => new RuleContents(Rule(p), p.Tunnel)).ToList();

    private static SpdRule Rule(PolicyConfiguration policy)
    {
        var local = policy.Icmp ?? policy.LocalPorts;
        var remote = policy.Icmp ?? policy.RemotePorts;
        var rule = new SpdRule
        {
            LocalLow = policy.Local?.Low ?? default,
            LocalHigh = policy.Local?.High ?? Highest,
            RemoteLow = policy.Remote?.Low ?? default,
            RemoteHigh = policy.Remote?.High ?? Highest,
            Protocol = policy.Protocol,
            Action = policy.Action,
            OnlyPlain = policy.OnlyPlain ? (byte)1 : (byte)0,
            HasPorts = local is null && remote is null ? (byte)0 : (byte)1,
            LocalPortLow = local?.Low ?? 0,
            LocalPortHigh = local?.High ?? ushort.MaxValue,
            RemotePortLow = remote?.Low ?? 0,
            RemotePortHigh = remote?.High ?? ushort.MaxValue,
            Tunnel = Appliance.Shared.SpdRule.ByRoute,
        };
        rule.Name.Set(policy.Name);
        return rule;
    }
}
