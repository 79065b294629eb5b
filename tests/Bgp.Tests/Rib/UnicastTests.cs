namespace Appliance.Bgp.Tests;

/// <summary>Routes in, best routes and announcements out.</summary>
public sealed class UnicastTests
{
    [Fact]
    [Trait("RFC", "4271")]
    public void Rfc4271_9_1_ARouteBecomesTheBestAndGoesToTheOthersAndAWithdrawalTakesItBack()
    {
        var rig = new RibRig();
        rig.Add(RibRig.Peer(1, 65001));
        rig.Add(RibRig.Peer(2, 65002));
        rig.Update(1, "10.0.0.0/8", RibRig.Attributes("192.0.2.1", 65001, 64999));
        Assert.Equal(["p1"], rig.BestOf("10.0.0.0/8"));
        rig.Exchange(1, 2);
        Assert.Equal(["1 EndOfRib ipv4", "2 Announce 10.0.0.0/8", "2 EndOfRib ipv4"], rig.Said);
        var told = rig.Told(2, "10.0.0.0/8")!;
        Assert.Equal([RibRig.OurAs, 65001u, 64999u], told.AsPath[0].Ases);
        Assert.Equal("192.0.2.254", told.NextHop.ToString());

        rig.Withdraw(1, "10.0.0.0/8");
        Assert.Null(rig.Best("10.0.0.0/8"));
        rig.Exchange(1, 2);
        Assert.Equal("2 Withdraw 10.0.0.0/8", rig.Said[^1]);
        Assert.Equal(0, rig.Rib.RouteCount);
        Assert.Equal(0, rig.Rib.PrefixCount("", Family.Ipv4Unicast));
    }

    [Fact]
    public void RoutesWithTheSameAttributesGoTogether()
    {
        var rig = new RibRig();
        rig.Add(RibRig.Peer(1, 65001));
        rig.Add(RibRig.Peer(2, 65002));
        rig.Exchange(1, 2);
        var (a, b) = (RibRig.Attributes("192.0.2.1", 65001), RibRig.Attributes("192.0.2.1", 65001, 64999));
        for (var i = 0; i < 300; i++) rig.Rib.Update(1, Family.Ipv4Unicast, new Nlri(new Prefix((ulong)(0x0a00_0000 + (i << 8)) << 32, 0, 24)), i % 2 == 0 ? a : b);
        rig.Settle();
        rig.Batches.Clear();
        rig.Exchange(2);
        Assert.Equal([150, 150], rig.Batches.Select(x => x.Nlri.Length));
        Assert.NotSame(rig.Batches[0].Attributes, rig.Batches[1].Attributes);
    }

    [Fact]
    public void WhatComesTwiceIsToldOnce()
    {
        var rig = new RibRig();
        rig.Add(RibRig.Peer(1, 65001));
        rig.Add(RibRig.Peer(2, 65002));
        rig.Update(1, "10.0.0.0/8", RibRig.Attributes("192.0.2.1", 65001));
        rig.Exchange(1, 2);
        var said = rig.Said.Count;
        rig.Update(1, "10.0.0.0/8", RibRig.Attributes("192.0.2.1", 65001));
        rig.Exchange(1, 2);
        Assert.Equal(said, rig.Said.Count);
        Assert.Equal(2, rig.Rib.AttributeSetCount);
    }

    [Fact]
    public void WithdrawalsOfWhatWasNeverSaidDoNothing()
    {
        var rig = new RibRig();
        rig.Add(RibRig.Peer(1, 65001));
        rig.Withdraw(1, "10.0.0.0/8");
        rig.Withdraw(7, "10.0.0.0/8");
        Assert.Equal(0, rig.Rib.PrefixCount("", Family.Ipv4Unicast));
        Assert.False(rig.Rib.HasWork);
    }
}
