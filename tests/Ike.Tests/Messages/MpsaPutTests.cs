using System.Buffers.Binary;
using System.Text;
using Appliance.Crypto;

namespace Appliance.Ike.Messages;

/// <summary>N(MPSA_PUT): the draft's figure by hand, what we write, and every field that can be wrong.</summary>
[Trait("RFC", "draft-yamaya-ipsecme-mpsa-04")]
public sealed class MpsaPutTests
{
    /// <summary>The figure of §3.2.2: AES-CBC 256, PRF HMAC-SHA1, HMAC-SHA1-96, ROLL1 and ROLL2 with attribute 16386.</summary>
    private const string Figure =
        "00000094 01030408 c0ffee01"
        + "0300000c 0100000c 800e0100" + "03000008 02000002" + "03000008 03000002"
        + "0300001c f1000001 40000010 101112131415161718191a1b1c1d1e1f"
        + "03000020 f2000001 40010014 a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3"
        + "03000010 f3000001 40020004 00000e10" + "03000010 f4000001 40020004 0000001e" + "00000010 f5000001 40020004 0000005a";

    private static readonly byte[] Spi = [0xc0, 0xff, 0xee, 0x01];

    public static TheoryData<string, MpsaRefusal, Func<List<Transform>, List<Transform>>> Wrong() => new()
    {
        { "no ENCR", MpsaRefusal.Malformed, t => Without(t, TransformType.Encryption) },
        { "no PRF", MpsaRefusal.Malformed, t => Without(t, TransformType.PseudoRandomFunction) },
        { "no NONCE", MpsaRefusal.Malformed, t => Without(t, TransformType.Nonce) },
        { "no SKD", MpsaRefusal.Malformed, t => Without(t, TransformType.SkD) },
        { "no LIFE", MpsaRefusal.Malformed, t => Without(t, TransformType.Lifetime) },
        { "two nonces", MpsaRefusal.Malformed, t => [.. t, t.Single(x => x.Type == TransformType.Nonce)] },
        { "two ciphers", MpsaRefusal.Malformed, t => [.. t, t[0]] },
        { "unknown cipher", MpsaRefusal.NotSupported, t => With(t, new(TransformType.Encryption, 30, 256)) },
        { "GMAC", MpsaRefusal.NotSupported, t => With(t, new(TransformType.Encryption, 21, 256)) },
        { "key of 192 bits", MpsaRefusal.NotSupported, t => With(t, new(TransformType.Encryption, 20, 192)) },
        { "no key length", MpsaRefusal.NotSupported, t => With(t, new(TransformType.Encryption, 20)) },
        { "CBC without integrity", MpsaRefusal.NotSupported, t => With(t, new(TransformType.Encryption, 12, 256)) },
        { "AEAD with integrity", MpsaRefusal.NotSupported, t => [.. t, new(TransformType.Integrity, 12)] },
        { "unknown PRF", MpsaRefusal.NotSupported, t => With(t, new(TransformType.PseudoRandomFunction, 4)) },
        { "SK_d for another PRF", MpsaRefusal.Malformed, t => With(t, new(TransformType.PseudoRandomFunction, 6)) },
        { "attribute in ENCR", MpsaRefusal.Malformed, t => With(t, new(TransformType.Encryption, 20, 256) { Others = [(17, [1])] }) },
        { "key length in PRF", MpsaRefusal.Malformed, t => With(t, new(TransformType.PseudoRandomFunction, 5, 256)) },
        { "ESN", MpsaRefusal.NotSupported, t => [.. t, new(TransformType.ExtendedSequenceNumbers, 1)] },
        { "key exchange", MpsaRefusal.NotSupported, t => [.. t, new(TransformType.KeyExchange, 31)] },
        { "unknown transform", MpsaRefusal.NotSupported, t => [.. t, new((TransformType)248, 1) { Others = [(16391, [1])] }] },
        { "nonce of 15", MpsaRefusal.Malformed, t => With(t, Private(TransformType.Nonce, 16384, new byte[15])) },
        { "nonce of 257", MpsaRefusal.Malformed, t => With(t, Private(TransformType.Nonce, 16384, new byte[257])) },
        { "nonce under another attribute", MpsaRefusal.Malformed, t => With(t, Private(TransformType.Nonce, 16385, new byte[32])) },
        { "nonce with another ID", MpsaRefusal.Malformed, t => With(t, new(TransformType.Nonce, 2) { Others = [(16384, new byte[32])] }) },
        { "nonce without attribute", MpsaRefusal.Malformed, t => With(t, new(TransformType.Nonce, 1)) },
        { "nonce with two attributes", MpsaRefusal.Malformed, t => With(t, new(TransformType.Nonce, 1) { Others = [(16384, new byte[32]), (16384, new byte[32])] }) },
        { "SK_d too short", MpsaRefusal.Malformed, t => With(t, Private(TransformType.SkD, 16385, new byte[31])) },
        { "SK_d too long", MpsaRefusal.Malformed, t => With(t, Private(TransformType.SkD, 16385, new byte[33])) },
        { "SK_d under another attribute", MpsaRefusal.Malformed, t => With(t, Private(TransformType.SkD, 16384, new byte[32])) },
        { "LIFE of 8 octets", MpsaRefusal.Malformed, t => With(t, Private(TransformType.Lifetime, 16386, new byte[8])) },
        { "LIFE under another attribute", MpsaRefusal.Malformed, t => With(t, Private(TransformType.Lifetime, 16387, new byte[4])) },
        { "ROLL1 of 3 octets", MpsaRefusal.Malformed, t => With(t, Private(TransformType.Rollover1, 16387, new byte[3])) },
        { "ROLL1 under ROLL2's attribute", MpsaRefusal.Malformed, t => With(t, Private(TransformType.Rollover1, 16388, new byte[4])) },
        { "ROLL2 of 2 octets", MpsaRefusal.Malformed, t => With(t, Private(TransformType.Rollover2, 16386, new byte[2])) },
        { "ROLL2 under ROLL1's attribute", MpsaRefusal.Malformed, t => With(t, Private(TransformType.Rollover2, 16387, new byte[4])) },
        { "SENDER_ID without an ID", MpsaRefusal.Malformed, t => With(t, Private(TransformType.SenderId, 16389, [20])) },
        { "SENDER_ID of 7 octets", MpsaRefusal.Malformed, t => With(t, Private(TransformType.SenderId, 16389, [20, 0, 0, 0, 1, 0, 0])) },
        { "SENDER_ID, empty", MpsaRefusal.Malformed, t => With(t, Private(TransformType.SenderId, 16389, [])) },
        { "width of 7", MpsaRefusal.Malformed, t => With(t, Private(TransformType.SenderId, 16389, [7, 0, 0, 0, 1])) },
        { "width of 25", MpsaRefusal.Malformed, t => With(t, Private(TransformType.SenderId, 16389, [25, 0, 0, 0, 1])) },
        { "a Sender-ID too wide", MpsaRefusal.Malformed, t => With(t, Private(TransformType.SenderId, 16389, [8, 0, 0, 1, 0])) },
        { "a Sender-ID twice", MpsaRefusal.Malformed, t => With(t, Private(TransformType.SenderId, 16389, [20, 0, 0, 0, 1, 0, 0, 0, 1])) },
        { "too many Sender-IDs", MpsaRefusal.Malformed, t => With(t, Private(TransformType.SenderId, 16389, [20, .. Enumerable.Range(0, 513).SelectMany(i => new byte[] { 0, 0, (byte)(i >> 8), (byte)i })])) },
        { "Sender-IDs under another attribute", MpsaRefusal.Malformed, t => With(t, Private(TransformType.SenderId, 16390, [20, 0, 0, 0, 1])) },
        { "group without a name", MpsaRefusal.Malformed, t => With(t, Private(TransformType.Group, 16390, [])) },
        { "name of 32 octets", MpsaRefusal.Malformed, t => With(t, Private(TransformType.Group, 16390, Encoding.UTF8.GetBytes(new string('x', 32)))) },
        { "name that is no UTF-8", MpsaRefusal.Malformed, t => With(t, Private(TransformType.Group, 16390, [0xc3])) },
        { "name with a line feed", MpsaRefusal.Malformed, t => With(t, Private(TransformType.Group, 16390, "a\nb"u8.ToArray())) },
    };

    [Fact]
    public void Mpsa_3_2_2_TheFigureIsReadWithTheLifetimesAttributeInRoll1AndRoll2()
    {
        Assert.True(MpsaPutCodec.TryRead(new NotifyPayload(ProtocolId.Esp, Spi, NotifyType.MpsaPut, Samples.Hex(Figure)), out var put, out var error), error.Detail);
        using (put)
        {
            Assert.Equal((0xc0ffee01u, new EncryptionChoice(EncryptionTransform.AesCbc, 256), IntegrityTransform.HmacSha1Bits96, PrfAlgorithm.HmacSha1), (put.Spi, put.Encryption, put.Integrity, put.Prf));
            Assert.Equal((3600u, 30u, 90u), (put.LifetimeSeconds, put.Rollover1Seconds, put.Rollover2Seconds));
            Assert.Equal([.. Enumerable.Range(16, 16).Select(i => (byte)i)], put.Nonce);
            Assert.Equal([.. Enumerable.Range(0xa0, 20).Select(i => (byte)i)], put.SkD.Octets.ToArray());
            Assert.Empty(put.SenderIds);
            Assert.Null(put.Group);
        }
    }

    [Fact]
    public void Mpsa_3_2_2_WhatIsWrittenHasTheAttributesOfTheText()
    {
        using var put = Sample() with { Encryption = new(EncryptionTransform.AesCbc, 256), Integrity = IntegrityTransform.HmacSha1Bits96, Prf = PrfAlgorithm.HmacSha1, SenderIds = [], SenderIdBits = 0, Group = null,
            Nonce = [.. Enumerable.Range(16, 16).Select(i => (byte)i)], SkD = new Secret([.. Enumerable.Range(0xa0, 20).Select(i => (byte)i)]) };
        var notify = MpsaPutCodec.Write(put);
        Assert.Equal((ProtocolId.Esp, (NotifyType)40960), (notify.Protocol, notify.NotifyType));
        Assert.Equal(Spi, notify.Spi);
        Assert.Equal(Figure.Replace(" ", "", StringComparison.Ordinal).Replace("f400000140020004", "f400000140030004", StringComparison.Ordinal).Replace("f500000140020004", "f500000140040004", StringComparison.Ordinal),
            Convert.ToHexStringLower(notify.Data));
    }

    [Fact]
    public void WhatIsWrittenIsRead()
    {
        using var put = Sample();
        var notify = MpsaPutCodec.Write(put);
        Assert.True(MpsaPutCodec.TryRead(notify, out var read, out _));
        using (read)
        {
            Assert.Equal([1u, 0xfffffu], read.SenderIds);
            Assert.Equal((20, "mésh", put.Spi, put.Encryption), (read.SenderIdBits, read.Group, read.Spi, read.Encryption));
            Assert.Equal(put.SkD.Octets.ToArray(), read.SkD.Octets.ToArray());
            Assert.Equal(notify.Data, MpsaPutCodec.Write(read).Data);
        }

        Assert.True(read.SkD.IsDisposed);
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Mpsa_3_2_2_EveryFieldIsChecked(string what, MpsaRefusal reason, Func<List<Transform>, List<Transform>> spoil)
    {
        using var put = Sample();
        Assert.True(ProposalCodec.TryRead(MpsaPutCodec.Write(put).Data, out var proposals, out _));
        var data = ProposalCodec.Write([proposals[0] with { Transforms = spoil([.. proposals[0].Transforms]) }]);
        Assert.False(MpsaPutCodec.TryRead(new NotifyPayload(ProtocolId.Esp, Spi, NotifyType.MpsaPut, data), out _, out var error), what);
        Assert.Equal(reason, error.Reason);
        Assert.NotEmpty(error.Detail);
    }

    [Fact]
    public void Mpsa_3_2_2_ProtocolAndSpiOfNotifyAndProposalAgree()
    {
        using var put = Sample();
        var good = MpsaPutCodec.Write(put);
        ProposalCodec.TryRead(good.Data, out var proposals, out _);
        NotifyPayload[] wrong =
        [
            good with { Protocol = ProtocolId.Ah }, good with { Protocol = ProtocolId.None }, good with { Spi = [] }, good with { Spi = [1, 2, 3] }, good with { Spi = [0xc0, 0xff, 0xee, 2] },
            good with { Data = ProposalCodec.Write([proposals[0] with { Protocol = ProtocolId.Ah }]) }, good with { Data = ProposalCodec.Write([proposals[0] with { Spi = [1, 2, 3, 4] }]) },
            good with { Data = ProposalCodec.Write([proposals[0], proposals[0]]) }, good with { Data = [] }, good with { Data = [.. good.Data, 0] },
            good with { Spi = [0, 0, 0, 255], Data = ProposalCodec.Write([proposals[0] with { Spi = [0, 0, 0, 255] }]) },
        ];
        foreach (var notify in wrong)
        {
            Assert.False(MpsaPutCodec.TryRead(notify, out _, out var error));
            Assert.Equal(MpsaRefusal.Malformed, error.Reason);
        }
    }

    [Fact]
    public void EveryTruncationIsRefused()
    {
        using var put = Sample();
        var good = MpsaPutCodec.Write(put);
        for (var length = 0; length < good.Data.Length; length++)
            Assert.False(MpsaPutCodec.TryRead(good with { Data = good.Data[..length] }, out _, out _), $"{length} octets");
    }

    [Fact]
    public void Mpsa_3_2_2_RolloverTimesMayBeMissing()
    {
        using var put = Sample();
        ProposalCodec.TryRead(MpsaPutCodec.Write(put).Data, out var proposals, out _);
        var data = ProposalCodec.Write([proposals[0] with { Transforms = Without(Without([.. proposals[0].Transforms], TransformType.Rollover1), TransformType.Rollover2) }]);
        Assert.True(MpsaPutCodec.TryRead(new NotifyPayload(ProtocolId.Esp, Spi, NotifyType.MpsaPut, data), out var read, out _));
        using (read) Assert.Equal((0u, 0u), (read.Rollover1Seconds, read.Rollover2Seconds));
    }

    [Fact]
    public void ARefusalSaysWhichAndWhy()
    {
        var refusal = MpsaPutCodec.Refusal(Spi, MpsaRefusal.SenderIdsUsed);
        Assert.Equal("0000000e03042005c0ffee010008", Convert.ToHexStringLower(PayloadWriter.Write([refusal], out _)));
        Assert.Equal((BinaryPrimitives.ReadUInt32BigEndian(Spi), MpsaRefusal.SenderIdsUsed), MpsaPutCodec.ReadRefusal(refusal));
        Assert.True(refusal.IsError);
        Assert.Equal((0u, MpsaRefusal.Malformed), MpsaPutCodec.ReadRefusal(MpsaPutCodec.Refusal([1], MpsaRefusal.Malformed)));
    }

    [Fact]
    public void Rfc9838_TheNumberOfSendersIsBounded()
    {
        Assert.Equal("00000008", Convert.ToHexStringLower(MpsaPutCodec.GroupSender(8).Data));
        Assert.Equal(8, MpsaPutCodec.ReadGroupSender(MpsaPutCodec.GroupSender(8)));
        Assert.Equal(MultipointNumbers.MaximumSenderIds, MpsaPutCodec.ReadGroupSender(new NotifyPayload(NotifyType.GroupSender, [0xff, 0xff, 0xff, 0xff])));
    }

    private static MpsaPut Sample() => new()
    {
        Spi = 0xc0ffee01, Encryption = new(EncryptionTransform.AesGcm16, 256), Prf = PrfAlgorithm.HmacSha256, Nonce = Samples.Nonce, SkD = new Secret(Samples.Nonce),
        LifetimeSeconds = 3600, Rollover1Seconds = 30, Rollover2Seconds = 90, SenderIdBits = 20, SenderIds = [1, 0xfffff], Group = "mésh",
    };

    private static List<Transform> Without(List<Transform> transforms, TransformType type) => [.. transforms.Where(t => t.Type != type)];

    private static List<Transform> With(List<Transform> transforms, Transform other) => [.. transforms.Select(t => t.Type == other.Type ? other : t)];

    private static Transform Private(TransformType type, ushort attribute, byte[] value) => new(type, 1) { Others = [(attribute, value)] };
}
