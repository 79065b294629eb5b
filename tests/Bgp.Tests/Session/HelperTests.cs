using Appliance.Bgp.Tests.Machine.Rig;
using static Appliance.Bgp.Tests.Machine.Rig.Samples;

namespace Appliance.Bgp.Tests.Session;

/// <summary>The neighbour restarts: we are the Receiving Speaker (RFC 4724 §4.2, RFC 8538).</summary>
public sealed class HelperTests
{
    private static readonly Capabilities Restarts = Hand.Standard(Solo.As) with { GracefulRestart = new GracefulRestart(false, false, 30, [new(Family.Ipv4Unicast, false)]) };
    private static readonly Capabilities Restarted = Restarts with { GracefulRestart = new GracefulRestart(true, false, 30, [new(Family.Ipv4Unicast, true)]) };
    private static readonly byte[] EndOfRib = Hand.Update([], [], []);

    [Fact]
    public void Rfc4724_4_2_RoutesStayWhenTcpFailsAndTheRestGoesAtEndOfRib()
    {
        var solo = new Solo();
        solo.Establish(Restarts).Send(Solo.Announce("10.1.0.0/16", "10.2.0.0/16")).Close();
        solo.Net.Run();
        Assert.Equal((SessionState.Idle, 2), (solo.State, solo.Status.Families[0].Stale));
        Assert.NotNull(solo.Speaker.Best("10.1.0.0/16"));
        Assert.All(solo.Speaker.Machine.Routes("", Family.Ipv4Unicast), r => Assert.True(r.Paths[0].IsStale));
        solo.Net.Pass(1_000);
        var hand = solo.Establish(Restarted).Send(Solo.Announce("10.1.0.0/16"));
        Assert.NotNull(solo.Speaker.Best("10.2.0.0/16"));
        Assert.Equal(1, solo.Status.Families[0].Stale);
        hand.Send(EndOfRib);
        Assert.NotNull(solo.Speaker.Best("10.1.0.0/16"));
        Assert.Null(solo.Speaker.Best("10.2.0.0/16"));
        Assert.Equal(0, solo.Status.Families[0].Stale);
    }

    [Fact]
    public void Rfc4724_4_2_RoutesGoWhenTheRestartTimeIsOver()
    {
        var solo = new Solo(n => n with { Passive = true });
        solo.Establish(Restarts).Send(Solo.Announce("10.1.0.0/16")).Close();
        solo.Net.Pass(29_900);
        Assert.NotNull(solo.Speaker.Best("10.1.0.0/16"));
        solo.Net.Pass(200);
        Assert.Null(solo.Speaker.Best("10.1.0.0/16"));
        Assert.Contains(solo.Speaker.Notices, n => n.IsWarning && n.Message.Contains("Restart Time", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("no forwarding")]
    [InlineData("no family")]
    [InlineData("no capability")]
    public void Rfc4724_4_2_RoutesGoAtOnceWhenTheyWereNotKept(string how)
    {
        var solo = new Solo();
        solo.Establish(Restarts).Send(Solo.Announce("10.1.0.0/16")).Close();
        solo.Net.Pass(1_000);
        GracefulRestart? said = how switch
        {
            "no forwarding" => new(true, false, 30, [new(Family.Ipv4Unicast, false)]),
            "no family" => new(true, false, 30, []),
            _ => null,
        };
        solo.Establish(Restarts with { GracefulRestart = said });
        Assert.Null(solo.Speaker.Best("10.1.0.0/16"));
    }

    [Fact]
    public void Rfc4724_4_2_RoutesThatWereStaleBeforeGoAtASecondRestart()
    {
        var solo = new Solo();
        solo.Establish(Restarts).Send(Solo.Announce("10.1.0.0/16", "10.2.0.0/16")).Close();
        solo.Net.Pass(1_000);
        solo.Establish(Restarted).Send(Solo.Announce("10.1.0.0/16")).Close();
        solo.Net.Run();
        Assert.NotNull(solo.Speaker.Best("10.1.0.0/16"));
        Assert.Null(solo.Speaker.Best("10.2.0.0/16"));
    }

    [Fact]
    public void Rfc4724_4_2_WithoutEndOfRibStaleRoutesGoAfterAWhile()
    {
        var solo = new Solo();
        solo.Establish(Restarts).Send(Solo.Announce("10.1.0.0/16")).Close();
        solo.Net.Pass(1_000);
        var hand = solo.Establish(Restarted);
        for (var i = 0; i < 6; i++)
        {
            Assert.NotNull(solo.Speaker.Best("10.1.0.0/16"));
            solo.Net.Pass(50_000);
            hand.Keepalive();
        }

        solo.Net.Pass(1_000);
        Assert.Null(solo.Speaker.Best("10.1.0.0/16"));
    }

    [Fact]
    public void Rfc4724_5_ANewConnectionFromANeighborThatKnowsRestartsEndsTheOldOne()
    {
        var solo = new Solo();
        var old = solo.Establish(Restarts).Send(Solo.Announce("10.1.0.0/16", "10.2.0.0/16"));
        solo.Net.Pass(10_000);
        var hand = solo.Dial().Establish(Solo.As, Solo.Identifier, Restarted);
        Assert.True(old.IsClosed);
        Assert.Empty(old.Of(MessageType.Notification));
        Assert.Equal((SessionState.Established, 2), (solo.State, solo.Status.TimesEstablished));
        Assert.NotNull(solo.Speaker.Best("10.1.0.0/16"));
        hand.Send(Solo.Announce("10.1.0.0/16")).Send(EndOfRib);
        Assert.NotNull(solo.Speaker.Best("10.1.0.0/16"));
        Assert.Null(solo.Speaker.Best("10.2.0.0/16"));
    }

    [Fact]
    public void Rfc4724_TheHelperCanBeTurnedOff()
    {
        var solo = new Solo(n => n with { GracefulRestart = false });
        solo.Establish(Restarts).Send(Solo.Announce("10.1.0.0/16")).Close();
        solo.Net.Run();
        Assert.Null(solo.Speaker.Best("10.1.0.0/16"));
    }

    [Fact]
    public void Rfc4724_ANotificationLeavesNothing()
    {
        var solo = new Solo();
        solo.Establish(Restarts).Send(Solo.Announce("10.1.0.0/16")).Send(Hand.Message(MessageType.Notification, 6, 4));
        Assert.Null(solo.Speaker.Best("10.1.0.0/16"));
    }

    [Theory]
    [InlineData(new byte[] { 6, 4 }, true)]
    [InlineData(new byte[] { 4, 0 }, true)]
    [InlineData(new byte[] { 6, 9, 6, 2 }, false)]
    public void Rfc8538_ANotificationLeavesRoutesUnlessItIsAHardReset(byte[] notification, bool areKept)
    {
        var solo = new Solo();
        var knows = Restarts with { GracefulRestart = Restarts.GracefulRestart! with { Notification = true } };
        solo.Establish(knows).Send(Solo.Announce("10.1.0.0/16")).Send(Hand.Message(MessageType.Notification, notification));
        Assert.Equal(areKept, solo.Speaker.Best("10.1.0.0/16") is not null);
    }

    [Fact]
    public void Rfc8538_RoutesStayWhenOurHoldTimerExpires()
    {
        var solo = new Solo(n => n with { Passive = true });
        var knows = Restarts with { GracefulRestart = Restarts.GracefulRestart! with { Notification = true } };
        var hand = solo.Establish(knows).Send(Solo.Announce("10.1.0.0/16"));
        solo.Net.Pass(90_100);
        Assert.Equal(NotificationCode.HoldTimerExpired, hand.Notification.Code);
        Assert.NotNull(solo.Speaker.Best("10.1.0.0/16"));
        solo.Net.Pass(30_100);
        Assert.Null(solo.Speaker.Best("10.1.0.0/16"));
    }

    [Fact]
    public void AnOperatorsClearLeavesNothing()
    {
        var solo = new Solo();
        solo.Establish(Restarts).Send(Solo.Announce("10.1.0.0/16"));
        solo.Speaker.Do(new BgpOperatorAsked(BgpVerb.Clear, "n"));
        Assert.Null(solo.Speaker.Best("10.1.0.0/16"));
    }

    [Fact]
    public void AnOperatorsDisableTakesWhatWasKept()
    {
        var solo = new Solo();
        solo.Establish(Restarts).Send(Solo.Announce("10.1.0.0/16")).Close();
        solo.Net.Run();
        Assert.NotNull(solo.Speaker.Best("10.1.0.0/16"));
        solo.Speaker.Do(new BgpOperatorAsked(BgpVerb.Disable, "n"));
        Assert.Null(solo.Speaker.Best("10.1.0.0/16"));
    }
}
