using Appliance.Bgp.Tests.Machine.Rig;
using static Appliance.Bgp.Tests.Machine.Rig.Samples;

namespace Appliance.Bgp.Tests.Session;

/// <summary>We restart (RFC 4724 §4.1); both sides are machines.</summary>
public sealed class RestartTests
{
    [Fact]
    public void Rfc4724_4_1_AKilledProcessComesBackAndNoRouteIsEverGone()
    {
        var pair = Started();
        var lost = Watch(pair.B, "10.1.0.0/16");
        pair.Net.Kill(pair.A);
        pair.Net.Pass(5_000);
        Assert.NotNull(pair.B.Best("10.1.0.0/16"));
        Assert.Equal(2, pair.B.Status("a").Families[0].Stale);
        // One of our networks is gone meanwhile.
        pair.A.Restart(pair.ConfigurationA with { Networks = [Route("10.1.0.0/16")] });
        pair.Net.Pass(15_000);
        pair.Established();
        Assert.NotNull(pair.B.Best("10.1.0.0/16"));
        Assert.Null(pair.B.Best("10.11.0.0/16"));
        Assert.Equal(0, lost());
        Assert.Equal(0, pair.B.Status("a").Families[0].Stale);
    }

    [Fact]
    public void Rfc4724_4_1_RoutesAreDecidedOnAndCompleteOnlyAfterEndOfRib()
    {
        var pair = Started();
        pair.Net.Kill(pair.A);
        pair.A.Table.Clear();
        pair.A.Actions.Clear();
        pair.A.Restart(pair.ConfigurationA);
        pair.Net.Pass(20_000);
        pair.Established();
        Assert.InRange(pair.A.Actions.FindLastIndex(a => a is BestRoutesChanged), 0, pair.A.Actions.FindIndex(IsComplete));
        Assert.NotNull(pair.A.Best("10.2.0.0/16"));
        var order = pair.A.Actions.FindIndex(a => a is SessionChanged { After: SessionState.Established });
        Assert.True(order < pair.A.Actions.FindIndex(a => a is BestRoutesChanged));
    }

    [Fact]
    public void Rfc4724_3_RestartAndForwardingBitsAreSetAtTheFirstSessions()
    {
        var solo = new Solo(all: c => c with { RestartSeconds = 120 }, restarted: true);
        var said = OpenOf(solo.Answer());
        Assert.True(said.Restarted);
        Assert.Equal([new RestartFamily(Family.Ipv4Unicast, true)], said.Families);
        solo.Net.Pass(61_000);
        Assert.False(OpenOf(solo.Dial()).Restarted);
    }

    [Fact]
    public void Rfc4724_3_WithoutARestartForwardingIsSaidFromTheSecondSessionOn()
    {
        var solo = new Solo(all: c => c with { RestartSeconds = 120 });
        var first = solo.Dial();
        Assert.Equal((false, false), (OpenOf(first).Restarted, OpenOf(first).Families[0].ForwardingKept));
        first.Establish(Solo.As, Solo.Identifier).Close();
        solo.Net.Pass(2_000);
        var second = solo.Dial();
        Assert.Equal((false, true), (OpenOf(second).Restarted, OpenOf(second).Families[0].ForwardingKept));
    }

    [Fact]
    public void Rfc4724_4_1_TheDeferralTimerEndsTheWait()
    {
        var solo = new Solo(n => n with { Passive = true }, c => c with { RestartSeconds = 120, DeferralSeconds = 40, Networks = [Route("10.1.0.0/16")] }, restarted: true);
        solo.Net.Pass(39_000);
        Assert.DoesNotContain(solo.Speaker.Actions, a => IsComplete(a) || a is BestRoutesChanged);
        Assert.True(solo.Speaker.Machine.Summary(solo.Net.Now).IsRestarting);
        solo.Net.Pass(1_100);
        Assert.NotNull(solo.Speaker.Best("10.1.0.0/16"));
        Assert.Equal(2, solo.Speaker.Actions.OfType<RoutesComplete>().Count());
        Assert.Contains(solo.Speaker.Notices, n => n.Neighbor == "n" && n.Message.Contains("End-of-RIB", StringComparison.Ordinal));
    }

    [Fact]
    public void Rfc4724_4_1_ANeighborThatRestartedTooIsNotWaitedFor()
    {
        var solo = new Solo(n => n with { Passive = true }, c => c with { RestartSeconds = 120, Networks = [Route("10.1.0.0/16")] }, restarted: true);
        solo.Establish(Hand.Standard(Solo.As) with { GracefulRestart = new GracefulRestart(true, false, 120, [new(Family.Ipv4Unicast, true)]) });
        Assert.Equal(2, solo.Speaker.Actions.OfType<RoutesComplete>().Count());
    }

    [Fact]
    public void Rfc4724_4_1_NothingIsSentBeforeTheDecision()
    {
        var solo = new Solo(n => n with { Passive = true }, c => c with { RestartSeconds = 120, Networks = [Route("10.1.0.0/16")] }, restarted: true);
        var hand = solo.Establish(Hand.Standard(Solo.As) with { GracefulRestart = new GracefulRestart(false, false, 120, [new(Family.Ipv4Unicast, true)]) });
        Assert.Empty(hand.Of(MessageType.Update));
        hand.Send(Solo.Announce("10.9.0.0/16"));
        Assert.Null(solo.Speaker.Best("10.9.0.0/16"));
        hand.Send(Hand.Update([], [], []));
        Assert.NotNull(solo.Speaker.Best("10.9.0.0/16"));
        var updates = hand.Of(MessageType.Update).ToList();
        Assert.Equal(23, updates[^1].Length);
        Assert.True(updates.Count >= 2);
    }

    [Fact]
    public void WithNeighborsByPrefixTheWholeTimeIsWaited()
    {
        var range = new DynamicNeighbors(System.Net.IPNetwork.Parse("198.51.100.0/24"), To("branch", "0.0.0.0", 0), 5);
        var solo = new Solo(all: c => c with { Neighbors = [], RestartSeconds = 120, DeferralSeconds = 40, Dynamic = [range], Networks = [Route("10.1.0.0/16")] }, restarted: true);
        var hand = solo.Dial("198.51.100.7").Establish(65007, 7, Hand.Standard(65007) with { GracefulRestart = new GracefulRestart(false, false, 120, [new(Family.Ipv4Unicast, true)]) });
        hand.Send(Hand.Update([], [], []));
        Assert.DoesNotContain(solo.Speaker.Actions, IsComplete);
        solo.Net.Pass(40_100);
        Assert.Equal(2, solo.Speaker.Actions.OfType<RoutesComplete>().Count());
        Assert.Equal(2, hand.Of(MessageType.Update).Count());
    }

    [Fact]
    public void Rfc4724_4_1_EachFamilyIsDecidedOnForItself()
    {
        var solo = new Solo(n => n with { Passive = true, Families = [Ipv4, Of(Family.Ipv6Unicast)] }, c => c with { RestartSeconds = 120, Networks = [Route("10.1.0.0/16")] }, restarted: true);
        var hand = solo.Establish(Hand.Standard(Solo.As) with
        {
            Families = [Family.Ipv4Unicast, Family.Ipv6Unicast], GracefulRestart = new GracefulRestart(false, false, 120, [new(Family.Ipv4Unicast, true), new(Family.Ipv6Unicast, true)]),
        });
        hand.Send(Hand.Update([], [], []));
        Assert.True(IsComplete(Assert.Single(solo.Speaker.Actions.OfType<RoutesComplete>())));
        Assert.Equal([true, false], solo.Status.Families.Select(f => f.EndOfRibSent));
        Assert.True(solo.Speaker.Machine.Summary(solo.Net.Now).IsRestarting);
        hand.Send(Hand.Update([], [0x80, 15, 3, 0, 2, 1], []));
        Assert.Equal(2, solo.Speaker.Actions.OfType<RoutesComplete>().Count());
        Assert.Equal([true, true], solo.Status.Families.Select(f => f.EndOfRibSent));
    }

    [Fact]
    public void CompletenessWaitsForNextHopsToBeLookedUp()
    {
        var solo = new Solo(n => n with { Passive = true }, c => c with { RestartSeconds = 120 }, restarted: true);
        var hand = solo.Dial().Establish(Solo.As, Solo.Identifier, Hand.Standard(Solo.As) with { GracefulRestart = new GracefulRestart(false, false, 120, [new(Family.Ipv4Unicast, true)]) });
        hand.Send([.. Solo.Announce("10.9.0.0/16"), .. Hand.Update([], [], [])]);
        var actions = solo.Speaker.Actions;
        Assert.InRange(actions.FindIndex(a => a is BestRoutesChanged), 0, actions.FindIndex(IsComplete));
        Assert.NotNull(solo.Speaker.Best("10.9.0.0/16"));
    }

    private static bool IsComplete(BgpAction action) => action is RoutesComplete { Vrf: "" } complete && complete.Family == Family.Ipv4Unicast;

    private static Pair Started() => new Pair().Start(a: c => c with { RestartSeconds = 60, Networks = [Route("10.1.0.0/16"), Route("10.11.0.0/16")] },
        b: c => c with { RestartSeconds = 60, Networks = [Route("10.2.0.0/16")] }).Established();

    /// <summary>How often a prefix had no route.</summary>
    private static Func<int> Watch(Speaker speaker, string prefix)
    {
        var from = speaker.Actions.Count;
        Assert.True(Prefix.TryParse(prefix, out var wanted));
        return () => speaker.Actions.Skip(from).OfType<BestRoutesChanged>().SelectMany(b => b.Changes).Count(c => c.Prefix == wanted && c.Paths is null);
    }

    private static GracefulRestart OpenOf(Hand hand)
    {
        Assert.True(OpenMessage.TryRead(hand.Of(MessageType.Open).Single().AsSpan(19), out var open, out _));
        return open!.Capabilities.GracefulRestart!;
    }
}
