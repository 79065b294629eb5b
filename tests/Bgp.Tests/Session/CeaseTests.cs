using Appliance.Bgp.Tests.Machine.Rig;
using static Appliance.Bgp.Tests.Machine.Rig.Samples;

namespace Appliance.Bgp.Tests.Session;

/// <summary>Ends that we want: subcodes of Cease (RFC 4486, RFC 8203, RFC 9384), and what becomes of the session.</summary>
public sealed class CeaseTests
{
    [Fact]
    public void Rfc4486_AdministrativeReset()
    {
        var solo = new Solo();
        var hand = solo.Establish();
        solo.Speaker.Do(new BgpOperatorAsked(BgpVerb.Clear, "n"));
        Ended(solo, hand, CeaseReason.AdministrativeReset);
        solo.Net.Pass(1_000);
        Assert.Equal(SessionState.Connect, solo.State);
    }

    [Fact]
    public void Rfc8203_AdministrativeShutdownLastsUntilTheOperatorEnablesIt()
    {
        var solo = new Solo();
        var hand = solo.Establish();
        solo.Speaker.Do(new BgpOperatorAsked(BgpVerb.Disable, Solo.Address));
        Ended(solo, hand, CeaseReason.AdministrativeShutdown);
        solo.Net.Pass(3_600_000);
        Assert.Equal((SessionState.Idle, true), (solo.State, solo.Status.IsDisabled));
        solo.Speaker.Do(new BgpOperatorAsked(BgpVerb.Enable, "*"));
        Assert.Equal(SessionState.Connect, solo.State);
        solo.Establish();
    }

    [Fact]
    public void ADisabledNeighborStaysDownThroughAReload()
    {
        var solo = new Solo();
        solo.Speaker.Do(new BgpOperatorAsked(BgpVerb.Disable, "n"));
        solo.Speaker.Configure(solo.Configuration with { Networks = [Route("10.1.0.0/16")] });
        solo.Net.Pass(600_000);
        Assert.Equal(SessionState.Idle, solo.State);
    }

    [Fact]
    public void Rfc8203_TheTextOfAShutdownTellsWhy()
    {
        var pair = new Pair().Start().Established();
        pair.B.Do(new BgpShutdownAsked());
        pair.Net.Run();
        Assert.Contains("this router stops", pair.A.Status("b").LastReason, StringComparison.Ordinal);
        pair.Net.Pass(3_600_000);
        Assert.Equal(SessionState.Idle, pair.B.StateOf("a"));
        Assert.NotEqual(SessionState.Established, pair.A.StateOf("b"));
    }

    [Fact]
    public void Rfc4486_PeerDeconfigured()
    {
        var solo = new Solo();
        var hand = solo.Establish().Send(Solo.Announce("10.9.0.0/16"));
        solo.Speaker.Configure(solo.Configuration with { Neighbors = [] });
        solo.Net.Run();
        Assert.Equal((NotificationCode.Cease, CeaseReason.PeerDeconfigured), (hand.Notification.Code, hand.Notification.Subcode));
        Assert.Null(solo.Speaker.Machine.Neighbor("n", solo.Net.Now));
        Assert.Null(solo.Speaker.Best("10.9.0.0/16"));
        Assert.Empty(solo.Speaker.Listens!.Peers);
    }

    [Fact]
    public void Rfc4486_MaximumNumberOfPrefixes()
    {
        var solo = new Solo(n => n with { Families = [Ipv4 with { MaximumPrefixes = 3, MaximumRestartMinutes = 2 }] });
        var hand = solo.Establish().Send(Solo.Announce("10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16"));
        Assert.Equal(SessionState.Established, solo.State);
        Assert.Contains(solo.Speaker.Notices, n => n.IsWarning && n.Message.Contains("3 are the maximum", StringComparison.Ordinal));
        hand.Send(Solo.Announce("10.1.0.0/16", "10.4.0.0/16"));
        Assert.Equal(new NotificationMessage(NotificationCode.Cease, CeaseReason.MaximumPrefixes, [0, 1, 1, 0, 0, 0, 3]), hand.Notification);
        Assert.Null(solo.Speaker.Best("10.1.0.0/16"));
        Assert.InRange(solo.Status.SecondsToRetry!.Value, 119, 120);
        solo.Net.Pass(119_000);
        Assert.Equal(SessionState.Idle, solo.State);
        Assert.Equal(CeaseReason.ConnectionRejected, solo.Dial().Notification.Subcode);
        solo.Net.Pass(1_100);
        Assert.Equal(SessionState.Connect, solo.State);
    }

    [Fact]
    public void Rfc4486_BeyondTheMaximumWithoutARestartItWaitsForTheOperator()
    {
        var solo = new Solo(n => n with { Families = [Ipv4 with { MaximumPrefixes = 1 }] });
        solo.Establish().Send(Solo.Announce("10.1.0.0/16", "10.2.0.0/16"));
        solo.Net.Pass(86_400_000);
        Assert.Equal(SessionState.Idle, solo.State);
        Assert.Contains("until an operator clears it", solo.Reason, StringComparison.Ordinal);
        solo.Speaker.Do(new BgpOperatorAsked(BgpVerb.Clear, "n"));
        solo.Net.Pass(1_000);
        Assert.Equal(SessionState.Connect, solo.State);
    }

    [Fact]
    public void BeyondTheMaximumASecondConnectionDoesNotTakeOver()
    {
        var solo = new Solo(n => n with { Families = [Ipv4 with { MaximumPrefixes = 1 }] });
        var hand = solo.Establish();
        var other = solo.Dial();
        hand.Send(Solo.Announce("10.1.0.0/16", "10.2.0.0/16"));
        Assert.True(other.IsClosed);
        Assert.Equal(SessionState.Idle, solo.State);
        Assert.Contains("until an operator clears it", solo.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void AfterTheShutdownNobodyIsServed()
    {
        var solo = new Solo(all: c => c with { Dynamic = [new(System.Net.IPNetwork.Parse("198.51.100.0/24"), To("branch", "0.0.0.0", 0), 5)] });
        solo.Speaker.Do(new BgpShutdownAsked());
        Assert.Equal(CeaseReason.ConnectionRejected, solo.Dial("198.51.100.7").Notification.Subcode);
        Assert.Equal(CeaseReason.ConnectionRejected, solo.Dial().Notification.Subcode);
    }

    [Fact]
    public void BeyondTheMaximumWithAWarningAloneTheSessionStays()
    {
        var solo = new Solo(n => n with { Families = [Ipv4 with { MaximumPrefixes = 1, MaximumWarnsOnly = true }] });
        var hand = solo.Establish();
        for (var i = 0; i < 20; i++) hand.Send(Solo.Announce($"10.{i}.0.0/16"));
        Assert.Equal(SessionState.Established, solo.State);
        Assert.Single(solo.Speaker.Notices, n => n.Message.Contains("more than the 1", StringComparison.Ordinal));
        Assert.NotNull(solo.Speaker.Best("10.19.0.0/16"));
    }

    [Fact]
    public void Rfc9384_BfdDownEndsTheSessionAtOnce()
    {
        var solo = new Solo(n => n with { Bfd = new BfdSettings() });
        Assert.Empty(solo.Speaker.Actions.OfType<WatchBfd>());
        var hand = solo.Establish(Hand.Standard(Solo.As) with { GracefulRestart = new GracefulRestart(false, true, 120, [new(Family.Ipv4Unicast, true)]) }).Send(Solo.Announce("10.9.0.0/16"));
        var watch = Assert.Single(solo.Speaker.Actions.OfType<WatchBfd>());
        Assert.Equal(("n", "192.0.2.1", "192.0.2.9", false), (watch.Neighbor, watch.Local!.ToString(), watch.Remote.ToString(), watch.IsMultihop));
        solo.Speaker.Do(new BfdChanged("n", false, "No Diagnostic"));
        Assert.Equal(SessionState.Established, solo.State);
        solo.Speaker.Do(new BfdChanged("n", true, "No Diagnostic"));
        Assert.True(solo.Status.BfdUp);
        solo.Speaker.Do(new BfdChanged("n", false, "Control Detection Time Expired"));
        solo.Net.Run();
        Assert.Equal(SessionState.Idle, solo.State);
        // The neighbour would keep our routes at a plain Cease (RFC 8538): it goes inside of a Hard Reset.
        Assert.Equal(new NotificationMessage(NotificationCode.Cease, CeaseReason.HardReset, [6, CeaseReason.BfdDown]), hand.Notification);
        Assert.Null(solo.Speaker.Best("10.9.0.0/16"));
        Assert.Contains("Control Detection Time Expired", solo.Reason, StringComparison.Ordinal);
        Assert.Null(solo.Speaker.Actions.OfType<WatchBfd>().Last().Settings);
    }

    [Fact]
    public void Rfc9384_BfdDownToANeighborWithoutRestart()
    {
        var solo = new Solo(n => n with { Bfd = new BfdSettings() });
        var hand = solo.Establish();
        solo.Speaker.Do(new BfdChanged("n", true, ""));
        solo.Speaker.Do(new BfdChanged("n", false, "Path Down"));
        Ended(solo, hand, CeaseReason.BfdDown);
    }

    [Fact]
    public void AnOperatorWhoMeansNobodyHearsOfIt()
    {
        var solo = new Solo();
        solo.Speaker.Do(new BgpOperatorAsked(BgpVerb.Clear, "nobody"));
        Assert.Contains(solo.Speaker.Notices, n => n.Neighbor == "nobody" && n.IsWarning);
        Assert.Equal(SessionState.Connect, solo.State);
    }

    private static void Ended(Solo solo, Hand hand, byte subcode)
    {
        solo.Net.Run();
        Assert.Equal((NotificationCode.Cease, subcode), (hand.Notification.Code, hand.Notification.Subcode));
        Assert.True(hand.IsClosed);
        Assert.Equal(SessionState.Idle, solo.State);
    }
}
