using Appliance.Bgp.Tests.Machine.Rig;

namespace Appliance.Bgp.Tests.Machine;

/// <summary>UPDATEs with errors (RFC 7606): what becomes of the session and of the routes, and what the operator hears.</summary>
public sealed class ErrorTests
{
    private static readonly byte[] Good = Hand.Attributes(Solo.As, Solo.Address);

    [Fact]
    public void Rfc7606_TreatAsWithdrawTakesTheRoutesAndLeavesTheSession()
    {
        var solo = new Solo();
        var hand = solo.Establish().Send(Solo.Announce("10.1.0.0/16", "10.2.0.0/16"));
        byte[] wrongOrigin = [.. Good];
        wrongOrigin[3] = 9;
        hand.Send(Hand.Update([], wrongOrigin, Solo.Nlri("10.1.0.0/16")));
        Assert.Equal((SessionState.Established, 1L), (solo.State, solo.Status.MalformedUpdates));
        Assert.Null(solo.Speaker.Best("10.1.0.0/16"));
        Assert.NotNull(solo.Speaker.Best("10.2.0.0/16"));
        var notice = Assert.Single(solo.Speaker.Notices);
        Assert.Equal(("n", true), (notice.Neighbor, notice.IsWarning));
        Assert.Contains("ORIGIN", notice.Message, StringComparison.Ordinal);
        Assert.Contains("withdrawn", notice.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rfc7606_AttributeDiscardTakesTheRouteWithoutTheAttribute()
    {
        var solo = new Solo();
        byte[] wrongAggregator = [.. Good, 0xc0, 7, 3, 1, 2, 3];
        solo.Establish().Send(Hand.Update([], wrongAggregator, Solo.Nlri("10.1.0.0/16")));
        Assert.Null(solo.Speaker.Best("10.1.0.0/16")!.Paths[0].Attributes.Aggregator);
        Assert.Contains(solo.Speaker.Notices, n => n.Message.Contains("AGGREGATOR", StringComparison.Ordinal));
        Assert.Equal(SessionState.Established, solo.State);
    }

    [Fact]
    public void Rfc7606_3_d_AMissingAttributeIsAWithdrawal()
    {
        var solo = new Solo();
        solo.Establish().Send(Solo.Announce("10.1.0.0/16")).Send(Hand.Update([], Good[..13], Solo.Nlri("10.1.0.0/16")));
        Assert.Null(solo.Speaker.Best("10.1.0.0/16"));
        Assert.Equal(SessionState.Established, solo.State);
    }

    [Fact]
    public void Rfc7606_5_3_NlriThatCannotBeReadEndTheSession()
    {
        var solo = new Solo();
        var hand = solo.Establish().Send(Hand.Update([], Good, [33, 10, 0, 0, 0, 0]));
        Assert.Equal((NotificationCode.UpdateMessage, UpdateErrorCode.InvalidNetworkField), (hand.Notification.Code, hand.Notification.Subcode));
        Assert.Equal(SessionState.Idle, solo.State);
        Assert.Contains("Network Layer Reachability", solo.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Rfc4271_5_UnknownTransitiveAttributesTravelOn()
    {
        var net = new Net();
        var (middle, far) = (net.Add("m", "192.0.2.1"), net.Add("f", "192.0.2.3"));
        middle.Configure(Samples.Speaks(65001, "1.1.1.1", Samples.To("n", Solo.Address, Solo.As) with { Passive = true }, Samples.To("f", "192.0.2.3", 65003)));
        far.Configure(Samples.Speaks(65003, "3.3.3.3", Samples.To("m", "192.0.2.1", 65001)));
        net.Run();
        var hand = net.Dial(middle, Solo.Address).Establish(Solo.As, Solo.Identifier);
        hand.Send(Hand.Update([], [.. Good, 0xc0, 99, 3, 1, 2, 3, 0x80, 98, 1, 7], Solo.Nlri("10.1.0.0/16")));
        var unknown = Assert.Single(far.Best("10.1.0.0/16")!.Paths[0].Attributes.Unknown);
        Assert.Equal((99, 0xe0, "010203"), (unknown.Type, unknown.Flags, Convert.ToHexString(unknown.Value)));
    }

    [Fact]
    public void AFloodOfErrorsDoesNotFloodTheLog()
    {
        var solo = new Solo();
        byte[] wrongOrigin = [.. Good];
        wrongOrigin[3] = 9;
        var hand = solo.Establish(hold: 0);
        var one = Hand.Update([], wrongOrigin, Solo.Nlri("10.1.0.0/16"));
        hand.Send([.. Enumerable.Repeat(one, 1000).SelectMany(m => m)]);
        Assert.Equal(10, solo.Speaker.Notices.Count());
        Assert.Equal(1000, solo.Status.MalformedUpdates);
        solo.Net.Pass(60_000);
        hand.Send(one);
        Assert.Contains("990 notices about this neighbor were left out", solo.Speaker.Notices.Last().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OneNeighborsTroubleIsNotTheOthers()
    {
        var net = new Net();
        var speaker = net.Add("s", "192.0.2.1");
        speaker.Configure(Samples.Speaks(65001, "1.1.1.1", Samples.To("good", "192.0.2.8", 65008) with { Passive = true }, Samples.To("bad", Solo.Address, Solo.As) with { Passive = true }));
        var good = net.Dial(speaker, "192.0.2.8").Establish(65008, Samples.Id("8.8.8.8"));
        good.Send(Hand.Update([], Hand.Attributes(65008, "192.0.2.8"), Solo.Nlri("10.8.0.0/16")));
        for (var i = 0; i < 20; i++)
        {
            net.Dial(speaker, Solo.Address).Establish(Solo.As, Solo.Identifier).Send(Solo.Announce("10.8.0.0/16")).Send(Hand.Message((MessageType)0));
            net.Pass(1_000);
        }

        Assert.Equal((SessionState.Established, 1), (speaker.StateOf("good"), speaker.Status("good").TimesEstablished));
        Assert.Equal("good", speaker.Best("10.8.0.0/16")!.Paths[0].Neighbor);
        Assert.True(good.End.Other.Inbox.Length == 0 && !good.IsClosed);
    }
}
