using Appliance.Ike.Children;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

[Trait("RFC", "7296")]
public class RekeyTests
{
    private static readonly TheoryData<bool> ByEitherSide = new(true, false);

    public static TheoryData<bool> EitherSide => ByEitherSide;

    private static uint TheInboundSpi(Gateway gateway) => Assert.Single(gateway.Children.Keys);

    private static void RekeyChild(Pair pair, Gateway gateway) => gateway.Step(pair.Now, new ChildExpires(Assert.Single(gateway.Machine.AllChildren, c => c.Child.IsCurrent).Child.Sa.OutboundSpi, Hard: false));

    private static void RekeyIke(Pair pair, Gateway gateway)
    {
        gateway.Machine.Timers.Set(new(Pair.Sa(gateway).LocalSpi, TimerKind.RekeyIke), pair.Now);
        gateway.Step(pair.Now, TimePassed.Event);
    }

    private static void OneSaAndOneChildStand(Pair pair)
    {
        Assert.True((pair.A.Machine.All.Count, pair.B.Machine.All.Count) == (1, 1), pair.Story());
        Assert.Equal((1, 1), (pair.A.Children.Count, pair.B.Children.Count));
        Assert.True(pair.A.Children.Values.Single().Active);
        Assert.True(pair.B.Children.Values.Single().Active);
        Assert.All((Gateway[])[pair.A, pair.B], g => Assert.Equal(ChildStage.Established, g.Machine.AllChildren.Single().Child.Stage));
        var (a, b) = (Pair.Sa(pair.A), Pair.Sa(pair.B));
        Assert.Equal((a.InitiatorSpi, a.ResponderSpi, a.IsInitiator), (b.InitiatorSpi, b.ResponderSpi, !b.IsInitiator));
        pair.Check();
    }

    [Theory]
    [MemberData(nameof(EitherSide))]
    public void Rfc7296_1_3_3_AChildIsRekeyedByEitherSide(bool byA)
    {
        var pair = new Pair().Established();
        var before = TheInboundSpi(pair.A);
        RekeyChild(pair, byA ? pair.A : pair.B);
        pair.Run(5000);
        Assert.NotEqual(before, TheInboundSpi(pair.A));
        OneSaAndOneChildStand(pair);
    }

    [Fact]
    public void Rfc7296_2_8_TheResponderSendsByTheNewChildOnlyWhenTheInitiatorHasIt()
    {
        var pair = new Pair().Established();
        var old = TheInboundSpi(pair.B);
        RekeyChild(pair, pair.A);
        pair.Passes = (from, _) => from != pair.B;
        pair.Run(500);
        Assert.Equal((1, 2), (pair.A.Children.Count, pair.B.Children.Count));
        Assert.False(pair.B.Children.Values.Single(c => c.Child.InboundSpi != old).Active);
        pair.Passes = (_, _) => true;
        pair.Run(5000);
        OneSaAndOneChildStand(pair);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public void Rfc7296_2_8_1_BothRekeyTheChildAtOnce_OneRemains(int lost)
    {
        var pair = new Pair().Established();
        var before = TheInboundSpi(pair.A);
        var count = 0;
        pair.Passes = (_, _) => ++count != lost;
        RekeyChild(pair, pair.A);
        RekeyChild(pair, pair.B);
        pair.Run(40_000);
        Assert.NotEqual(before, TheInboundSpi(pair.A));
        OneSaAndOneChildStand(pair);
    }

    [Theory]
    [MemberData(nameof(EitherSide))]
    public void Rfc7296_1_3_2_TheIkeSaIsRekeyedByEitherSide_ItsChildrenStay(bool byA)
    {
        var pair = new Pair().Established();
        var (spi, ike) = (TheInboundSpi(pair.A), Pair.Sa(pair.A).InitiatorSpi);
        RekeyIke(pair, byA ? pair.A : pair.B);
        pair.Run(5000);
        OneSaAndOneChildStand(pair);
        Assert.NotEqual(ike, Pair.Sa(pair.A).InitiatorSpi);
        Assert.Equal(spi, TheInboundSpi(pair.A));
        Assert.Equal(byA, Pair.Sa(pair.A).IsInitiator);
        // The new one works, its message IDs from 0.
        RekeyChild(pair, pair.B);
        RekeyChild(pair, pair.A);
        pair.Run(5000);
        OneSaAndOneChildStand(pair);
        Assert.Contains(pair.Seen, m => m.Header.InitiatorSpi == Pair.Sa(pair.A).InitiatorSpi && m.Header.MessageId == 0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    public void Rfc7296_2_8_2_BothRekeyTheIkeSaAtOnce_OneRemains(int lost)
    {
        var pair = new Pair().Established();
        var ike = Pair.Sa(pair.A).InitiatorSpi;
        var count = 0;
        pair.Passes = (_, _) => ++count != lost;
        RekeyIke(pair, pair.A);
        RekeyIke(pair, pair.B);
        pair.Run(70_000);
        OneSaAndOneChildStand(pair);
        Assert.NotEqual(ike, Pair.Sa(pair.A).InitiatorSpi);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Rfc7296_2_25_OneRekeysTheIkeSaAndTheOtherTheChild_BothComeToBe(int lost)
    {
        var pair = new Pair().Established();
        var (spi, ike) = (TheInboundSpi(pair.A), Pair.Sa(pair.A).InitiatorSpi);
        var count = 0;
        pair.Passes = (_, _) => ++count != lost;
        RekeyIke(pair, pair.A);
        RekeyChild(pair, pair.B);
        pair.Run(70_000);
        OneSaAndOneChildStand(pair);
        Assert.NotEqual(ike, Pair.Sa(pair.A).InitiatorSpi);
        Assert.NotEqual(spi, TheInboundSpi(pair.A));
    }

    [Theory]
    [MemberData(nameof(EitherSide))]
    public void MessagesThatComeTwiceChangeNothing(bool byA)
    {
        var pair = new Pair { Duplicates = true }.Established();
        RekeyChild(pair, byA ? pair.A : pair.B);
        RekeyIke(pair, byA ? pair.B : pair.A);
        pair.Run(70_000);
        OneSaAndOneChildStand(pair);
    }

    [Fact]
    public void Rfc7296_2_8_TheResponderSendsByTheNewChildWhenThePeerDoes()
    {
        var pair = new Pair().Established();
        var before = TheInboundSpi(pair.B);
        // The answer comes, the deletion of the old child does not.
        pair.Passes = (from, _) => from == pair.B || pair.B.Children.Count < 2;
        RekeyChild(pair, pair.A);
        pair.Run(3500);
        var made = Assert.Single(pair.B.Children.Values, c => c.Child.InboundSpi != before);
        Assert.False(made.Active);
        pair.B.Used.Add(made.Child.InboundSpi);
        pair.Run(1500);
        Assert.True(made.Active);
        Assert.Equal(2, pair.B.Children.Count);
        pair.Passes = (_, _) => true;
        pair.Run(70_000);
        OneSaAndOneChildStand(pair);
    }

    [Fact]
    public void EveryFifthMessageLost_LifetimesOfSeconds_TheTunnelStaysUp()
    {
        static IkePeer Short(IkePeer peer) => peer with { RekeySeconds = 97, Children = [peer.Children[0] with { RekeySeconds = 31 }] };
        var pair = new Pair(Short, Short).Established();
        var random = new Random(4);
        pair.Passes = (_, _) => random.Next(5) != 0;
        for (var minute = 0; minute < 60; minute++)
        {
            pair.Run(60_000);
            Assert.Contains(pair.A.Children.Values, c => c.Active);
        }

        pair.Passes = (_, _) => true;
        pair.Run(90_000);
        pair.Check();
        Assert.True(pair.A.Children.Count <= 2);
    }

    [Fact]
    public void Rfc7296_1_3_InvalidKePayloadLeadsToTheMethodThatThePeerWants()
    {
        var pair = new Pair(b: p => p with
        {
            Children = [p.Children[0] with { Proposals = [p.Children[0].Proposals[0] with { KeyExchange = [Crypto.KeyExchangeMethod.EcpP384] }] }],
        }, a: p => p with
        {
            Children = [p.Children[0] with { Proposals = [p.Children[0].Proposals[0] with { KeyExchange = [Crypto.KeyExchangeMethod.Curve25519, Crypto.KeyExchangeMethod.EcpP384] }] }],
        }).Established();
        RekeyChild(pair, pair.A);
        pair.Run(5000);
        OneSaAndOneChildStand(pair);
        Assert.Contains(pair.B.Log, l => l.Key == "invalid-ke-payload");
    }

    [Fact]
    public void ARekeyThatThePeerRefusesIsTriedAgainAndTheOldChildStays()
    {
        var pair = new Pair().Established();
        var before = TheInboundSpi(pair.A);
        pair.B.InstallProblem = "no room";
        RekeyChild(pair, pair.A);
        pair.Run(1000);
        Assert.Equal(before, TheInboundSpi(pair.A));
        Assert.Contains(pair.A.Log, l => l.Key == "temporary-failure");
        pair.B.InstallProblem = null;
        pair.Run(5000);
        Assert.NotEqual(before, TheInboundSpi(pair.A));
        OneSaAndOneChildStand(pair);
    }

    [Fact]
    public void WhatWeCannotInstallIsDeletedWithThePeer()
    {
        var pair = new Pair().Established();
        var before = TheInboundSpi(pair.A);
        pair.A.InstallProblem = "no room";
        RekeyChild(pair, pair.A);
        pair.Run(1000);
        Assert.Equal(before, TheInboundSpi(pair.A));
        Assert.Single(pair.B.Children);
        pair.A.InstallProblem = null;
        pair.Run(10_000);
        OneSaAndOneChildStand(pair);
    }

    [Fact]
    public void Rfc7296_2_25_AChildThatThePeerDoesNotKnowIsMadeAnew()
    {
        var pair = new Pair().Established();
        var (child, sa) = pair.B.Machine.AllChildren.Single();
        sa.RemoveChild(new Step(pair.B.Machine, new(pair.Now, new(new byte[32])), new List<IkeAction>()), child);
        pair.B.Children.Clear();
        RekeyChild(pair, pair.A);
        pair.Run(5000);
        OneSaAndOneChildStand(pair);
        Assert.Contains(pair.A.Log, l => l.Key == "child-sa-not-found");
    }

    [Fact]
    public void Rfc7296_2_25_TemporaryFailureForMinutesClosesTheIkeSa()
    {
        var pair = new Pair().Established();
        var ike = Pair.Sa(pair.A).InitiatorSpi;
        pair.B.InstallProblem = "no room";
        RekeyChild(pair, pair.A);
        pair.Run(200_000);
        Assert.Equal(ike, Pair.Sa(pair.A).InitiatorSpi);
        pair.Run(200_000);
        Assert.DoesNotContain(pair.A.Machine.All, s => s.InitiatorSpi == ike);
    }

    [Theory]
    [InlineData(new byte[] { 1, 2 }, new byte[] { 9 }, new byte[] { 1, 3 }, new byte[] { 9 }, true)]
    [InlineData(new byte[] { 1, 3 }, new byte[] { 9 }, new byte[] { 9 }, new byte[] { 1, 2, 255 }, false)]
    [InlineData(new byte[] { 1, 2, 0 }, new byte[] { 9 }, new byte[] { 1, 2 }, new byte[] { 9 }, false)]
    public void Rfc7296_2_8_1_TheLowestNonceLoses(byte[] ni, byte[] nr, byte[] otherNi, byte[] otherNr, bool first) => Assert.Equal(first, NonceOrder.FirstIsLowest((ni, nr), (otherNi, otherNr)));
}
