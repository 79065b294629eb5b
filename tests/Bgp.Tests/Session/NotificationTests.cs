using Appliance.Bgp.Tests.Machine.Rig;

namespace Appliance.Bgp.Tests.Session;

/// <summary>Which NOTIFICATION an error leads to: code, subcode, data (RFC 4271 §6, RFC 5492, RFC 6286, RFC 6608, RFC 7313).</summary>
public sealed class NotificationTests
{
    private static readonly byte[] Update = Hand.Update([], [], []);

    [Fact]
    public void Rfc4271_6_1_ConnectionNotSynchronized()
    {
        var message = Hand.Message(MessageType.Keepalive);
        message[3] = 0;
        Ends(solo => solo.Establish(), message, NotificationCode.MessageHeader, HeaderError.ConnectionNotSynchronized);
    }

    [Theory]
    [InlineData(18)]
    [InlineData(0)]
    public void Rfc4271_6_1_BadMessageLength(int length)
    {
        var message = Hand.Message(MessageType.Keepalive);
        (message[16], message[17]) = (0, (byte)length);
        Ends(solo => solo.Establish(), message, NotificationCode.MessageHeader, HeaderError.BadMessageLength, 0, (byte)length);
    }

    [Fact]
    public void Rfc4271_6_1_AKeepaliveOfTwentyOctets() =>
        Ends(solo => solo.Establish(), Hand.Message(MessageType.Keepalive, 0), NotificationCode.MessageHeader, HeaderError.BadMessageLength, 0, 20);

    [Fact]
    public void Rfc4271_6_1_BadMessageType() => Ends(solo => solo.Establish(), Hand.Message((MessageType)77), NotificationCode.MessageHeader, HeaderError.BadMessageType, 77);

    [Fact]
    public void Rfc8654_5_ALongMessageIsRefusedWhereItWasNotOffered() =>
        Ends(solo => solo.Establish(), Hand.Update([], new byte[5000], []), NotificationCode.MessageHeader, HeaderError.BadMessageLength, [0x13, 0x9f], n => n with { ExtendedMessages = false });

    [Fact]
    public void Rfc4271_6_2_UnsupportedVersion() => RefusesOpen(o => o[19] = 3, OpenError.UnsupportedVersion, 0, 4);

    [Fact]
    public void Rfc4271_6_2_BadPeerAs()
    {
        var solo = new Solo();
        var hand = solo.Dial().Open(65010, Solo.Identifier);
        Assert.Equal(new NotificationMessage(NotificationCode.OpenMessage, OpenError.BadPeerAs), hand.Notification);
        Assert.Contains("65010", solo.Reason, StringComparison.Ordinal);
        Assert.Contains("65009", solo.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Rfc4271_6_2_UnacceptableHoldTime(byte seconds) => RefusesOpen(o => (o[22], o[23]) = (0, seconds), OpenError.UnacceptableHoldTime);

    [Fact]
    public void Rfc6286_2_2_AnIdentifierOfZero() => RefusesOpen(o => o.AsSpan(24, 4).Clear(), OpenError.BadIdentifier);

    [Fact]
    public void Rfc6286_2_2_OurIdentifierWithinTheAs()
    {
        var solo = new Solo(n => n with { RemoteAs = 65001 });
        Assert.Equal(new NotificationMessage(NotificationCode.OpenMessage, OpenError.BadIdentifier), solo.Dial().Open(65001, Samples.Id("1.1.1.1")).Notification);
    }

    [Fact]
    public void Rfc6286_2_2_OurIdentifierInAnotherAsIsNoError()
    {
        var solo = new Solo();
        solo.Dial().Establish(Solo.As, Samples.Id("1.1.1.1"));
        Assert.Equal(SessionState.Established, solo.State);
    }

    [Fact]
    public void Rfc4271_6_2_UnsupportedOptionalParameter()
    {
        var solo = new Solo();
        var hand = solo.Dial().Send(Hand.Message(MessageType.Open, 4, 0xfd, 0xf1, 0, 90, 9, 9, 9, 9, 3, 99, 1, 0));
        Assert.Equal(new NotificationMessage(NotificationCode.OpenMessage, OpenError.UnsupportedParameter), hand.Notification);
    }

    [Fact]
    public void Rfc5492_5_NoFamilyInCommonNamesThoseThatAreMissed()
    {
        var solo = new Solo(n => n with { Families = [Samples.Of(Family.Ipv4Unicast), Samples.Of(Family.Vpnv6)] });
        var hand = solo.Dial().Open(Solo.As, Solo.Identifier, Hand.Standard(Solo.As) with { Families = [Family.Ipv6Unicast] });
        Assert.Equal(new NotificationMessage(NotificationCode.OpenMessage, OpenError.UnsupportedCapability, [1, 4, 0, 1, 0, 1, 1, 4, 0, 2, 0, 128]), hand.Notification);
    }

    [Fact]
    public void Rfc6608_AnUnexpectedMessageInOpenSent() => Ends(solo => solo.Dial(), Update, NotificationCode.FiniteStateMachine, StateMachineError.InOpenSent, 2);

    [Fact]
    public void Rfc6608_AKeepaliveInOpenSent() =>
        Ends(solo => solo.Dial(), Hand.Message(MessageType.Keepalive), NotificationCode.FiniteStateMachine, StateMachineError.InOpenSent, 4);

    [Fact]
    public void Rfc6608_AnUnexpectedMessageInOpenConfirm() =>
        Ends(solo => solo.Dial().Open(Solo.As, Solo.Identifier), Update, NotificationCode.FiniteStateMachine, StateMachineError.InOpenConfirm, 2);

    [Fact]
    public void Rfc6608_AnOpenInEstablished()
    {
        var solo = new Solo();
        var hand = solo.Establish().Open(Solo.As, Solo.Identifier);
        Assert.Equal(new NotificationMessage(NotificationCode.FiniteStateMachine, StateMachineError.InEstablished, [1]), hand.Notification);
    }

    [Fact]
    public void Rfc4271_6_3_AnUpdateThatCannotBeReadEndsTheSession() =>
        Ends(solo => solo.Establish(), Hand.Message(MessageType.Update, 0, 200, 0, 0), NotificationCode.UpdateMessage, UpdateErrorCode.MalformedAttributeList);

    [Fact]
    public void Rfc7313_5_ABoRrOfTheWrongLengthComesBackWhole()
    {
        var message = Hand.Message(MessageType.RouteRefresh, 0, 1, 1, 1, 0);
        Ends(solo => solo.Establish(), message, NotificationCode.RouteRefresh, RefreshError.InvalidMessageLength, message);
    }

    [Fact]
    public void NothingIsSentAgainstANotification()
    {
        var solo = new Solo();
        var hand = solo.Establish().Send(Hand.Message(MessageType.Notification, 6, 2, 5, (byte)'l', (byte)'u', (byte)'n', (byte)'c', (byte)'h'));
        Assert.Empty(hand.Of(MessageType.Notification));
        Assert.True(hand.IsClosed);
        Assert.Equal(SessionState.Idle, solo.State);
        Assert.Contains("lunch", solo.Reason, StringComparison.Ordinal);
        Assert.Contains("lunch", solo.Status.LastNotification, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatStandsBehindAnErrorIsNotLookedAt()
    {
        var solo = new Solo();
        var hand = solo.Establish();
        hand.Send([.. Hand.Message((MessageType)77), .. Solo.Announce("10.9.0.0/16"), .. Hand.Message((MessageType)77)]);
        Assert.Null(solo.Speaker.Best("10.9.0.0/16"));
        Assert.Single(hand.Of(MessageType.Notification));
    }

    private static void RefusesOpen(Action<byte[]> change, byte subcode, params byte[] data)
    {
        var buffer = new byte[4096];
        var open = buffer[..new OpenMessage(Solo.As, 90, Solo.Identifier, Hand.Standard(Solo.As)).Write(buffer)];
        change(open);
        var solo = new Solo();
        Assert.Equal(new NotificationMessage(NotificationCode.OpenMessage, subcode, data), solo.Dial().Send(open).Notification);
        Assert.Equal(SessionState.Idle, solo.State);
    }

    private static void Ends(Func<Solo, Hand> begin, byte[] message, NotificationCode code, byte subcode, params byte[] data) => Ends(begin, message, code, subcode, data, n => n);

    private static void Ends(Func<Solo, Hand> begin, byte[] message, NotificationCode code, byte subcode, byte[] data, Func<NeighborConfiguration, NeighborConfiguration> neighbor)
    {
        var solo = new Solo(neighbor);
        var hand = begin(solo).Send(message);
        Assert.Equal(new NotificationMessage(code, subcode, data), hand.Notification);
        Assert.True(hand.IsClosed);
        Assert.Equal(SessionState.Idle, solo.State);
        Assert.NotNull(solo.Status.SecondsToRetry);
    }
}
