using Appliance.Bgp;
using Appliance.Policy;
using Appliance.Shared;

namespace Appliance.SlowPath.Configuration;

/// <summary>Our trusted subnets as routes with our Security Gateway Identity (draft-guichard-ce-ce-ipsec-00 §5).</summary>
public static class CeAnnouncement
{
    private const ulong Transitive = 0x03UL << 56, NonTransitive = 0x43UL << 56;

    /// <summary>The extended community (draft-guichard-ce-ce-ipsec-00 §6): type, sub-type, two octets of zero, IPv4 address.</summary>
    public static ulong Community(IpAddress gateway, bool isTransitive, byte subType) => (isTransitive ? Transitive : NonTransitive) | (ulong)subType << 48 | gateway.V4;

    /// <summary>What BGP is to do, with the trusted subnets among its networks; one that stands there already keeps what else it says.</summary>
    public static BgpConfiguration AddTo(BgpConfiguration bgp, CeConfiguration ce)
    {
        var community = Community(ce.Gateways.Gateway, ce.IsTransitive, bgp.SecurityGatewaySubType);
        var encapsulation = ce.AnnounceEncapsulation ? Encapsulation(ce.Gateways.Gateway) : null;
        var networks = bgp.Networks.ToList();
        foreach (var subnet in ce.Gateways.Trusted)
        {
            var family = subnet.IsV4 ? Family.Ipv4Unicast : Family.Ipv6Unicast;
            var prefix = Prefix.Of(subnet.Address.ToIPAddress(), subnet.Length);
            var at = networks.FindIndex(n => n.Family == family && n.Prefix == prefix);
            var there = at >= 0 ? networks[at].Attributes : new PathAttributes();
            var attributes = new PathAttributes(there)
            {
                ExtendedCommunities = there.ExtendedCommunities.Contains(community) ? there.ExtendedCommunities : [.. there.ExtendedCommunities, community],
                TunnelEncapsulation = encapsulation ?? there.TunnelEncapsulation,
            };
            if (at >= 0) networks[at] = new OriginatedRoute(family, prefix, attributes);
            else networks.Add(new OriginatedRoute(family, prefix, attributes));
        }

        return bgp with { Networks = networks };
    }

    /// <summary>
    /// One TLV (RFC 9012 §2): tunnel type 4, "IPsec in tunnel mode" (RFC 5566 §3), with the Tunnel Egress Endpoint sub-TLV (type 6, RFC 9012 §3.1): 4 octets reserved, address family 1, the address.
    /// </summary>
    private static byte[] Encapsulation(IpAddress gateway)
    {
        var address = gateway.V4;
        return [0, 4, 0, 12, 6, 10, 0, 0, 0, 0, 0, 1, (byte)(address >> 24), (byte)(address >> 16), (byte)(address >> 8), (byte)address];
    }
}
