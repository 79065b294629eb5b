using Xunit;

namespace Appliance.Bgp.Tests.Messages;

public class NotificationTests
{
    private static NotificationMessage Again(NotificationMessage message)
    {
        var buffer = new byte[MessageHeader.MaximumLength];
        ReadOnlySpan<byte> rest = buffer.AsSpan(0, message.Write(buffer));
        Assert.True(MessageHeader.TryNext(ref rest, MessageHeader.MaximumLength, out var header, out var body, out _));
        Assert.Equal(MessageType.Notification, header.Type);
        Assert.True(NotificationMessage.TryRead(body, out var read));
        return read;
    }

    [Fact]
    public void WhatWasWrittenIsReadEqual()
    {
        Assert.Equal(new NotificationMessage(NotificationCode.HoldTimerExpired), Again(new NotificationMessage(NotificationCode.HoldTimerExpired)));
        Assert.Equal(NotificationMessage.BadMessageLength(4097), Again(NotificationMessage.BadMessageLength(4097)));
        Assert.Equal(Wire.Hex("0001 01 000186a0"), Again(NotificationMessage.MaximumPrefixes(Family.Ipv4Unicast, 100000)).Data);
    }

    [Fact]
    public void Rfc8654_5_DataThatIsTooLongIsCut() => Assert.Equal(4075, Again(new NotificationMessage(NotificationCode.RouteRefresh, 1, new byte[60000])).Data.Length);

    [Theory]
    [InlineData("")]
    [InlineData("maintenance until 6, ticket 4711")]
    [InlineData("Wartung bis übermorgen ✓")]
    public void Rfc8203_2_TheTextComesOver(string text)
    {
        var message = Again(NotificationMessage.Shutdown(CeaseReason.AdministrativeShutdown, text));
        Assert.Equal(text.Length == 0 ? null : text, message.Text);
        Assert.Equal($"Cease (6): Administrative Shutdown (2){(text.Length == 0 ? "" : ": " + text)}", message.ToString());
    }

    [Fact]
    public void Rfc9003_2_ALongTextIsCutAtACharacter()
    {
        var message = NotificationMessage.Shutdown(CeaseReason.AdministrativeReset, new string('ü', 200));
        Assert.Equal(254, message.Data[0]);
        Assert.Equal(new string('ü', 127), message.Text);
    }

    [Theory]
    [InlineData("05414243")]
    [InlineData("00")]
    [InlineData("01")]
    public void Rfc8203_2_ATextThatLiesAboutItsLengthIsNone(string data) => Assert.Null(new NotificationMessage(NotificationCode.Cease, CeaseReason.AdministrativeShutdown, Wire.Hex(data)).Text);

    [Fact]
    public void Rfc8203_4_NoControlCharactersReachTheTerminal()
    {
        var message = new NotificationMessage(NotificationCode.Cease, CeaseReason.AdministrativeShutdown, [9, 0x1b, (byte)'[', (byte)'2', (byte)'J', 0x0a, 0xff, 0xe2, 0x80, 0xae]);
        Assert.Equal("?[2J?\ufffd?", message.Text);
    }

    [Fact]
    public void Rfc6608_4_AnUnexpectedMessageIsNamedWithTheState()
    {
        Assert.Equal(new NotificationMessage(NotificationCode.FiniteStateMachine, 1, [4]), NotificationMessage.Unexpected(SessionState.OpenSent, MessageType.Keepalive));
        Assert.Equal("Finite State Machine Error (5): Receive Unexpected Message in Established State (3), data 01", NotificationMessage.Unexpected(SessionState.Established, MessageType.Open).ToString());
    }

    [Theory]
    [InlineData("000100 01", "Request ipv4")]
    [InlineData("000201 80", "Begin vpnv6")]
    [InlineData("000102 01", "End ipv4")]
    [InlineData("000103 01", "3 ipv4")]
    [InlineData("000100 01 01020304", "Request ipv4")]
    [InlineData("000101 01 00", "0701ffffffffffffffffffffffffffffffff0018050001010100")]
    [InlineData("0001", "01020015")]
    public void Rfc7313_RouteRefreshSaysItsSubtypeAndWrongLengthsAreAnswered(string body, string says)
    {
        var read = RouteRefreshMessage.TryRead(Wire.Hex(body), out var message, out var error);
        Assert.Equal(says, read ? $"{message.Subtype} {message.Family}" : Convert.ToHexStringLower([(byte)error!.Code, error.Subcode, .. error.Data]));
        if (!read) return;
        var buffer = new byte[64];
        Assert.Equal(RouteRefreshMessage.Size, message.Write(buffer));
        Assert.True(RouteRefreshMessage.TryRead(buffer.AsSpan(19, 4), out var again, out _));
        Assert.Equal(message, again);
    }
}
