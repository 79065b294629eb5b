namespace Appliance.Bgp;

/// <summary>
/// Multicast addresses among unicast routes: a member of a group with a multi-point SA announces what its hosts want like any other prefix, always with a Tunnel Encapsulation attribute. Who wants it is
/// not a matter of the best path: all paths of such a prefix count.
/// </summary>
public static class MulticastPrefixes
{
    /// <summary>Every address of the prefix is a multicast address (RFC 5771 §3, RFC 4291 §2.7).</summary>
    public static bool IsMulticast(Family family, in Prefix prefix) =>
        family.Safi == 1 && (family.Afi == 1 ? prefix.Length >= 4 && prefix.High >> 60 == 14 : prefix.Length >= 8 && prefix.High >> 56 == 0xff);

    /// <summary>And it does not lie among those that stay on the link or the interface, or are reserved (RFC 5771 §4, RFC 7346 §2).</summary>
    public static bool IsRoutable(Family family, in Prefix prefix)
    {
        if (!IsMulticast(family, prefix)) return false;
        if (family.Afi == 1) return prefix.Length < 24 || prefix.High >> 40 != 0xe0_0000;
        return prefix.Length < 16 || (prefix.High >> 48 & 15) is >= 3 and < 15;
    }
}
