namespace Appliance.Bgp;

/// <summary>Which VPN routes a neighbour wants: the route target memberships that it announced (RFC 4684 §6).</summary>
internal sealed class RouteTargetFilter
{
    private readonly Dictionary<(ulong Target, int Bits), int> wanted = [];
    private readonly int[] lengths = new int[65];

    /// <summary>Takes a membership: 32 bits of origin AS, which does not matter here, then up to 64 of the target. The default, without bits, takes every target.</summary>
    public void Add(in Prefix membership)
    {
        var key = Key(in membership);
        wanted.TryGetValue(key, out var count);
        wanted[key] = count + 1;
        lengths[key.Bits]++;
    }

    /// <summary>Takes one back.</summary>
    public void Remove(in Prefix membership)
    {
        var key = Key(in membership);
        if (!wanted.TryGetValue(key, out var count)) return;
        if (count == 1) wanted.Remove(key);
        else wanted[key] = count - 1;
        lengths[key.Bits]--;
    }

    /// <summary>Whether one of the targets among a route's extended communities is wanted.</summary>
    public bool Wants(ulong[] extendedCommunities)
    {
        if (lengths[0] > 0) return true;
        foreach (var community in extendedCommunities)
        {
            if (!ExtendedCommunity.IsRouteTarget(community)) continue;
            for (var bits = 1; bits <= 64; bits++)
            {
                if (lengths[bits] > 0 && wanted.ContainsKey((Masked(community, bits), bits))) return true;
            }
        }

        return false;
    }

    private static (ulong Target, int Bits) Key(in Prefix membership)
    {
        var bits = Math.Clamp(membership.Length - 32, 0, 64);
        return (Masked(membership.High << 32 | membership.Low >> 32, bits), bits);
    }

    private static ulong Masked(ulong target, int bits) => bits == 0 ? 0 : target & (ulong.MaxValue << (64 - bits));
}

/// <summary>Route targets and Security Gateway Identities among extended communities.</summary>
internal static class RouteTargets
{
    /// <summary>The opaque community of the draft, transitive or not, also with a value that cannot be: who shall not get any gets none of these.</summary>
    public static bool IsSecurityGateway(ulong community, byte subType) => (community >> 48 & 0xbfff) == (0x0300u | subType);

    /// <summary>Whether there is a Security Gateway Identity among them.</summary>
    public static bool HasSecurityGateway(ulong[] communities, byte subType)
    {
        foreach (var community in communities)
        {
            if (IsSecurityGateway(community, subType)) return true;
        }

        return false;
    }

    /// <summary>The route target membership of an import target: origin AS and target, 96 bits (RFC 4684 §4).</summary>
    public static Prefix Membership(uint originAs, ulong target) => new((ulong)originAs << 32 | target >> 32, target << 32, 96);
}
