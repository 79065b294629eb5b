using Appliance.Bgp.Tests.Machine.Rig;

namespace Appliance.Bgp.Tests.Session;

/// <summary>The states of RFC 4271 §8.2.2, event by event; the other side is the test's.</summary>
public sealed class StateTests
{
    [Fact]
    public void Rfc4271_8_2_2_IdleToConnectAtStart()
    {
        var solo = new Solo();
        Assert.Equal(SessionState.Connect, solo.State);
        var open = Assert.Single(solo.Speaker.Actions.OfType<OpenConnection>());
        Assert.Equal(("n", "192.0.2.9:179", 1), (open.Neighbor, open.Remote.ToString(), open.Options.Ttl));
    }

    [Fact]
    public void Rfc4271_8_2_2_APassiveSpeakerWaitsInActive()
    {
        var solo = new Solo(n => n with { Passive = true });
        Assert.Equal(SessionState.Active, solo.State);
        Assert.Empty(solo.Speaker.Actions.OfType<OpenConnection>());
        solo.Net.Pass(3_600_000);
        Assert.Empty(solo.Speaker.Actions.OfType<OpenConnection>());
        Assert.Equal([MessageType.Open], solo.Dial().Types);
        Assert.Equal(SessionState.OpenSent, solo.State);
    }

    [Fact]
    public void Rfc4271_8_2_2_ADisabledNeighborStaysIdle()
    {
        var solo = new Solo(n => n with { Disabled = true });
        solo.Net.Pass(3_600_000);
        Assert.Equal(SessionState.Idle, solo.State);
        var hand = solo.Dial();
        Assert.Equal((NotificationCode.Cease, CeaseReason.AdministrativeShutdown), (hand.Notification.Code, hand.Notification.Subcode));
        Assert.True(hand.IsClosed);
    }

    [Fact]
    public void Rfc4271_8_2_2_ConnectToActiveWhenTcpFailsAndBackAfterAWhile()
    {
        var solo = new Solo(n => n with { ConnectRetrySeconds = 10 });
        solo.Speaker.Do(new ConnectionFailed("n", "connection refused"));
        Assert.Equal(SessionState.Active, solo.State);
        Assert.Contains("connection refused", solo.Reason, StringComparison.Ordinal);
        solo.Net.Pass(7_400);
        Assert.Single(solo.Speaker.Actions.OfType<OpenConnection>());
        solo.Net.Pass(2_700);
        Assert.Equal(2, solo.Speaker.Actions.OfType<OpenConnection>().Count());
        Assert.Equal(SessionState.Connect, solo.State);
    }

    [Fact]
    public void TheWaitGrowsWithAttemptsThatFailAndHasABound()
    {
        var solo = new Solo(n => n with { ConnectRetrySeconds = 10 });
        for (var i = 0; i < 20; i++)
        {
            solo.Speaker.Do(new ConnectionFailed("n", "connection refused"));
            var wait = solo.Status.SecondsToRetry;
            Assert.InRange(wait!.Value, 7, i < 3 ? 10 : 40);
            if (i >= 6) Assert.InRange(wait.Value, 30, 40);
            solo.Net.Pass(wait.Value * 1000);
            Assert.Equal(SessionState.Connect, solo.State);
        }
    }

    [Fact]
    public void Rfc4271_8_2_2_AnAttemptThatTakesTooLongIsGivenUp()
    {
        var solo = new Solo(n => n with { ConnectRetrySeconds = 60 });
        solo.Net.Pass(60_000);
        Assert.Equal(["OpenConnection", "CancelConnection", "OpenConnection"], solo.Speaker.Actions.Where(a => a is OpenConnection or CancelConnection).Select(a => a.GetType().Name));
        Assert.Equal(SessionState.Connect, solo.State);
    }

    [Fact]
    public void Rfc4271_8_2_2_TheWayToEstablished()
    {
        var solo = new Solo();
        var hand = solo.Answer();
        Assert.Equal((SessionState.OpenSent, MessageType.Open), (solo.State, Assert.Single(hand.Types)));
        hand.Open(Solo.As, Solo.Identifier);
        Assert.Equal(SessionState.OpenConfirm, solo.State);
        Assert.Equal([MessageType.Open, MessageType.Keepalive], hand.Types);
        hand.Keepalive();
        Assert.Equal(SessionState.Established, solo.State);
        Assert.Equal([SessionState.Connect, SessionState.OpenSent, SessionState.OpenConfirm, SessionState.Established], solo.Speaker.Changes.Select(c => c.After));
        Assert.All(solo.Speaker.Changes, c => Assert.NotEqual("", c.Reason));
    }

    [Fact]
    public void Rfc4271_8_2_2_OpenSentToActiveWhenTcpFails()
    {
        var solo = new Solo();
        solo.Answer().Close();
        solo.Net.Run();
        Assert.Equal(SessionState.Active, solo.State);
    }

    [Fact]
    public void Rfc4271_8_2_2_OpenConfirmToIdleWhenTcpFails()
    {
        var solo = new Solo();
        solo.Answer().Open(Solo.As, Solo.Identifier).Close();
        solo.Net.Run();
        Assert.Equal(SessionState.Idle, solo.State);
        solo.Net.Pass(1_100);
        Assert.Equal(SessionState.Connect, solo.State);
    }

    [Fact]
    public void Rfc4271_8_2_2_EstablishedToIdleWhenTcpFailsAndTheRoutesGo()
    {
        var solo = new Solo();
        var hand = solo.Establish().Send(Solo.Announce("10.9.0.0/16"));
        Assert.NotNull(solo.Speaker.Best("10.9.0.0/16"));
        hand.Close();
        solo.Net.Run();
        Assert.Equal(SessionState.Idle, solo.State);
        Assert.Null(solo.Speaker.Best("10.9.0.0/16"));
    }

    [Fact]
    public void Rfc4271_8_2_2_InOpenSentTheHoldTimerIsLarge()
    {
        var solo = new Solo();
        var hand = solo.Answer();
        solo.Net.Pass(239_000);
        Assert.Equal(SessionState.OpenSent, solo.State);
        solo.Net.Pass(1_100);
        Assert.Equal(NotificationCode.HoldTimerExpired, hand.Notification.Code);
        Assert.Equal(SessionState.Idle, solo.State);
    }

    [Fact]
    public void Rfc4271_6_5_TheHoldTimerExpires()
    {
        var solo = new Solo();
        var hand = solo.Establish(hold: 9);
        solo.Net.Pass(8_000);
        hand.Keepalive();
        solo.Net.Pass(8_900);
        Assert.Equal(SessionState.Established, solo.State);
        solo.Net.Pass(200);
        Assert.Equal(NotificationCode.HoldTimerExpired, hand.Notification.Code);
        Assert.Equal(SessionState.Idle, solo.State);
        Assert.Contains("9 s", solo.Reason, StringComparison.Ordinal);
        Assert.Contains("Hold Timer Expired", solo.Status.LastNotification, StringComparison.Ordinal);
    }

    [Fact]
    public void Rfc4271_4_4_KeepalivesKeepTheSession()
    {
        var pair = new Pair().Start(n => n with { HoldSeconds = 9 }).Established();
        pair.Net.Pass(600_000);
        pair.Established();
        Assert.Equal(1, pair.A.Status("b").TimesEstablished);
        Assert.InRange(pair.A.Status("b").Sent.Keepalives, 200, 270);
    }

    [Fact]
    public void Rfc4271_4_2_TheSmallerHoldTimeCounts()
    {
        var solo = new Solo(n => n with { HoldSeconds = 180 });
        solo.Establish(hold: 30);
        Assert.Equal((30, 10), (solo.Status.HoldSeconds, solo.Status.KeepaliveSeconds));
    }

    [Fact]
    public void Rfc4271_4_2_AHoldTimeOfZeroMeansNoTimersAndNoKeepalives()
    {
        var solo = new Solo();
        var hand = solo.Establish(hold: 0);
        solo.Net.Pass(36_000_000);
        Assert.Equal(SessionState.Established, solo.State);
        Assert.Single(hand.Of(MessageType.Keepalive));
    }

    [Fact]
    public void ASessionThatFailsAgainAndAgainIsHeldDownLonger()
    {
        var solo = new Solo(n => n with { Passive = true });
        var waits = new List<long>();
        for (var i = 0; i < 9; i++)
        {
            solo.Dial().Open(65010, Solo.Identifier);
            Assert.Equal(SessionState.Idle, solo.State);
            waits.Add(solo.Status.SecondsToRetry!.Value);
            solo.Net.Pass(waits[^1] * 1000);
            Assert.Equal(SessionState.Active, solo.State);
        }

        Assert.Equal(1, waits[0]);
        Assert.InRange(waits[3], 6, 8);
        Assert.InRange(waits[8], 45, 60);
    }

    [Fact]
    public void Rfc4271_8_1_1_ASteadySessionForgetsEarlierFailures()
    {
        var solo = new Solo(n => n with { Passive = true });
        for (var i = 0; i < 5; i++)
        {
            solo.Dial().Open(65010, Solo.Identifier);
            solo.Net.Pass(60_000);
        }

        var hand = solo.Establish();
        for (var i = 0; i < 3; i++)
        {
            solo.Net.Pass(30_000);
            hand.Keepalive();
        }

        hand.Close();
        solo.Net.Run();
        Assert.Equal(1, solo.Status.SecondsToRetry);
    }

    [Fact]
    public void WhileItIsHeldDownConnectionsAreRefused()
    {
        var solo = new Solo(n => n with { Passive = true });
        for (var i = 0; i < 5; i++)
        {
            solo.Net.Pass(20_000);
            solo.Dial().Open(65010, Solo.Identifier);
        }

        Assert.Equal(SessionState.Idle, solo.State);
        var hand = solo.Dial();
        Assert.Equal((NotificationCode.Cease, CeaseReason.ConnectionRejected), (hand.Notification.Code, hand.Notification.Subcode));
        Assert.DoesNotContain(MessageType.Open, hand.Types);
        Assert.True(hand.IsClosed);
    }

    [Fact]
    public void AStrangerIsRefused()
    {
        var solo = new Solo();
        var hand = solo.Dial("203.0.113.5");
        Assert.Equal((NotificationCode.Cease, CeaseReason.ConnectionRejected), (hand.Notification.Code, hand.Notification.Subcode));
        Assert.Equal(SessionState.Connect, solo.State);
    }
}
