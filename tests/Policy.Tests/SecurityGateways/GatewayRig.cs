using Appliance.Shared;

namespace Appliance.Policy.Tests.SecurityGateways;

/// <summary>Security gateways with what they would have told the data plane, kept as it would be.</summary>
internal sealed class GatewayRig
{
    public static readonly IpAddress GatewayA = Inputs.Ip("198.51.100.1"), GatewayB = Inputs.Ip("198.51.100.2"), NextHop = Inputs.Ip("192.0.2.254");
    private readonly SortedDictionary<IpPrefix, LearnedTarget> table = [];
    private long now;

    public GatewayRig(Func<SecurityGatewayConfiguration, SecurityGatewayConfiguration>? change = null, params string[] remembered)
        : this(change, false, remembered)
    {
    }

    public GatewayRig(Func<SecurityGatewayConfiguration, SecurityGatewayConfiguration>? change, bool storesFirst, params string[] remembered)
    {
        Configuration = (change ?? (c => c))(new SecurityGatewayConfiguration
        {
            Gateway = Inputs.Ip("192.0.2.1"),
            Trusted = [Inputs.Prefix("10.1.0.0/16")],
            Protected = [Inputs.Prefix("10.200.0.0/16")],
            Accept = [new RouteMatch(["pe1"], [Inputs.Prefix("198.51.100.0/24")], [new PrefixRange(Inputs.Prefix("10.0.0.0/8"), 8, 24), new PrefixRange(Inputs.Prefix("fd00::/8"), 8, 64)])],
            Claims = [new GatewayClaim([], [])],
        });
        Gateways = new(Configuration, remembered.Select(Inputs.Prefix), storesFirst);
    }

    public SecurityGatewayConfiguration Configuration { get; }

    public Policy.SecurityGateways Gateways { get; }

    public SecurityGatewayChanges Last { get; private set; } = new();

    public static RoutedPath Path(string? gateway, string neighbor = "pe1", string hop = "192.0.2.254") =>
        new(Inputs.Ip(hop), gateway is null ? default : Inputs.Ip(gateway), neighbor, false);

    /// <summary>One prefix with its paths; no path: withdrawn.</summary>
    public void Learn(string prefix, params RoutedPath[] paths) => Learn((prefix, paths));

    public void Learn(params (string Prefix, RoutedPath[] Paths)[] batch) =>
        Apply(Gateways.Learn([.. batch.Select(b => new RoutedPrefix(Inputs.Prefix(b.Prefix), b.Paths.Length == 0 ? null : b.Paths))], ++now));

    public void Apply(SecurityGatewayChanges changes)
    {
        Last = changes;
        foreach (var (prefix, target) in changes.Routes)
            if (target is null) table.Remove(prefix);
            else table[prefix] = target;
    }

    /// <summary>The longest match for an address: a gateway's tunnel, "discard", "plain" or "none".</summary>
    public string Find(string address)
    {
        var ip = Inputs.Ip(address);
        var found = table.Where(r => r.Key.Contains(ip)).OrderByDescending(r => r.Key.Length).Select(r => r.Value).FirstOrDefault();
        return found is null ? "none" : found.Kind switch { LearnedKind.Tunnel => string.Join(' ', found.Tunnels), LearnedKind.Discard => "discard", _ => "plain" };
    }

    public string Table => string.Join("; ", table.Select(r => $"{r.Key} {Find(r.Key.Address.ToString())}"));

    public ProtectionReason? Reason(string prefix) => Gateways.Entries.GetValueOrDefault(Inputs.Prefix(prefix))?.Reason;

    public string Remembered => string.Join(' ', Gateways.Remembered);
}
