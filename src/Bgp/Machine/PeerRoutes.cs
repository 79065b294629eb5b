using System.Net;

namespace Appliance.Bgp;

/// <summary>What sessions mean for routes: neighbours come, change, go, keep what they said.</summary>
internal sealed class PeerRoutes(Rib rib)
{
    /// <summary>A session is established: its routes are taken.</summary>
    public void Up(Session session, BgpConfiguration configuration) => rib.SetPeer(Facts(session, configuration));

    /// <summary>It is told ours of a family: what there is, End-of-RIB, changes.</summary>
    public void Start(Session session, Family family) => rib.StartExport(session.Id, family);

    /// <summary>What is taken from a neighbour or sent to it changed.</summary>
    public void Changed(Session session, BgpConfiguration configuration) => rib.SetPeer(Facts(session, configuration));

    /// <summary>The session of a family ended; its routes are kept, stale, or go.</summary>
    public void Down(Session session, Family family, bool keepStale)
    {
        session.Unwritten = null;
        rib.PeerDown(session.Id, family, keepStale);
    }

    /// <summary>The neighbour begins to say everything again (RFC 7313).</summary>
    public void MarkStale(Session session, Family family) => rib.MarkStale(session.Id, family);

    /// <summary>What it did not say again goes.</summary>
    public void Sweep(Session session, Family family) => rib.SweepStale(session.Id, family);

    /// <summary>Everything of a family is to be sent again.</summary>
    public void Again(Session session, Family family) => rib.Refresh(session.Id, family);

    /// <summary>A neighbour is gone.</summary>
    public void Gone(Session session) => rib.RemovePeer(session.Id);

    private static RibPeer Facts(Session session, BgpConfiguration configuration)
    {
        var connection = session.Established!;
        var neighbor = session.Configuration;
        var local = connection.Local.Address.IsIPv4MappedToIPv6 ? connection.Local.Address.MapToIPv4() : connection.Local.Address;
        return new RibPeer
        {
            Id = session.Id,
            Name = session.Name,
            RemoteAs = connection.Negotiated.RemoteAs,
            LocalAs = session.LocalAs(configuration),
            RouterId = connection.Negotiated.RemoteId,
            Address = neighbor.Address,
            LocalAddress = local,
            NextHopIpv4 = NextHop(neighbor, 1),
            NextHopIpv6 = NextHop(neighbor, 2),
            LinkLocal = local.IsIPv6LinkLocal ? new IPAddress(local.GetAddressBytes()) : null,
            Vrf = neighbor.Vrf,
            ReflectorClient = neighbor.ReflectorClient,
            TakesSecurityGateways = neighbor.TakesSecurityGateways,
            Group = neighbor.Group,
            AllowOwnAs = neighbor.AllowOwnAs,
            AsOverride = neighbor.AsOverride,
            Families = [.. session.Families.Where(f => f.Negotiated is not null).Select(f => Facts(f.Configuration, f.Negotiated!.Value))],
        };
    }

    private static RibFamily Facts(FamilyConfiguration family, NegotiatedFamily negotiated) => new()
    {
        Family = family.Family,
        Import = family.Import,
        Export = family.Export,
        NextHopSelf = family.NextHopSelf,
        AddPathSend = negotiated.AddPathSend ? family.AddPathSend : 0,
        ExtendedNextHop = negotiated.ExtendedNextHop,
        DefaultOriginate = family.DefaultOriginate,
    };

    /// <summary>Our next hop of an address family, as one of the families says.</summary>
    private static IPAddress? NextHop(NeighborConfiguration neighbor, int afi)
    {
        foreach (var family in neighbor.Families)
            if (family.NextHop is { } hop && hop.GetAddressBytes().Length == (afi == 1 ? 4 : 16)) return hop;
        return null;
    }
}
