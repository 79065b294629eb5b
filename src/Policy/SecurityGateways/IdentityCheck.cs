using Appliance.Shared;

namespace Appliance.Policy;

/// <summary>Whether a gateway is believed for a prefix: the <c>accept</c> rules, then the PAD.</summary>
internal sealed class IdentityCheck(SecurityGatewayConfiguration configuration)
{
    private const int MostKnown = 65_536;
    private readonly Dictionary<IpAddress, GatewayClaim?> claims = [];

    /// <summary>Whether encryption is asked for a route with an identity.</summary>
    public bool NeedsEncryption(IpPrefix prefix, in RoutedPath path)
    {
        if (configuration.Encrypt is not { } rules) return true;
        foreach (var rule in rules)
            if (rule.TakesNeighbor(path.Neighbor) && rule.TakesGateway(path.SecurityGateway) && rule.TakesPrefix(prefix))
                return true;
        return false;
    }

    /// <summary><see cref="ProtectionReason.Accepted"/>, or why not: what the rule that comes nearest lacks.</summary>
    public ProtectionReason Check(IpPrefix prefix, in RoutedPath path)
    {
        var reason = ProtectionReason.NeighborNotAccepted;
        foreach (var rule in configuration.Accept)
        {
            if (!rule.TakesNeighbor(path.Neighbor)) continue;
            var found = !IsReachable(path.SecurityGateway) || !rule.TakesGateway(path.SecurityGateway) ? ProtectionReason.GatewayNotAccepted
                : !rule.TakesPrefix(prefix) ? ProtectionReason.PrefixNotAccepted : ProtectionReason.Accepted;
            if (found == ProtectionReason.Accepted) return Claim(path.SecurityGateway) is not { } claim ? ProtectionReason.NoPeer : claim.Allows(prefix) ? found : ProtectionReason.NotClaimable;
            if (found > reason) reason = found;
        }

        return reason;
    }

    /// <summary>No gateway can have an address of "this network", a link-local or a multicast one, whatever a rule says.</summary>
    private static bool IsReachable(IpAddress gateway) => gateway.V4 >> 24 != 0 && !AddressScope.IsLinkLocal(gateway) && !AddressScope.IsMulticast(gateway);

    private GatewayClaim? Claim(IpAddress gateway)
    {
        if (claims.TryGetValue(gateway, out var known)) return known;
        if (claims.Count >= MostKnown) claims.Clear();
        foreach (var claim in configuration.Claims)
        {
            if (claim.Gateways.Count > 0 && !claim.Gateways.Contains(gateway)) continue;
            known = claim;
            break;
        }

        return claims[gateway] = known;
    }
}
