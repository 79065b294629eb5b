using Appliance.Bgp.Tests.Machine.Rig;

namespace Appliance.Bgp.Tests.Session;

/// <summary>Two connections at once (RFC 4271 §6.8): our identifier is 1.1.1.1.</summary>
public sealed class CollisionTests
{
    private const string Lower = "0.0.0.9";
    private const string Higher = "9.9.9.9";

    [Theory]
    [InlineData(Lower, true)]
    [InlineData(Higher, true)]
    [InlineData(Lower, false)]
    [InlineData(Higher, false)]
    public void Rfc4271_6_8_TheConnectionOfTheHigherIdentifierStays(string identifier, bool incomingFirst)
    {
        var solo = new Solo();
        var (outgoing, incoming) = (solo.Answer(), solo.Dial());
        var (first, second) = incomingFirst ? (incoming, outgoing) : (outgoing, incoming);
        first.Open(Solo.As, Samples.Id(identifier));
        Assert.Equal(SessionState.OpenConfirm, solo.State);
        second.Open(Solo.As, Samples.Id(identifier));
        var (winner, loser) = identifier == Lower ? (outgoing, incoming) : (incoming, outgoing);
        Assert.Equal(new NotificationMessage(NotificationCode.Cease, CeaseReason.CollisionResolution), loser.Notification);
        Assert.True(loser.IsClosed);
        Assert.False(winner.IsClosed);
        winner.Keepalive();
        Assert.Equal(SessionState.Established, solo.State);
        Assert.Equal(1, solo.Status.TimesEstablished);
    }

    [Theory]
    [InlineData(65000u, true)]
    [InlineData(65002u, false)]
    public void Rfc6286_2_3_EqualIdentifiersAreDecidedByTheAs(uint remoteAs, bool outgoingStays)
    {
        var solo = new Solo(n => n with { RemoteAs = remoteAs });
        var (outgoing, incoming) = (solo.Answer(), solo.Dial());
        incoming.Open(remoteAs, Samples.Id("1.1.1.1"));
        outgoing.Open(remoteAs, Samples.Id("1.1.1.1"));
        Assert.Equal((!outgoingStays, outgoingStays), (outgoing.IsClosed, incoming.IsClosed));
    }

    [Fact]
    public void Rfc4271_6_8_AnEstablishedSessionIsNotDisturbed()
    {
        var solo = new Solo();
        var established = solo.Establish();
        solo.Net.Pass(10_000);
        var other = solo.Dial();
        Assert.Equal([MessageType.Open], other.Types);
        other.Open(Solo.As, Solo.Identifier);
        Assert.Equal(CeaseReason.CollisionResolution, other.Notification.Subcode);
        Assert.False(established.IsClosed);
        Assert.Equal(SessionState.Established, solo.State);
    }

    [Fact]
    public void Rfc4271_6_8_ASecondConnectionThatFailsDoesNotHarmTheFirst()
    {
        var solo = new Solo();
        var established = solo.Establish();
        solo.Dial().Send(Hand.Message((MessageType)77));
        solo.Dial().Open(65010, Solo.Identifier);
        solo.Dial().Close();
        solo.Net.Run();
        Assert.False(established.IsClosed);
        Assert.Equal(SessionState.Established, solo.State);
        established.Send(Solo.Announce("10.9.0.0/16"));
        Assert.NotNull(solo.Speaker.Best("10.9.0.0/16"));
    }

    [Fact]
    public void ANeighborThatConnectsAgainAndAgainHasOneConnectionThatWaits()
    {
        var solo = new Solo();
        var hands = Enumerable.Range(0, 50).Select(_ => solo.Dial()).ToList();
        Assert.Equal(49, hands.Count(h => h.IsClosed));
        Assert.False(hands[^1].IsClosed);
        hands[^1].Establish(Solo.As, Solo.Identifier);
        Assert.Equal(SessionState.Established, solo.State);
    }

    [Fact]
    public void OurAttemptIsCalledOffOnceTheSessionIsEstablished()
    {
        var solo = new Solo();
        solo.Establish();
        Assert.Single(solo.Speaker.Actions.OfType<CancelConnection>());
        solo.Net.Pass(10_000);
        Assert.Single(solo.Speaker.Actions.OfType<OpenConnection>());
    }

    [Fact]
    public void AConnectionThatComesAfterItWasCalledOffIsClosed()
    {
        var solo = new Solo();
        solo.Establish();
        var late = solo.Answer();
        Assert.True(late.IsClosed);
        Assert.Empty(late.Types);
        Assert.Equal(SessionState.Established, solo.State);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void TwoSpeakersThatCrossSettleOnOneConnection(int seed)
    {
        var pair = new Pair(seed).Start().Established();
        Assert.Equal(2, pair.Net.Ends.Count);
        Assert.Equal((1, 1), (pair.A.Status("b").TimesEstablished, pair.B.Status("a").TimesEstablished));
        // B has the higher identifier: the connection that it made stays.
        Assert.Equal(179, pair.Net.EndOf(pair.A).Local.Port);
    }
}
