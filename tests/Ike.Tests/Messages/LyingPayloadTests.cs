namespace Appliance.Ike.Messages;

/// <summary>Lengths, counts and marks that do not agree with what is there. The comment on a line is what lies.</summary>
[Trait("RFC", "7296")]
public class LyingPayloadTests
{
    [Theory]
    [InlineData("")] // no proposal
    [InlineData("00000007 01030400")] // shorter than its header
    [InlineData("00000021 01030402 c0ffee01 0300000c 01000014 800e0100 00000008 05000000")] // proposal longer than the payload
    [InlineData("0000001f 01030402 c0ffee01 0300000c 01000014 800e0100 00000008 05000000")] // proposal shorter than its transforms
    [InlineData("02000020 01030402 c0ffee01 0300000c 01000014 800e0100 00000008 05000000")] // more are announced
    [InlineData("00000020 01030401 c0ffee01 0300000c 01000014 800e0100 00000008 05000000")] // one transform by number, two there
    [InlineData("00000020 01030403 c0ffee01 0300000c 01000014 800e0100 00000008 05000000")] // three by number
    [InlineData("00000020 010304ff c0ffee01 0300000c 01000014 800e0100 00000008 05000000")] // 255 by number
    [InlineData("00000020 01030402 c0ffee01 0000000c 01000014 800e0100 00000008 05000000")] // the first is marked as the last
    [InlineData("00000020 01030402 c0ffee01 0300000c 01000014 800e0100 03000008 05000000")] // the last announces more
    [InlineData("00000020 01030402 c0ffee01 0700000c 01000014 800e0100 00000008 05000000")] // neither 0 nor 3
    [InlineData("01000020 01030402 c0ffee01 0300000c 01000014 800e0100 00000008 05000000")] // neither 0 nor 2
    [InlineData("00000020 01030402 c0ffee01 03000007 01000014 800e0100 00000008 05000000")] // transform shorter than its header
    [InlineData("00000020 01030402 c0ffee01 0300000a 01000014 800e0100 00000008 05000000")] // cuts its attribute
    [InlineData("0000001c 01030002 0300000c 01000014 800e0100 00000008 05000000")] // ESP without an SPI
    [InlineData("0000001d 01030102 c0 0300000c 01000014 800e0100 00000008 05000000")] // ESP with an SPI of one octet
    [InlineData("00000020 01010402 c0ffee01 0300000c 01000014 800e0100 00000008 05000000")] // IKE with an SPI of four
    [InlineData("00000018 01030401 c0ffee01 0000000c 01000014 400e0100")] // attribute longer than the transform
    [InlineData("0000001c 01030401 c0ffee01 00000010 01000014 800e0100 800e0080")] // two key lengths
    [InlineData("00000020 01030402 c0ffee01 0300000c 01000014 800e0100 00000008 05000000 00")] // an octet behind the last proposal
    public void Rfc7296_3_3_SaThatLies(string body) => Assert.NotEqual(MessageErrorKind.None, Samples.Refused(PayloadType.SecurityAssociation, body));

    [Theory]
    [InlineData("001f0000")] // no value
    [InlineData("001f00")]
    public void Rfc7296_3_4_KeThatLies(string body) => Assert.NotEqual(MessageErrorKind.None, Samples.Refused(PayloadType.KeyExchange, body));

    [Theory]
    [InlineData("01000000 c00002")] // IPv4 of three octets
    [InlineData("01000000 c000020100")]
    [InlineData("05000000 c0000201")]
    [InlineData("02000000")] // a name without octets
    public void Rfc7296_3_5_IdThatLies(string body) => Assert.Equal(MessageErrorKind.Length, Samples.Refused(PayloadType.IdentificationInitiator, body));

    [Theory]
    [InlineData(15, false)]
    [InlineData(16, true)]
    [InlineData(256, true)]
    [InlineData(257, false)]
    [InlineData(0, false)]
    public void Rfc7296_3_9_NonceSize(int length, bool right) =>
        Assert.Equal(right ? MessageErrorKind.None : MessageErrorKind.Length, Samples.Refused(PayloadType.Nonce, Convert.ToHexString(new byte[length])));

    [Theory]
    [InlineData("03054009 01020304")] // SPI longer than what is there
    [InlineData("03ff4009 01020304")]
    public void Rfc7296_3_10_NotifyThatLies(string body) => Assert.Equal(MessageErrorKind.Truncated, Samples.Refused(PayloadType.Notify, body));

    [Theory]
    [InlineData("03040003 c0ffee01 00000002")] // three by number, two there
    [InlineData("03040001 c0ffee01 00000002")]
    [InlineData("0304ffff c0ffee01 00000002")]
    [InlineData("03000002 c0ffee01 00000002")] // SPIs of no octets
    [InlineData("03080001 c0ffee01 00000002")] // of eight
    [InlineData("01040001 c0ffee01")] // IKE with an SPI
    [InlineData("01000001")] // IKE with one SPI of no octets
    [InlineData("c900ffff")]
    [InlineData("c9050001 0102030405")]
    public void Rfc7296_3_11_DeleteThatLies(string body) => Assert.Equal(MessageErrorKind.Length, Samples.Refused(PayloadType.Delete, body));

    [Theory]
    [InlineData("00000000")] // none
    [InlineData("02000000 07060010 00500050 0a010000 0a01ffff")] // two by number
    [InlineData("01000000 07060010 00500050 0a010000 0a01ffff 00")] // an octet behind
    [InlineData("01000000 0706000f 00500050 0a010000 0a01ffff")] // length 15
    [InlineData("01000000 07060011 00500050 0a010000 0a01ffff 00")] // length 17
    [InlineData("01000000 08060010 00500050 0a010000 0a01ffff")] // IPv6 with the length of IPv4
    [InlineData("01000000 07060028 0000ffff 00000000000000000000000000000000 ffffffffffffffffffffffffffffffff")] // and the other way
    [InlineData("01000000 07060010 00500050 0a010001 0a010000")] // first address behind the last
    [InlineData("01000000 07060010 00510050 0a010000 0a01ffff")] // first port behind the last
    [InlineData("01000000 07060010 ffff0001 0a010000 0a01ffff")] // not quite OPAQUE
    [InlineData("01000000 09000003")] // an unknown type shorter than its header
    [InlineData("01000000 09000010 00000000")] // and longer than what is there
    public void Rfc7296_3_13_TsThatLies(string body) => Assert.NotEqual(MessageErrorKind.None, Samples.Refused(PayloadType.TrafficSelectorInitiator, body));

    [Theory]
    [InlineData("00000000")] // CFG type 0
    [InlineData("05000000")]
    [InlineData("01000000 0001")]
    [InlineData("01000000 00010003 0a0900")] // an address of three octets
    [InlineData("01000000 00080010 00000000")] // longer than what is there
    public void Rfc7296_3_15_CpThatLies(string body) => Assert.NotEqual(MessageErrorKind.None, Samples.Refused(PayloadType.Configuration, body));

    [Theory]
    [InlineData(PayloadType.Certificate, "04")]
    [InlineData(PayloadType.Certificate, "")]
    [InlineData(PayloadType.CertificateRequest, "04 0011")] // no hash
    [InlineData(PayloadType.Authentication, "02000000")]
    public void EmptyBodiesAreRefused(PayloadType type, string body) => Assert.NotEqual(MessageErrorKind.None, Samples.Refused(type, body));

    [Fact]
    public void Rfc7296_2_5_ReservedFieldsAreIgnored()
    {
        Assert.Equal(MessageErrorKind.None, Samples.Refused(PayloadType.SecurityAssociation, "00ff0020 01030402 c0ffee01 03ff000c 01ff0014 800e0100 00ff0008 05ff0000"));
        Assert.Equal(MessageErrorKind.None, Samples.Refused(PayloadType.KeyExchange, "001fffff 01"));
        Assert.Equal(MessageErrorKind.None, Samples.Refused(PayloadType.Configuration, "01ffffff 80010000"));
        Assert.Equal(MessageErrorKind.None, Samples.Refused(PayloadType.TrafficSelectorInitiator, "01ffffff 07060010 00500050 0a010000 0a01ffff"));
        Assert.Equal(MessageErrorKind.None, Samples.Refused(PayloadType.Authentication, "02ffffff 01"));
        Assert.NotNull(Samples.Read(PayloadType.Nonce, [0, 0xff, 0, 20, .. new byte[16]], out _));
    }

    [Fact]
    public void Rfc7296_3_13_1_SelectorsOfUnknownTypesArePassedOver()
    {
        var chain = Samples.Chain(Samples.Hex("02000000 0a000008 01020304 07060010 00500050 0a010000 0a01ffff"));
        Assert.Single(Assert.IsType<TrafficSelectorPayload>(Samples.Read(PayloadType.TrafficSelectorResponder, chain, out _)).Selectors);
    }

    [Fact]
    public void ManyOfAnythingAreRefused()
    {
        var proposal = Samples.Hex("02000008 01010000");
        Assert.Equal(MessageErrorKind.TooMany, Refusal(PayloadType.SecurityAssociation, [.. Enumerable.Repeat(proposal, 100).SelectMany(p => p)]));
        Assert.Equal(MessageErrorKind.TooMany, Refusal(PayloadType.SecurityAssociation, [.. Enumerable.Repeat(Many(200), 10).SelectMany(p => p)]));
        byte[] attributes = [.. Enumerable.Repeat(Samples.Hex("80110000"), 9).SelectMany(a => a)];
        Assert.Equal(MessageErrorKind.TooMany, Refusal(PayloadType.SecurityAssociation, [.. Samples.Hex("00000034 01010001 0000002c 01000014"), .. attributes]));
        Assert.Equal(MessageErrorKind.TooMany, Refusal(PayloadType.SecurityAssociation, [.. Samples.Hex("00000019 01c91100"), .. new byte[17]]));
        Assert.Equal(MessageErrorKind.TooMany, Refusal(PayloadType.Configuration, [1, 0, 0, 0, .. new byte[4 * 65]]));
        Assert.Equal(MessageErrorKind.TooMany, Refusal(PayloadType.Delete, [3, 4, 0x10, 1, .. new byte[4 * 4097]]));
        Assert.Equal(MessageErrorKind.TooMany, Refusal(PayloadType.IdentificationInitiator, [2, 0, 0, 0, .. new byte[2049]]));
    }

    private static MessageErrorKind Refusal(PayloadType type, byte[] body)
    {
        Assert.Null(Samples.Read(type, Samples.Chain(body), out var error));
        return error.Kind;
    }

    private static byte[] Many(int count)
    {
        var transforms = Enumerable.Range(1, count).SelectMany(i => Samples.Hex((i < count ? "03" : "00") + "000008 04000001")).ToArray();
        var length = 8 + transforms.Length;
        return [2, 0, (byte)(length >> 8), (byte)length, 1, 1, 0, (byte)count, .. transforms];
    }
}
