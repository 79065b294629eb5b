using Xunit.Sdk;

namespace Appliance.Ike.Messages;

[Trait("RFC", "7296")]
public class PayloadCodecTests
{
    public static TheoryData<string> Names => Samples.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void Rfc7296_3_ObjectToOctetsAndBack(string name)
    {
        var (payload, body) = Samples.Of(name);
        Assert.Equal(Convert.ToHexString(body), Convert.ToHexString(PayloadWriter.WriteBody(payload)));
        var chain = PayloadWriter.Write([payload], out var first);
        Assert.Equal(payload.Type, first);
        Assert.Equal(Samples.Chain(body), chain);
        var read = Samples.Read(payload.Type, chain, out var error) ?? throw FailException.ForFailure(error.Detail);
        // Addresses cannot be walked through; they know their own equality.
        if (payload is TrafficSelectorPayload expected) Assert.Equal(expected.Selectors, Assert.IsType<TrafficSelectorPayload>(read).Selectors);
        else Assert.Equivalent(payload, read, strict: true);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void EveryTruncationOfTheChainIsAnError(string name)
    {
        var (payload, body) = Samples.Of(name);
        var chain = Samples.Chain(body);
        for (var length = 0; length < chain.Length; length++)
        {
            Assert.Null(Samples.Read(payload.Type, chain[..length], out var error));
            Assert.Equal((MessageErrorKind.Truncated, payload.Type), (error.Kind, error.Payload));
        }
    }

    /// <summary>With a payload length that agrees with what is there, a cut body is an error, or a shorter payload of the same kind that is written as it came.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void EveryTruncationOfTheBodyIsAnErrorOrAShorterPayload(string name)
    {
        var (payload, body) = Samples.Of(name);
        var open = payload is KeyExchangePayload or CertificatePayload or AuthenticationPayload or NoncePayload or NotifyPayload or VendorIdPayload or ConfigurationPayload
            or CertificateRequestPayload or IdentificationPayload { IdType: IdentificationType.Fqdn };
        for (var length = 0; length < body.Length; length++)
        {
            var read = Samples.Read(payload.Type, Samples.Chain(body[..length]), out _);
            if (read == null) continue;
            Assert.True(open, $"{length} of {body.Length} octets were taken");
            Assert.Equal(body[..length], PayloadWriter.WriteBody(read));
        }
    }

    /// <summary>Whatever one octet becomes: no exception, and what is taken can be written.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void EveryOtherOctetInEveryPlaceIsTakenOrRefused(string name)
    {
        var (payload, body) = Samples.Of(name);
        for (var at = 0; at < body.Length; at++)
        {
            for (var value = 0; value < 256; value++)
            {
                var changed = (byte[])body.Clone();
                changed[at] = (byte)value;
                if (Samples.Read(payload.Type, Samples.Chain(changed), out _) is not { } read) continue;
                var again = Samples.Read(read.Type, Samples.Chain(PayloadWriter.WriteBody(read)), out var error);
                if (read is TrafficSelectorPayload { Selectors.Count: 0 }) continue;
                Assert.True(again != null, error.Detail);
            }
        }
    }

    [Fact]
    public void AChainOfAllPayloadsKeepsItsOrder()
    {
        var payloads = Samples.All.Select(s => s.Payload).ToList();
        var chain = PayloadWriter.Write(payloads, out var first);
        Assert.True(PayloadReader.TryRead(first, chain, out var read, out var error), error.Detail);
        Assert.Equal(payloads.Select(p => p.Type), read.Select(p => p.Type));
        Assert.Equal(chain, PayloadWriter.Write(read, out _));
        for (var length = 0; length < chain.Length; length++) Assert.False(PayloadReader.TryRead(first, chain.AsSpan(0, length), out _, out _));
    }

    [Fact]
    public void ProposalsStandAlone()
    {
        var octets = ProposalCodec.Write([Samples.Private, Samples.Esp]);
        Assert.True(ProposalCodec.TryRead(octets, out var read, out var error), error.Detail);
        Assert.Equivalent(new[] { Samples.Private, Samples.Esp }, read, strict: true);
        for (var length = 0; length < octets.Length; length++)
        {
            Assert.False(ProposalCodec.TryRead(octets.AsSpan(0, length), out read, out error));
            Assert.Empty(read);
            Assert.NotEqual(MessageErrorKind.None, error.Kind);
        }
    }

    [Fact]
    public void WhatDoesNotFitItsFieldIsOurMistake()
    {
        Assert.Throws<ArgumentException>(() => PayloadWriter.WriteBody(new SecurityAssociationPayload([Samples.Esp with { Spi = new byte[256] }])));
        Assert.Throws<ArgumentException>(() => PayloadWriter.Write([new VendorIdPayload(new byte[65532])], out _));
        Assert.Throws<ArgumentException>(() => PayloadWriter.Write([new EncryptedPayload(PayloadType.None, []), new NoncePayload([])], out _));
        Assert.Throws<ArgumentException>(() => PayloadWriter.WriteBody(new DeletePayload(ProtocolId.Ike, [1])));
        Assert.Throws<ArgumentException>(() => PayloadWriter.WriteBody(new TrafficSelectorPayload(true, [.. Enumerable.Repeat(TrafficSelector.AnyV4, 256)])));
    }
}
