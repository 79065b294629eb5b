namespace Appliance.Bgp.Tests;

/// <summary>Route reflection.</summary>
[Trait("RFC", "4456")]
public sealed class ReflectionTests
{
    private const string Net = "10.0.0.0/8";

    [Theory]
    [InlineData(false, false, false)]
    [InlineData(false, true, true)]
    [InlineData(true, false, true)]
    [InlineData(true, true, true)]
    public void Rfc4456_6_RoutesGoBetweenClientsAndToAndFromThemButNotBetweenOthers(bool fromClient, bool toClient, bool goes)
    {
        var rig = Rig(fromClient, toClient, out _);
        Assert.Equal(goes, rig.Told(2, Net) != null);
    }

    [Fact]
    public void Rfc4456_6_RoutesOfOtherAsesGoToAll()
    {
        var rig = new RibRig();
        rig.Add(RibRig.Peer(1, 65001));
        rig.Add(RibRig.Peer(2, RibRig.OurAs));
        rig.Update(1, Net, RibRig.Attributes("198.51.100.1", 65001));
        rig.Exchange(2);
        Assert.NotNull(rig.Told(2, Net));
    }

    [Fact]
    public void Rfc4456_8_TheOriginatorIsNamedAndOurClusterStandsInFront()
    {
        var told = Rig(true, false, out _).Told(2, Net)!;
        Assert.Equal(RibRig.Id("192.0.2.1"), told.OriginatorId);
        Assert.Equal([RibRig.Id("10.0.0.1")], told.ClusterList);
        Assert.Equal(("198.51.100.1", 7u, 5u, "65001"), (told.NextHop.ToString(), told.LocalPref, told.Med, AsPaths.ToText(told.AsPath)));
    }

    [Fact]
    public void Rfc4456_8_AnOriginatorThatIsNamedStays()
    {
        var rig = Rig(true, false, out var attributes);
        rig.Rib.Configure(rig.Rib.Configuration with { ClusterId = 99 });
        rig.Update(1, Net, new PathAttributes(attributes) { OriginatorId = 42, ClusterList = [7] });
        rig.Exchange(2);
        Assert.Equal(42u, rig.Told(2, Net)!.OriginatorId);
        Assert.Equal([99u, 7u], rig.Told(2, Net)!.ClusterList);
    }

    [Fact]
    public void Rfc4456_8_OurIdentifierAsOriginatorOrOurClusterInTheListIsALoop()
    {
        var rig = Rig(true, false, out var attributes);
        rig.Update(1, Net, new PathAttributes(attributes) { OriginatorId = RibRig.Id("10.0.0.1") });
        Assert.Null(rig.Best(Net));
        rig.Update(1, Net, attributes);
        Assert.NotNull(rig.Best(Net));
        rig.Update(1, Net, new PathAttributes(attributes) { ClusterList = [7, RibRig.Id("10.0.0.1")] });
        Assert.Null(rig.Best(Net));
    }

    private static RibRig Rig(bool fromClient, bool toClient, out PathAttributes attributes)
    {
        var rig = new RibRig();
        rig.Add(RibRig.Peer(1, RibRig.OurAs) with { ReflectorClient = fromClient });
        rig.Add(RibRig.Peer(2, RibRig.OurAs) with { ReflectorClient = toClient });
        attributes = new PathAttributes(RibRig.Attributes("198.51.100.1", 65001)) { LocalPref = 7, Med = 5 };
        rig.Update(1, Net, attributes);
        rig.Exchange(2);
        return rig;
    }
}
