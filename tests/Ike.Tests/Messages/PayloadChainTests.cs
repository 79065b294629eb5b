namespace Appliance.Ike.Messages;

[Trait("RFC", "7296")]
public class PayloadChainTests
{
    private const PayloadType Unknown = (PayloadType)200;

    [Fact]
    public void Rfc7296_2_5_UnknownPayloads()
    {
        byte[] chain = [(byte)PayloadType.VendorId, 0, 0, 6, 1, 2, 0, 0, 0, 5, 9];
        Assert.True(PayloadReader.TryRead(Unknown, chain, out var payloads, out _));
        Assert.Equivalent(new UnknownPayload(Unknown, false, [1, 2]), payloads[0]);
        Assert.IsType<VendorIdPayload>(payloads[1]);
        Assert.Equal(chain, PayloadWriter.Write(payloads, out var first));
        Assert.Equal(Unknown, first);

        chain[1] = 0x80;
        Assert.False(PayloadReader.TryRead(Unknown, chain, out payloads, out var error));
        Assert.Empty(payloads);
        Assert.Equal((MessageErrorKind.UnknownCritical, Unknown, NotifyType.UnsupportedCriticalPayload), (error.Kind, error.Payload, error.Notify));
    }

    [Fact]
    public void Rfc7296_2_5_TheCriticalBitOfAKnownPayloadMeansNothing() =>
        Assert.NotNull(Samples.Read(PayloadType.VendorId, [0, 0x80, 0, 5, 9], out _));

    [Theory]
    [InlineData(PayloadType.None, "00")] // nothing announced, an octet there
    [InlineData(PayloadType.VendorId, "00000003")] // length below the header
    [InlineData(PayloadType.VendorId, "00000000")]
    [InlineData(PayloadType.VendorId, "00000005 01 02")] // an octet behind the last
    [InlineData(PayloadType.VendorId, "2b000005 01")] // one more announced
    [InlineData(PayloadType.VendorId, "2b0000ff 01")] // longer than what is there
    [InlineData(PayloadType.VendorId, "")]
    public void LengthsOfTheChain(PayloadType first, string chain)
    {
        Assert.False(PayloadReader.TryRead(first, Samples.Hex(chain), out var payloads, out var error));
        Assert.Empty(payloads);
        Assert.Equal(NotifyType.InvalidSyntax, error.Notify);
    }

    [Fact]
    public void AnEmptyMessageHasNoPayloads()
    {
        Assert.True(PayloadReader.TryRead(PayloadType.None, [], out var payloads, out _));
        Assert.Empty(payloads);
        Assert.Empty(PayloadWriter.Write([], out var first));
        Assert.Equal(PayloadType.None, first);
    }

    [Fact]
    public void Rfc7296_3_14_SkIsTheLast()
    {
        var chain = PayloadWriter.Write([new NoncePayload(Samples.Nonce), new EncryptedPayload(PayloadType.Delete, [1, 2, 3])], out var first);
        Assert.Equal((byte)PayloadType.Delete, chain[36]);
        Assert.True(PayloadReader.TryRead(first, chain, out var payloads, out _));
        Assert.Equivalent(new EncryptedPayload(PayloadType.Delete, [1, 2, 3]), payloads[1]);
        Assert.False(PayloadReader.TryRead(first, [.. chain, 0], out _, out var error));
        Assert.Equal((MessageErrorKind.Length, PayloadType.Encrypted), (error.Kind, error.Payload));
    }

    [Theory]
    [InlineData(1, 1, true)]
    [InlineData(2, 3, true)]
    [InlineData(0, 1, false)]
    [InlineData(0, 0, false)]
    [InlineData(3, 2, false)]
    [InlineData(1, 161, false)]
    [InlineData(65535, 65535, false)]
    public void Rfc7383_2_6_FragmentNumbers(ushort number, ushort total, bool right)
    {
        var fragment = new EncryptedFragmentPayload(PayloadType.IdentificationInitiator, number, total, [1, 2, 3]);
        var chain = PayloadWriter.Write([fragment], out var first);
        Assert.Equal(right, PayloadReader.TryRead(first, chain, out var payloads, out _));
        if (right) Assert.Equivalent(fragment, Assert.Single(payloads));
        for (var length = 0; length < chain.Length; length++) Assert.False(PayloadReader.TryRead(first, chain.AsSpan(0, length), out _, out _));
    }

    [Fact]
    public void PayloadsAndCertificatesAreBounded()
    {
        Assert.Equal(MessageErrorKind.None, Error([.. Enumerable.Repeat(new VendorIdPayload([]), 64)]));
        Assert.Equal(MessageErrorKind.TooMany, Error([.. Enumerable.Repeat(new VendorIdPayload([]), 65)]));
        Assert.Equal(MessageErrorKind.None, Error([.. Enumerable.Repeat(new CertificatePayload(4, new byte[3000]), 10)]));
        Assert.Equal(MessageErrorKind.TooMany, Error([.. Enumerable.Repeat(new CertificatePayload(4, [1]), 11)]));
        Assert.Equal(MessageErrorKind.TooMany, Error([.. Enumerable.Repeat(new CertificatePayload(4, new byte[16_384]), 2)]));
        Assert.Equal(MessageErrorKind.TooMany, Error([.. Enumerable.Repeat(new CertificateRequestPayload(4, []), 9)]));
    }

    private static MessageErrorKind Error(List<Payload> payloads)
    {
        var chain = PayloadWriter.Write(payloads, out var first);
        PayloadReader.TryRead(first, chain, out _, out var error);
        return error.Kind;
    }
}
