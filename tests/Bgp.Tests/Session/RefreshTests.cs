using Appliance.Bgp.Tests.Machine.Rig;
using static Appliance.Bgp.Tests.Machine.Rig.Samples;

namespace Appliance.Bgp.Tests.Session;

/// <summary>ROUTE-REFRESH (RFC 2918) and its enhancement (RFC 7313).</summary>
public sealed class RefreshTests
{
    private static readonly byte[] Request = Refresh(RefreshSubtype.Request);
    private static readonly byte[] Begin = Refresh(RefreshSubtype.Begin);
    private static readonly byte[] End = Refresh(RefreshSubtype.End);

    [Fact]
    public void Rfc7313_4_ARequestIsAnsweredBetweenBoRrAndEoRr()
    {
        var solo = new Solo(all: c => c with { Networks = [Route("10.1.0.0/16")] });
        var hand = solo.Establish();
        var before = hand.End.Messages.Count;
        hand.Send(Request);
        var answer = hand.End.Messages.Skip(before).ToList();
        Assert.Equal([MessageType.RouteRefresh, MessageType.Update, MessageType.RouteRefresh], answer.Select(m => (MessageType)m[18]));
        Assert.Equal([Begin, End], [answer[0], answer[2]]);
    }

    [Fact]
    public void Rfc2918_ARequestOfANeighborThatKnowsNoMoreIsAnsweredWithRoutesAlone()
    {
        var solo = new Solo(all: c => c with { Networks = [Route("10.1.0.0/16")] });
        var hand = solo.Establish(Hand.Standard(Solo.As) with { EnhancedRouteRefresh = false });
        var before = hand.End.Messages.Count;
        hand.Send(Request);
        Assert.Equal([MessageType.Update], hand.End.Messages.Skip(before).Select(m => (MessageType)m[18]));
    }

    [Fact]
    public void Rfc7313_4_WhatWasNotSaidAgainGoesAtEoRr()
    {
        var solo = new Solo();
        var hand = solo.Establish().Send(Solo.Announce("10.1.0.0/16", "10.2.0.0/16")).Send(Begin).Send(Solo.Announce("10.1.0.0/16"));
        Assert.NotNull(solo.Speaker.Best("10.2.0.0/16"));
        hand.Send(End);
        Assert.NotNull(solo.Speaker.Best("10.1.0.0/16"));
        Assert.Null(solo.Speaker.Best("10.2.0.0/16"));
    }

    [Fact]
    public void Rfc7313_4_EoRrWithoutBoRrIsIgnored()
    {
        var solo = new Solo();
        solo.Establish().Send(Solo.Announce("10.1.0.0/16")).Send(End);
        Assert.NotNull(solo.Speaker.Best("10.1.0.0/16"));
    }

    [Fact]
    public void Rfc7313_4_BoRrBeforeEndOfRibIsIgnored()
    {
        var solo = new Solo();
        var caps = Hand.Standard(Solo.As) with { GracefulRestart = new GracefulRestart(false, false, 120, [new(Family.Ipv4Unicast, false)]) };
        solo.Establish(caps).Send(Solo.Announce("10.1.0.0/16")).Send(Begin).Send(End);
        Assert.NotNull(solo.Speaker.Best("10.1.0.0/16"));
        Assert.Contains(solo.Speaker.Notices, n => n.Message.Contains("before End-of-RIB", StringComparison.Ordinal));
    }

    [Fact]
    public void Rfc7313_4_ARefreshThatNeverEndsIsEnded()
    {
        var solo = new Solo();
        var hand = solo.Establish(hold: 0).Send(Solo.Announce("10.1.0.0/16")).Send(Begin);
        solo.Net.Pass(299_000);
        Assert.NotNull(solo.Speaker.Best("10.1.0.0/16"));
        solo.Net.Pass(1_100);
        Assert.Null(solo.Speaker.Best("10.1.0.0/16"));
        Assert.False(hand.IsClosed);
    }

    [Fact]
    public void Rfc7313_5_AnUnknownSubtypeIsIgnored()
    {
        var solo = new Solo(all: c => c with { Networks = [Route("10.1.0.0/16")] });
        var hand = solo.Establish();
        var before = hand.End.Messages.Count;
        hand.Send(Refresh((RefreshSubtype)9));
        Assert.Equal(before, hand.End.Messages.Count);
        Assert.Equal(SessionState.Established, solo.State);
    }

    [Fact]
    public void ARequestForAFamilyThatIsNotSpokenIsIgnored()
    {
        var solo = new Solo();
        solo.Establish().Send(Hand.Message(MessageType.RouteRefresh, 0, 2, 0, 1)).Send(Hand.Message(MessageType.RouteRefresh, 0x40, 4, 0, 71));
        Assert.Equal(SessionState.Established, solo.State);
    }

    [Fact]
    public void TheOperatorsRefreshGoesBothWays()
    {
        var pair = new Pair().Start(a: c => c with { Networks = [Route("10.1.0.0/16")] }, b: c => c with { Networks = [Route("10.2.0.0/16")] }).Established();
        var (received, sent) = (pair.A.Status("b").Received, pair.A.Status("b").Sent);
        pair.A.Do(new BgpOperatorAsked(BgpVerb.Refresh, "b"));
        pair.Net.Run();
        var status = pair.A.Status("b");
        Assert.Equal((received.Updates + 1, sent.Updates + 1), (status.Received.Updates, status.Sent.Updates));
        // BoRR and EoRR each way, and the request.
        Assert.Equal((received.Refreshes + 2, sent.Refreshes + 3), (status.Received.Refreshes, status.Sent.Refreshes));
        Assert.NotNull(pair.A.Best("10.2.0.0/16"));
        Assert.NotNull(pair.B.Best("10.1.0.0/16"));
    }

    [Fact]
    public void AFloodOfRequestsMakesNoMoreThanOneDumpAtATime()
    {
        var networks = Enumerable.Range(0, 5000).Select(i => Route($"10.{i / 256}.{i % 256}.0/24")).ToList();
        var solo = new Solo(all: c => c with { Networks = networks });
        var hand = solo.Establish();
        var before = hand.Of(MessageType.Update).Count();
        hand.Send([.. Enumerable.Repeat(Request, 2000).SelectMany(r => r)]);
        Assert.InRange(hand.Of(MessageType.Update).Count(), before + 5, 4 * before);
        Assert.InRange(hand.Of(MessageType.RouteRefresh).Count(), 2, 6);
    }

    private static byte[] Refresh(RefreshSubtype subtype) => Hand.Message(MessageType.RouteRefresh, 0, 1, (byte)subtype, 1);
}
