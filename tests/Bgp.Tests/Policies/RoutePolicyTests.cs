using System.Net;

namespace Appliance.Bgp.Tests.Policies;

/// <summary>Terms in their order and what they change.</summary>
public sealed class RoutePolicyTests
{
    private static readonly PolicySession Session = new("n", IPAddress.Parse("198.51.100.1"), 64496, 65001, IPAddress.Parse("192.0.2.1"), true);
    private static readonly Nlri Ten = new(Prefix.Of(IPAddress.Parse("10.0.0.0"), 8));
    private static readonly PathAttributes Plain = new() { AsPath = [new AsSegment(2, [64496, 64500])], NextHop = IPAddress.Parse("198.51.100.1"), Communities = [1, 2], Med = 5 };
    private static readonly RouteCondition Never = new OriginIs([Origin.Egp]);

    private static PathAttributes? Apply(PathAttributes attributes, params PolicyTerm[] terms) => new RoutePolicy("p", terms, false).Apply(Session, Family.Ipv4Unicast, Ten, attributes);

    private static PathAttributes Edited(RouteEdit edit, PathAttributes? attributes = null) => Apply(attributes ?? Plain, new PolicyTerm([], edit, TermOutcome.Accept))!;

    private static bool Holds(RouteCondition condition, PathAttributes? attributes = null) => condition.Holds(new RouteInQuestion(Session, Family.Ipv4Unicast, Ten.Prefix, attributes ?? Plain));

    [Fact]
    public void WhatNoTermFitsGoesByTheDefault()
    {
        var term = new PolicyTerm([Never], null, TermOutcome.Accept);
        Assert.Null(new RoutePolicy("p", [term], false).Apply(Session, Family.Ipv4Unicast, Ten, Plain));
        Assert.Same(Plain, new RoutePolicy("p", [term], true).Apply(Session, Family.Ipv4Unicast, Ten, Plain));
        Assert.Null(new RoutePolicy("p", [], false).Apply(Session, Family.Ipv4Unicast, Ten, Plain));
    }

    [Fact]
    public void TermsBehindANextSeeWhatItChanged()
    {
        var result = Apply(Plain, new([], new RouteEdit { Med = 9 }, TermOutcome.Next), new([new NumberIsIn(RouteNumber.Med, 9, 9)], new RouteEdit { LocalPref = 7 }, TermOutcome.Accept));
        Assert.Equal((9u, 7u), (result!.Med, result.LocalPref));
        Assert.Null(Apply(Plain, new([], new RouteEdit { Med = 9 }, TermOutcome.Next), new([], null, TermOutcome.Reject)));
    }

    [Fact]
    public void AllConditionsOfATermMustHold()
    {
        Assert.Null(Apply(Plain, new PolicyTerm([new OriginIs([Origin.Igp]), Never], null, TermOutcome.Accept)));
        Assert.Same(Plain, Apply(Plain, new PolicyTerm([new OriginIs([Origin.Igp]), new Not(Never)], null, TermOutcome.Accept)));
    }

    [Fact]
    public void WhatChangesNothingIsTheSameObject()
    {
        Assert.Same(Plain, Edited(new RouteEdit { Med = 5, Communities = new ListEdit<uint>(null, [c => c == 9], [2]) }));
        Assert.Same(Plain, Edited(new RouteEdit { Origin = Origin.Igp, NextHop = IPAddress.Parse("198.51.100.1") }));
    }

    [Fact]
    public void EveryChange()
    {
        var edited = Edited(new RouteEdit { LocalPref = 200, RemovesMed = true, Origin = Origin.Incomplete, NextHop = IPAddress.Parse("192.0.2.9") });
        Assert.Equal(new PathAttributes(Plain) { LocalPref = 200, Med = null, Origin = Origin.Incomplete, NextHop = IPAddress.Parse("192.0.2.9") }, edited);
        Assert.Equal([1u, 3], Edited(new RouteEdit { Communities = new ListEdit<uint>(null, [c => c == 2], [3, 1]) }).Communities);
        Assert.Equal([9u, 3], Edited(new RouteEdit { Communities = new ListEdit<uint>([9], [c => c == 2], [3]) }).Communities);
        Assert.Empty(Edited(new RouteEdit { Communities = new ListEdit<uint>([], [], []) }).Communities);
        Assert.Equal([7ul], Edited(new RouteEdit { ExtendedCommunities = new ListEdit<ulong>(null, [], [7]) }).ExtendedCommunities);
        Assert.Equal([new LargeCommunity(1, 2, 3)], Edited(new RouteEdit { LargeCommunities = new ListEdit<LargeCommunity>(null, [], [new LargeCommunity(1, 2, 3)]) }).LargeCommunities);
        Assert.Equal((5u, 2), (Plain.Med, Plain.Communities.Length));
    }

    [Fact]
    public void ANextHopOfTheOtherFamilyChangesNothing()
    {
        Assert.Same(Plain, Edited(new RouteEdit { NextHop = IPAddress.IPv6Loopback }));
        var six = new PathAttributes { NextHop = IPAddress.Parse("2001:db8::1"), LinkLocalNextHop = IPAddress.Parse("fe80::1") };
        var edited = new RouteEdit { NextHop = IPAddress.Parse("2001:db8::2") }.Apply(Session, Family.Ipv6Unicast, six);
        Assert.Equal((IPAddress.Parse("2001:db8::2"), null), (edited.NextHop, edited.LinkLocalNextHop));
        Assert.Equal(IPAddress.Any, new RouteEdit { NextHop = IPAddress.Any }.Apply(Session, Family.Ipv6Unicast, six).NextHop);
    }

    [Fact]
    public void Rfc4271_5_1_2_Prepending()
    {
        Assert.Equal([65001u, 65001, 64496, 64500], Assert.Single(Edited(new RouteEdit { PrependOwn = 2 }).AsPath).Ases);
        Assert.Equal([7u, 8, 64496, 64500], Assert.Single(Edited(new RouteEdit { Prepend = [7, 8] }).AsPath).Ases);
        Assert.Equal([7u], Assert.Single(Edited(new RouteEdit { Prepend = [7] }, new PathAttributes()).AsPath).Ases);
        var set = Edited(new RouteEdit { Prepend = [7] }, new PathAttributes { AsPath = [new AsSegment(1, [1, 2])] }).AsPath;
        Assert.Equal([(byte)2, (byte)1], set.Select(s => s.Type));
        var full = Edited(new RouteEdit { PrependOwn = 2 }, new PathAttributes { AsPath = [new AsSegment(2, new uint[254])] }).AsPath;
        Assert.Equal([2, 254], full.Select(s => s.Ases.Length));
    }

    [Fact]
    public void WhetherTheAnswerDependsOnThePrefix()
    {
        var onPrefix = new PolicyTerm([new Not(new PrefixIsIn([]))], null, TermOutcome.Accept);
        Assert.True(new RoutePolicy("p", [onPrefix], false).DependsOnPrefix);
        Assert.True(new RoutePolicy("p", [new([], null, TermOutcome.Next), new([Never], null, TermOutcome.Reject), onPrefix], false).DependsOnPrefix);
        var hidden = new RoutePolicy("p", [new([], null, TermOutcome.Reject), onPrefix], false);
        Assert.False(hidden.DependsOnPrefix);
        Assert.Equal(1, hidden.ReachableTerms);
        Assert.False(FixedPolicy.All.DependsOnPrefix);
        Assert.Same(Plain, FixedPolicy.All.Apply(Session, Family.Ipv4Unicast, Ten, Plain));
        Assert.Null(FixedPolicy.None.Apply(Session, Family.Ipv4Unicast, Ten, Plain));
    }

    [Fact]
    public void EqualByNameAndFingerprint()
    {
        Assert.Equal(new RoutePolicy("p", [], false, "1"), new RoutePolicy("p", [], false, "1"));
        Assert.NotEqual(new RoutePolicy("p", [], false, "1"), new RoutePolicy("p", [], false, "2"));
        Assert.NotEqual(new RoutePolicy("p", [], false, "1"), new RoutePolicy("q", [], false, "1"));
        Assert.NotEqual(new RoutePolicy("p", [], false), new RoutePolicy("p", [], false));
        var family = new FamilyConfiguration { Family = Family.Ipv4Unicast, Import = new RoutePolicy("p", [], false, "1") };
        Assert.Equal(family, family with { Import = new RoutePolicy("p", [], false, "1") });
    }

    [Fact]
    public void EveryCondition()
    {
        Assert.True(Holds(new FamilyIs([Family.Ipv4Unicast])) && !Holds(new FamilyIs([Family.Vpnv4])));
        Assert.True(Holds(new NeighborIs(["n"], [])) && !Holds(new NeighborIs(["m"], [])) && !Holds(new NeighborIs([""], [])));
        Assert.True(Holds(new NeighborIs([], [IPNetwork.Parse("198.51.100.0/24")])) && !Holds(new NeighborIs([], [IPNetwork.Parse("::/0")])));
        Assert.True(Holds(new NextHopIsIn([IPNetwork.Parse("198.51.100.1/32")])) && !Holds(new NextHopIsIn([IPNetwork.Parse("10.0.0.0/8")])));
        Assert.True(Holds(new NumberIsIn(RouteNumber.Med, 5, 6)) && !Holds(new NumberIsIn(RouteNumber.Med, 6, 7)) && !Holds(new NumberIsIn(RouteNumber.LocalPref, 0, uint.MaxValue)));
        Assert.True(Holds(new NumberIsIn(RouteNumber.AsPathLength, 2, 2)));
        Assert.True(Holds(new HasCommunity([new CommunityPattern(9), new CommunityPattern(1)], false)) && !Holds(new HasCommunity([new CommunityPattern(9), new CommunityPattern(1)], true)));
        Assert.True(Holds(new HasCommunity([new CommunityPattern(2), new CommunityPattern(1)], true)) && !Holds(new HasCommunity([new CommunityPattern(9)], false)));
        var more = new PathAttributes { ExtendedCommunities = [5], LargeCommunities = [new LargeCommunity(1, 2, 3)], AsPath = [new AsSegment(2, [1, 2]), new AsSegment(1, [3, 4]), new AsSegment(3, [5])] };
        Assert.True(Holds(new HasExtendedCommunity([new ExtendedCommunityPattern(5)], false), more) && !Holds(new HasExtendedCommunity([new ExtendedCommunityPattern(6)], false), more));
        Assert.True(LargeCommunityPattern.TryParse("1:2:*", out var large) && Holds(new HasLargeCommunity([large], true), more) && !Holds(new HasLargeCommunity([large], false)));
        Assert.True(Holds(new NumberIsIn(RouteNumber.AsPathLength, 3, 3), more));
    }

    [Fact]
    public void RoutesThatShareAttributesShareWhatBecomesOfThem()
    {
        var policy = new RoutePolicy("p", [new PolicyTerm([], new RouteEdit { PrependOwn = 1 }, TermOutcome.Accept)], false);
        PathAttributes Ask(PolicySession session, PathAttributes attributes) => policy.Apply(session, Family.Ipv4Unicast, Ten, attributes)!;
        var first = Ask(Session, Plain);
        Assert.Same(first, Ask(Session, Plain));
        Assert.Equal(7u, Ask(Session with { LocalAs = 7 }, Plain).AsPath[0].Ases[0]);
        Assert.Equal(65001u, Ask(Session, Plain).AsPath[0].Ases[0]);
        Assert.NotEqual(first, Ask(Session, new PathAttributes(Plain) { Med = 6 }));
    }

    [Fact]
    public void ARangeOfNeighborsByItsName()
    {
        var spoke = Session with { Neighbor = "spokes-198.51.100.1" };
        bool Is(string name) => new NeighborIs([name], []).Holds(new RouteInQuestion(spoke, Family.Ipv4Unicast, Ten.Prefix, Plain));
        Assert.True(Is("spokes") && Is("spokes-198.51.100.1"));
        Assert.False(Is("spoke") || Is("spokes-198.51.100"));
    }
}
