namespace Appliance.Ike.Messages;

[Trait("RFC", "7296")]
public class HeaderCodecTests
{
    private static readonly IkeHeader Init = new(1, 0, PayloadType.None, IkeHeader.Version2, ExchangeType.IkeSaInit, HeaderFlags.Initiator, 0, 0);
    private static readonly IkeHeader Later = new(1, 2, PayloadType.None, IkeHeader.Version2, ExchangeType.Informational, HeaderFlags.Response, 7, 0);

    [Fact]
    public void Rfc7296_3_1_OctetsAndBack()
    {
        var header = new IkeHeader(0x0102030405060708, 0x1112131415161718, 0, IkeHeader.Version2, ExchangeType.CreateChildSa, HeaderFlags.Response, 0x21222324, 0);
        var octets = MessageWriter.Write(header, [new VendorIdPayload([9])]);
        Assert.Equal("0102030405060708" + "1112131415161718" + "2B202420" + "21222324" + "00000021" + "0000000509", Convert.ToHexString(octets));
        Assert.True(HeaderCodec.TryRead(octets, out var read, out _));
        Assert.Equal(header with { NextPayload = PayloadType.VendorId, Length = 33 }, read);
        for (var length = 0; length < octets.Length; length++)
        {
            Assert.False(HeaderCodec.TryRead(octets.AsSpan(0, length), out _, out var error));
            Assert.Null(error.Notify);
        }

        Assert.False(HeaderCodec.TryRead([.. octets, 0], out _, out _));
    }

    [Theory]
    [InlineData(0x10, MessageErrorKind.LowerVersion)]
    [InlineData(0x00, MessageErrorKind.LowerVersion)]
    [InlineData(0x20, MessageErrorKind.None)]
    [InlineData(0x2f, MessageErrorKind.None)]
    [InlineData(0x30, MessageErrorKind.HigherVersion)]
    [InlineData(0xff, MessageErrorKind.HigherVersion)]
    public void Rfc7296_2_5_Version(byte version, MessageErrorKind kind)
    {
        HeaderCodec.TryRead(MessageWriter.Write(Later with { Version = version }, []), out var header, out var error);
        Assert.Equal((kind, version), (error.Kind, header.Version));
        Assert.Equal(kind == MessageErrorKind.HigherVersion ? NotifyType.InvalidMajorVersion : null, error.Notify);
        Assert.Equal((1u, 2u, 7u), ((uint)header.InitiatorSpi, (uint)header.ResponderSpi, header.MessageId));
    }

    public static TheoryData<IkeHeader, bool> Headers => new()
    {
        { Init, true },
        { Init with { InitiatorSpi = 0 }, false },
        { Init with { ResponderSpi = 1 }, false },
        { Init with { MessageId = 1 }, false },
        { Init with { Flags = HeaderFlags.None }, false },
        { Init with { Flags = HeaderFlags.Response }, true }, // COOKIE: a responder without state
        { Init with { Flags = HeaderFlags.Response, ResponderSpi = 9 }, true },
        { Init with { Flags = HeaderFlags.Response | HeaderFlags.Initiator }, false },
        { Init with { Flags = HeaderFlags.Initiator | HeaderFlags.Version | (HeaderFlags)0xc7 }, true }, // reserved bits are ignored
        { Later, true },
        { Later with { InitiatorSpi = 0 }, false },
        { Later with { InitiatorSpi = 0, ResponderSpi = 0, Flags = HeaderFlags.Initiator, MessageId = 0 }, true }, // INVALID_SPI outside of an IKE SA (§1.5)
        { Later with { Exchange = ExchangeType.IkeAuth }, true },
        { Later with { Exchange = ExchangeType.IkeAuth, ResponderSpi = 0 }, false },
        { Later with { Exchange = (ExchangeType)99 }, true }, // for the table of exchanges
    };

    [Theory]
    [MemberData(nameof(Headers))]
    public void Rfc7296_3_1_SpisFlagsAndMessageId(IkeHeader header, bool right)
    {
        Assert.Equal(right, HeaderCodec.TryRead(MessageWriter.Write(header, []), out _, out var error));
        Assert.Equal(right ? MessageErrorKind.None : MessageErrorKind.Header, error.Kind);
        Assert.Null(error.Notify);
    }
}
