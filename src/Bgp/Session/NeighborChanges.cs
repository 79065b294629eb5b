namespace Appliance.Bgp;

/// <summary>What a change of a neighbour's configuration comes to.</summary>
internal static class NeighborChanges
{
    /// <summary>The session can go on: who the neighbour is, how it is reached and what the OPEN says of routes are the same. Hold time and message size are taken up by the next session.</summary>
    public static bool SameSession(NeighborConfiguration a, NeighborConfiguration b) =>
        a.Address.Equals(b.Address) && a.RemoteAs == b.RemoteAs && a.LocalAs == b.LocalAs && a.Vrf == b.Vrf && a.Multihop == b.Multihop && a.ReflectorClient == b.ReflectorClient
        && Transports.AreEqual(a.Transport, b.Transport) && a.Families.Count == b.Families.Count && a.Families.All(f => b.Families.Any(g => SameOpen(f, g)));

    private static bool SameOpen(FamilyConfiguration a, FamilyConfiguration b) =>
        a.Family == b.Family && a.AddPathSend == b.AddPathSend && a.AddPathReceive == b.AddPathReceive && a.ExtendedNextHop == b.ExtendedNextHop;
}
