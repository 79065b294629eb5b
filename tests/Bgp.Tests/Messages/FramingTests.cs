using System.Buffers;
using Xunit;

namespace Appliance.Bgp.Tests.Messages;

[Trait("RFC", "4271")]
public class FramingTests
{
    private static readonly byte[] Keepalive = Wire.Hex("ffffffffffffffffffffffffffffffff001304");

    [Fact]
    public void Rfc4271_4_4_KeepaliveIsAHeader()
    {
        var buffer = new byte[64];
        Assert.Equal(Keepalive, buffer[..KeepaliveMessage.Write(buffer)]);
    }

    [Theory]
    [InlineData("ffffffffffffffffffffffffffffffff001304", 4096, null)]
    [InlineData("fffffffffffffffffffffffffffffffe001304", 4096, "0101")]
    [InlineData("ffffffffffffffffffffffffffffffff001204", 4096, "01020012")]
    [InlineData("ffffffffffffffffffffffffffffffff00140400", 4096, "01020014")]
    [InlineData("ffffffffffffffffffffffffffffffff001300", 4096, "010300")]
    [InlineData("ffffffffffffffffffffffffffffffff001306", 4096, "010306")]
    [InlineData("ffffffffffffffffffffffffffffffff001301", 4096, "01020013")]
    [InlineData("ffffffffffffffffffffffffffffffff001302", 4096, "01020013")]
    [InlineData("ffffffffffffffffffffffffffffffff001303", 4096, "01020013")]
    [InlineData("ffffffffffffffffffffffffffffffff001305", 4096, "01020013")]
    [InlineData("ffffffffffffffffffffffffffffffff100102", 4096, "01021001")]
    [InlineData("ffffffffffffffffffffffffffffffff001702", 4096, "01020017")]
    [InlineData("ffffffffffff", 4096, "01020006")]
    public void Rfc4271_6_1_HeaderErrorsAreAnsweredWithTheirSubcodeAndData(string octets, int maximum, string? notification)
    {
        ReadOnlySpan<byte> rest = Wire.Hex(octets);
        Assert.Equal(notification is null, MessageHeader.TryNext(ref rest, maximum, out _, out _, out var error));
        Assert.Equal(notification, error is null ? null : Convert.ToHexStringLower([(byte)error.Code, error.Subcode, .. error.Data]));
    }

    [Fact]
    public void Rfc8654_4_LongMessagesAreTakenWhereTheyWereOfferedButNeverOpenAndKeepalive()
    {
        foreach (var (type, isTaken) in ((MessageType, bool)[])[(MessageType.Update, true), (MessageType.Notification, true), (MessageType.RouteRefresh, true), (MessageType.Open, false), (MessageType.Keepalive, false)])
        {
            var message = new byte[MessageHeader.ExtendedLength];
            MessageHeader.Write(message, type);
            ReadOnlySpan<byte> rest = message;
            Assert.Equal(isTaken, MessageHeader.TryNext(ref rest, MessageHeader.ExtendedLength, out _, out _, out _));
            rest = message;
            Assert.False(MessageHeader.TryNext(ref rest, MessageHeader.MaximumLength, out _, out _, out var error));
            Assert.Equal(NotificationMessage.BadMessageLength(65535), error);
        }
    }

    [Fact]
    public void TheFramerCutsWholeMessagesWhereverTheStreamIsBroken()
    {
        byte[] update = [.. Enumerable.Repeat((byte)0xff, 16), 0, 25, 2, 0, 0, 0, 0, 8, 10];
        byte[] stream = [.. Keepalive, .. update, .. Keepalive];
        for (var split = 1; split < stream.Length; split++)
        {
            for (var length = 0; length <= stream.Length; length++)
            {
                var sequence = Sequence(stream.AsMemory(0, split), stream.AsMemory(split)).Slice(0, length);
                var whole = MessageFramer.Cut(sequence, long.MaxValue, out var isBroken);
                Assert.False(isBroken);
                Assert.Equal(length >= 63 ? 63 : length >= 44 ? 44 : length >= 19 ? 19 : 0, whole);
            }
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(16)]
    public void WhatCannotBeAMessageIsHandedOverAsItIs(int wrong)
    {
        byte[] stream = [.. Keepalive, .. Keepalive, 1, 2, 3];
        stream[19 + wrong] = 0;
        stream[19 + 17] = 18;
        Assert.Equal(stream.Length, MessageFramer.Cut(new ReadOnlySequence<byte>(stream), long.MaxValue, out var isBroken));
        Assert.True(isBroken);
        ReadOnlySpan<byte> rest = stream;
        Assert.True(MessageHeader.TryNext(ref rest, 4096, out _, out _, out _));
        Assert.False(MessageHeader.TryNext(ref rest, 4096, out _, out _, out var error));
        Assert.Equal(NotificationCode.MessageHeader, error!.Code);
    }

    [Fact]
    public void TheFramerBeginsNoMessageBeyondItsLimit()
    {
        byte[] stream = [.. Keepalive, .. Keepalive, .. Keepalive];
        Assert.Equal(19, MessageFramer.Cut(new ReadOnlySequence<byte>(stream), 1, out _));
        Assert.Equal(38, MessageFramer.Cut(new ReadOnlySequence<byte>(stream), 20, out _));
    }

    private static ReadOnlySequence<byte> Sequence(ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> second)
    {
        var head = new Segment(first, 0);
        var tail = new Segment(second, first.Length);
        head.Link(tail);
        return new ReadOnlySequence<byte>(head, 0, tail, second.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long index) => (Memory, RunningIndex) = (memory, index);

        public void Link(Segment next) => Next = next;
    }
}
