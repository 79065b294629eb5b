namespace Appliance.Bgp;

/// <summary>How TCP is made with a neighbour: its configuration, and the hops that an EBGP neighbour may be away.</summary>
internal static class Transports
{
    /// <summary>Options of a neighbour's connections: with GTSM as configured, else the TTL of EBGP is the number of hops (RFC 4271 §5.1.3, multihop).</summary>
    public static TransportOptions Of(NeighborConfiguration neighbor, BgpConfiguration configuration)
    {
        var localAs = neighbor.LocalAs != 0 ? neighbor.LocalAs : configuration.LocalAs;
        return neighbor.RemoteAs == localAs || neighbor.Transport.MinimumTtl > 0 ? neighbor.Transport : neighbor.Transport with { Ttl = Math.Clamp(neighbor.Multihop, 1, 255) };
    }

    /// <summary>Whether connections made with one are as good as those made with the other.</summary>
    public static bool AreEqual(TransportOptions a, TransportOptions b) =>
        Equals(a.Local, b.Local) && a.Ttl == b.Ttl && a.MinimumTtl == b.MinimumTtl && a.Device == b.Device && (a.Md5Key is null) == (b.Md5Key is null)
        && System.Security.Cryptography.CryptographicOperations.FixedTimeEquals(a.Md5Key, b.Md5Key);
}
