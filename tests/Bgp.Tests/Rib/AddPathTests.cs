namespace Appliance.Bgp.Tests;

/// <summary>Several paths of a prefix.</summary>
[Trait("RFC", "7911")]
public sealed class AddPathTests
{
    private const string Net = "10.0.0.0/8";

    [Fact]
    public void Rfc7911_5_PathsOfOneNeighbourAreKeptApartByTheirIdentifiers()
    {
        var rig = new RibRig();
        rig.Add(RibRig.Peer(1, 65001));
        rig.Update(1, Net, RibRig.Attributes("198.51.100.1", 65001, 64999), 1);
        rig.Update(1, Net, RibRig.Attributes("198.51.100.2", 65001), 2);
        Assert.Equal("198.51.100.2", rig.Best(Net)!.Paths[0].Attributes.NextHop.ToString());
        rig.Withdraw(1, Net, 2);
        Assert.Equal("198.51.100.1", rig.Best(Net)!.Paths[0].Attributes.NextHop.ToString());
        rig.Withdraw(1, Net, 3);
        rig.Withdraw(1, Net, 1);
        Assert.Null(rig.Best(Net));
    }

    [Fact]
    public void Rfc7911_3_TheBestPathsGoWithIdentifiersThatHoldAndAreTakenBackOneByOne()
    {
        var rig = new RibRig();
        for (var id = 1; id <= 3; id++) rig.Add(RibRig.Peer(id, 65000u + (uint)id));
        rig.Add(RibRig.Peer(4, 65004, null, RibRig.Open(Family.Ipv4Unicast) with { AddPathSend = 2 }));
        for (var id = 1; id <= 3; id++) rig.Update(id, Net, RibRig.Attributes($"198.51.100.{id}", 65000u + (uint)id));
        rig.Exchange(4);
        Assert.Equal(["65000 65001", "65000 65002"], Paths(rig));
        var second = rig.ToldTo(4, Family.Ipv4Unicast).Single(t => AsPaths.ToText(t.Attributes.AsPath) == "65000 65002").Nlri.PathId;
        rig.Withdraw(1, Net);
        rig.Exchange(4);
        Assert.Equal(["65000 65002", "65000 65003"], Paths(rig));
        Assert.Equal(second, rig.ToldTo(4, Family.Ipv4Unicast).Single(t => AsPaths.ToText(t.Attributes.AsPath) == "65000 65002").Nlri.PathId);
        rig.Withdraw(2, Net);
        rig.Withdraw(3, Net);
        rig.Exchange(4);
        Assert.Empty(rig.ToldTo(4, Family.Ipv4Unicast));
        Assert.Equal(0, rig.Rib.PrefixCount("", Family.Ipv4Unicast));
    }

    [Fact]
    public void OneNeighbourCannotHaveAnyNumberOfPathsKept()
    {
        var rig = new RibRig();
        rig.Add(RibRig.Peer(1, 65001));
        for (var id = 1u; id <= Rib.MostPathsOfAPeer; id++) Assert.True(rig.Rib.Update(1, Family.Ipv4Unicast, new Nlri(RibRig.P(Net), PathId: id), RibRig.Attributes("198.51.100.1", 65001)));
        Assert.False(rig.Rib.Update(1, Family.Ipv4Unicast, new Nlri(RibRig.P(Net), PathId: 1000), RibRig.Attributes("198.51.100.1", 65001)));
        Assert.True(rig.Rib.Update(1, Family.Ipv4Unicast, new Nlri(RibRig.P(Net), PathId: 5), RibRig.Attributes("198.51.100.2", 65001)));
        Assert.Equal(Rib.MostPathsOfAPeer, rig.Rib.RouteCount);
    }

    private static IEnumerable<string> Paths(RibRig rig) => rig.ToldTo(4, Family.Ipv4Unicast).Select(t => AsPaths.ToText(t.Attributes.AsPath)).Order(StringComparer.Ordinal);
}
