using System.Net;

namespace Appliance.Bgp.Tests;

/// <summary>What a neighbour can make us keep: its routes, and nothing when they are gone.</summary>
public sealed class BoundsTests
{
    [Fact]
    public void AttributesAreLetGoWithTheLastRouteThatHasThem()
    {
        var rig = new RibRig();
        rig.Add(RibRig.Peer(1, 65001));
        for (var round = 0u; round < 1000; round++)
        {
            rig.Rib.Update(1, Family.Ipv4Unicast, new Nlri(RibRig.P("10.0.0.0/8")), new PathAttributes(RibRig.Attributes("198.51.100.1", 65001)) { Med = round });
            rig.Settle();
            Assert.InRange(rig.Rib.AttributeSetCount, 1, 2);
        }

        rig.Withdraw(1, "10.0.0.0/8");
        rig.Rib.PeerDown(1, Family.Ipv4Unicast, false);
        Assert.Equal(0, rig.Rib.AttributeSetCount);
    }

    /// <summary>One that never reads, and one that announces and withdraws ever other prefixes: what was never said to it need not be taken back.</summary>
    [Fact]
    public void AFloodOfComingAndGoingPrefixesLeavesNothingEvenWithANeighbourThatDoesNotRead()
    {
        var rig = new RibRig();
        rig.Add(RibRig.Peer(1, 65001));
        rig.Add(RibRig.Peer(2, 65002));
        for (var i = 0; i < 20_000; i++)
        {
            var nlri = new Nlri(new Prefix((ulong)(0x0a00_0000 + i) << 32, 0, 32));
            rig.Rib.Update(1, Family.Ipv4Unicast, nlri, RibRig.Attributes("198.51.100.1", 65001));
            if (i % 3 == 0) rig.Settle();
            rig.Rib.Withdraw(1, Family.Ipv4Unicast, nlri);
            if (i % 100 == 0) rig.Settle();
        }

        rig.Settle();
        Assert.Equal((0, 0), (rig.Rib.RouteCount, rig.Rib.PrefixCount("", Family.Ipv4Unicast)));
        rig.Said.Clear();
        rig.Exchange(2);
        Assert.Equal(["2 EndOfRib ipv4"], rig.Said);
    }

    [Fact]
    public void NextHopsAreWatchedAsLongAsRoutesNeedThem()
    {
        var rib = new Rib();
        rib.Configure(new BgpConfiguration { LocalAs = RibRig.OurAs, RouterId = 1 });
        rib.SetPeer(RibRig.Peer(1, 65001));
        List<IPAddress> added = [], removed = [];
        rib.Update(1, Family.Ipv4Unicast, new Nlri(RibRig.P("10.0.0.0/8")), RibRig.Attributes("198.51.100.1", 65001));
        rib.Update(1, Family.Ipv4Unicast, new Nlri(RibRig.P("10.1.0.0/16")), RibRig.Attributes("198.51.100.1", 65001, 7));
        rib.TakeNextHops(added, removed);
        Assert.Equal(["198.51.100.1"], added.Select(a => a.ToString()));
        added.Clear();
        rib.Withdraw(1, Family.Ipv4Unicast, new Nlri(RibRig.P("10.0.0.0/8")));
        rib.TakeNextHops(added, removed);
        Assert.Empty(removed);
        rib.Withdraw(1, Family.Ipv4Unicast, new Nlri(RibRig.P("10.1.0.0/16")));
        rib.TakeNextHops(added, removed);
        Assert.Empty(added);
        Assert.Equal(["198.51.100.1"], removed.Select(a => a.ToString()));
    }

    [Fact]
    public void ADecisionTakesNoMorePrefixesThanItsBudget()
    {
        var rib = new Rib();
        rib.Configure(new BgpConfiguration { LocalAs = RibRig.OurAs, RouterId = 1 });
        rib.SetPeer(RibRig.Peer(1, RibRig.OurAs));
        for (var i = 0; i < 100; i++) rib.Update(1, Family.Ipv6Unicast, new Nlri(new Prefix((ulong)i << 32, 0, 32)), RibRig.Attributes("fe80::1"));
        for (var i = 0; i < 100; i++) rib.Update(1, Family.Ipv4Unicast, new Nlri(new Prefix((ulong)i << 32, 0, 32)), RibRig.Attributes("198.51.100.1"));
        rib.TakeNextHops([], []);
        rib.NextHops([(IPAddress.Parse("198.51.100.1"), true, 0)]);
        var changes = new List<BestRoutesChanged>();
        Assert.True(rib.Settle(60, changes));
        Assert.Equal(60, changes.Sum(c => c.Changes.Count));
        Assert.False(rib.Settle(60, changes));
        Assert.Equal(100, changes.Sum(c => c.Changes.Count));
        Assert.Equal(changes.SelectMany(c => c.Changes).Select(c => c.Prefix).Order(), changes.SelectMany(c => c.Changes).Select(c => c.Prefix));
        Assert.Single(changes.SelectMany(c => c.Changes).Select(c => c.Paths).Distinct(ReferenceEqualityComparer.Instance));
    }

    [Fact]
    public void ANumberOfANeighbourIsUsedAgainOnlyWhenNothingNamesTheOldOne()
    {
        var rig = new RibRig();
        for (var round = 1; round <= 50; round++)
        {
            rig.Add(RibRig.Peer(round, 65000u + (uint)round, "192.0.2.1"));
            rig.Update(round, "10.0.0.0/8", RibRig.Attributes("198.51.100.1", 65000u + (uint)round));
            Assert.Equal([$"p{round}"], rig.BestOf("10.0.0.0/8"));
            rig.Rib.RemovePeer(round);
            if (round % 2 == 0) rig.Settle();
        }

        rig.Settle();
        Assert.Null(rig.Best("10.0.0.0/8"));
        Assert.Equal(0, rig.Rib.AttributeSetCount);
    }
}
