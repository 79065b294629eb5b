namespace Appliance.Bgp.Tests;

/// <summary>Sessions that end and come back.</summary>
[Trait("RFC", "4724")]
public sealed class GracefulRestartTests
{
    private static readonly PathAttributes Plain = RibRig.Attributes("198.51.100.1", 65001);

    [Fact]
    public void Rfc4724_4_2_RoutesOfANeighbourThatRestartsAreUsedUntilItSaidAllAgain()
    {
        var rig = Rig();
        rig.Rib.PeerDown(1, Family.Ipv4Unicast, true);
        rig.Settle();
        rig.Exchange(2);
        Assert.Equal(["p1"], rig.BestOf("10.0.0.0/8"));
        Assert.Equal(2, rig.ToldTo(2, Family.Ipv4Unicast).Count());
        Assert.Equal(2, rig.Rib.Counts(1, Family.Ipv4Unicast).Stale);
        Assert.True(rig.Rib.RouteOf("", Family.Ipv4Unicast, new Nlri(RibRig.P("10.0.0.0/8")))!.Paths[0].IsStale);

        rig.Rib.SetPeer(RibRig.Peer(1, 65001));
        rig.Update(1, "10.0.0.0/8", Plain);
        Assert.Equal(1, rig.Rib.Counts(1, Family.Ipv4Unicast).Stale);
        Assert.Equal(1, rig.Rib.SweepStale(1, Family.Ipv4Unicast));
        rig.Settle();
        rig.Exchange(2);
        Assert.Equal(["p1"], rig.BestOf("10.0.0.0/8"));
        Assert.Null(rig.Best("10.1.0.0/16"));
        Assert.Equal("2 Withdraw 10.1.0.0/16", rig.Said[^1]);
    }

    [Fact]
    public void Rfc4724_4_2_WhatWasStaleAlreadyGoesWithTheNextRestart()
    {
        var rig = Rig();
        rig.Rib.PeerDown(1, Family.Ipv4Unicast, true);
        rig.Rib.SetPeer(RibRig.Peer(1, 65001));
        rig.Update(1, "10.0.0.0/8", Plain);
        rig.Rib.PeerDown(1, Family.Ipv4Unicast, true);
        rig.Settle();
        Assert.NotNull(rig.Best("10.0.0.0/8"));
        Assert.Null(rig.Best("10.1.0.0/16"));
    }

    [Fact]
    public void Rfc4724_4_1_EndOfRibComesBehindWhatStillWaitsForItsDecision()
    {
        var rig = new RibRig();
        rig.Add(RibRig.Peer(1, 65001));
        rig.Rib.Update(1, Family.Ipv4Unicast, new Nlri(RibRig.P("10.0.0.0/8")), Plain);
        rig.Rib.SetPeer(RibRig.Peer(2, 65002));
        rig.Rib.StartExport(2, Family.Ipv4Unicast);
        rig.Exchange(2);
        Assert.Empty(rig.Said);
        rig.Settle();
        rig.Exchange(2);
        Assert.Equal(["2 Announce 10.0.0.0/8", "2 EndOfRib ipv4"], rig.Said);
    }

    [Fact]
    [Trait("RFC", "7313")]
    public void Rfc7313_4_WhatIsNotSaidAgainBetweenBeginAndEndOfARefreshGoes()
    {
        var rig = Rig();
        rig.Rib.MarkStale(1, Family.Ipv4Unicast);
        rig.Update(1, "10.1.0.0/16", Plain);
        rig.Rib.SweepStale(1, Family.Ipv4Unicast);
        rig.Settle();
        Assert.Null(rig.Best("10.0.0.0/8"));
        Assert.NotNull(rig.Best("10.1.0.0/16"));
    }

    [Fact]
    public void ANeighbourThatComesBackIsToldEverythingAnew()
    {
        var rig = Rig();
        rig.Rib.PeerDown(2, Family.Ipv4Unicast, false);
        Assert.False(rig.Rib.TryNextExport(2, out _));
        rig.Forget(2);
        rig.Said.Clear();
        rig.Add(RibRig.Peer(2, 65002));
        rig.Exchange(2);
        Assert.Equal(["2 Announce 10.0.0.0/8", "2 Announce 10.1.0.0/16", "2 EndOfRib ipv4"], rig.Said);
    }

    private static RibRig Rig()
    {
        var rig = new RibRig();
        rig.Add(RibRig.Peer(1, 65001));
        rig.Add(RibRig.Peer(2, 65002));
        rig.Update(1, "10.0.0.0/8", Plain);
        rig.Update(1, "10.1.0.0/16", Plain);
        rig.Exchange(2);
        return rig;
    }
}
