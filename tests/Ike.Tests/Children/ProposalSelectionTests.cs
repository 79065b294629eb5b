using Appliance.Crypto;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Children;

[Trait("RFC", "7296")]
public class ProposalSelectionTests
{
    private static readonly EncryptionChoice Gcm256 = new(EncryptionTransform.AesGcm16, 256);
    private static readonly EncryptionChoice Gcm128 = new(EncryptionTransform.AesGcm16, 128);
    private static readonly EncryptionChoice Cbc256 = new(EncryptionTransform.AesCbc, 256);
    private static readonly EncryptionChoice ChaCha = new(EncryptionTransform.ChaCha20Poly1305, 0);

    private static EspProposal Esp(params EncryptionChoice[] encryption) => new() { Encryption = encryption, Integrity = [IntegrityTransform.HmacSha256Bits128] };

    private static IkeProposal Ike(EncryptionChoice encryption, params KeyExchangeMethod[] methods) => new()
    {
        Encryption = [encryption], Integrity = [IntegrityTransform.HmacSha256Bits128], Prf = [PrfAlgorithm.HmacSha256, PrfAlgorithm.HmacSha384], KeyExchange = methods,
    };

    private static ChosenProposal? Choose(IReadOnlyList<Proposal> offered, IReadOnlyList<Proposal> ours) => ProposalSelection.Choose(offered, ours, out _);

    [Fact]
    public void Rfc7296_3_3_AeadsAndCiphersWithAnHmacStandApart()
    {
        var proposals = ProposalBuilder.OfEsp([Esp(Gcm256, Cbc256, ChaCha)], [1, 2, 3, 4], keyExchange: false);
        Assert.Equal(2, proposals.Count);
        Assert.Equal([1, 2], proposals.Select(p => (int)p.Number));
        Assert.Equal("aes-256-gcm/chacha20-poly1305/esn/no-esn", ProposalText.Format(proposals[0]));
        Assert.Equal("aes-256-cbc/hmac-sha256/esn/no-esn", ProposalText.Format(proposals[1]));
        Assert.DoesNotContain(proposals[0].Transforms, t => t.Type == TransformType.Integrity);
        Assert.All(proposals, p => Assert.Equal([1, 2, 3, 4], p.Spi));
    }

    [Fact]
    public void Rfc7296_2_7_OurOrderDecides()
    {
        var ours = ProposalBuilder.OfEsp([Esp(Gcm256), Esp(Gcm128), Esp(Cbc256)], [9, 9, 9, 9], false);
        var offered = ProposalBuilder.OfEsp([Esp(Cbc256), Esp(Gcm128, Gcm256)], [1, 2, 3, 4], false);
        var chosen = Choose(offered, ours)!;
        Assert.Equal(Gcm256, chosen.Encryption);
        Assert.Equal(IntegrityTransform.None, chosen.Integrity);
        Assert.True(chosen.Esn);
        Assert.Equal(2, chosen.Proposal.Number);
        Assert.Equal([1, 2, 3, 4], chosen.Proposal.Spi);
        Assert.Equal(32 + 4, chosen.KeyMaterialLength);
    }

    [Fact]
    public void Rfc7296_3_3_5_AnotherKeyLengthIsAnotherAlgorithm()
    {
        var ours = ProposalBuilder.OfEsp([Esp(Gcm256)], [], false);
        Assert.Null(Choose(ProposalBuilder.OfEsp([Esp(Gcm128)], [], false), ours));
        Proposal withoutLength = new(1, ProtocolId.Esp, [], [new(TransformType.Encryption, 20), new(TransformType.ExtendedSequenceNumbers, 0)]);
        Assert.Null(Choose([withoutLength], ours));
    }

    [Fact]
    public void Rfc5282_8_AnAeadWithIntegrityNoneIsAccepted_WithAnHmacItIsNot()
    {
        var ours = ProposalBuilder.OfEsp([Esp(Gcm256)], [], false);
        Transform[] gcm = [new(TransformType.Encryption, 20, 256), new(TransformType.ExtendedSequenceNumbers, 0)];
        var chosen = Choose([new(1, ProtocolId.Esp, [], [.. gcm, new(TransformType.Integrity, 0)])], ours)!;
        Assert.Contains(chosen.Proposal.Transforms, t => t is { Type: TransformType.Integrity, Id: 0 });
        Assert.Null(Choose([new(1, ProtocolId.Esp, [], [.. gcm, new(TransformType.Integrity, 12)])], ours));
    }

    [Fact]
    public void Rfc7296_3_3_6_WhatWeDoNotUnderstandIsUnacceptable()
    {
        var ours = ProposalBuilder.OfEsp([Esp(Gcm256)], [], false);
        Transform[] gcm = [new(TransformType.Encryption, 20, 256), new(TransformType.ExtendedSequenceNumbers, 0)];
        Assert.NotNull(Choose([new(1, ProtocolId.Esp, [], gcm)], ours));
        Assert.Null(Choose([new(1, ProtocolId.Esp, [], [.. gcm, new((TransformType)241, 1)])], ours));
        Assert.Null(Choose([new(1, ProtocolId.Esp, [], [gcm[0] with { Others = [(99, [1])] }, gcm[1]])], ours));
        Assert.Null(Choose([new(1, ProtocolId.Ah, [], gcm)], ours));
    }

    [Fact]
    public void Rfc7296_3_3_3_AProposalWithoutAMandatoryTransformIsUnacceptable()
    {
        Assert.Null(Choose([new(1, ProtocolId.Esp, [], [new(TransformType.Encryption, 20, 256)])], ProposalBuilder.OfEsp([Esp(Gcm256)], [], false)));
        Proposal withoutPrf = new(1, ProtocolId.Ike, [], [new(TransformType.Encryption, 20, 256), new(TransformType.KeyExchange, 31)]);
        Assert.Null(Choose([withoutPrf], ProposalBuilder.OfIke([Ike(Gcm256, KeyExchangeMethod.Curve25519)], [])));
        Assert.Null(Choose([], ProposalBuilder.OfEsp([Esp(Gcm256)], [], false)));
    }

    [Fact]
    public void OneSideWithoutPfsMeansNoPfsOnlyWhereBothAllowIt()
    {
        var with = Esp(Gcm256) with { KeyExchange = [KeyExchangeMethod.Curve25519] };
        var withOrWithout = Esp(Gcm256) with { KeyExchange = [KeyExchangeMethod.Curve25519, KeyExchangeMethod.None] };
        Assert.Null(Choose(ProposalBuilder.OfEsp([Esp(Gcm256)], [], true), ProposalBuilder.OfEsp([with], [], true)));
        Assert.Null(Choose(ProposalBuilder.OfEsp([with], [], true), ProposalBuilder.OfEsp([Esp(Gcm256)], [], true)));
        Assert.Equal(KeyExchangeMethod.None, Choose(ProposalBuilder.OfEsp([withOrWithout], [], true), ProposalBuilder.OfEsp([Esp(Gcm256)], [], true))!.Method);
        Assert.Equal(KeyExchangeMethod.None, Choose(ProposalBuilder.OfEsp([Esp(Gcm256)], [], true), ProposalBuilder.OfEsp([withOrWithout], [], true))!.Method);
        Assert.Equal(KeyExchangeMethod.Curve25519, Choose(ProposalBuilder.OfEsp([with], [], true), ProposalBuilder.OfEsp([with], [], true))!.Method);
    }

    [Fact]
    public void Rfc7296_1_2_InIkeAuthAMethodOfAChildMeansNothing()
    {
        var offered = ProposalBuilder.OfEsp([Esp(Gcm256) with { KeyExchange = [KeyExchangeMethod.EcpP256] }], [], true);
        var chosen = ProposalSelection.Choose(offered, ProposalBuilder.OfEsp([Esp(Gcm256)], [], false), out _, ignoreKeyExchange: true)!;
        Assert.DoesNotContain(chosen.Proposal.Transforms, t => t.Type == TransformType.KeyExchange);
    }

    [Fact]
    public void Rfc9370_2_2_1_NoMethodIsChosenTwice()
    {
        var both = Ike(Gcm256, KeyExchangeMethod.Curve25519) with { Additional = [[KeyExchangeMethod.MlKem768, KeyExchangeMethod.None], [KeyExchangeMethod.MlKem768, KeyExchangeMethod.EcpP384]] };
        var chosen = Choose(ProposalBuilder.OfIke([both], []), ProposalBuilder.OfIke([both], []))!;
        Assert.Equal([KeyExchangeMethod.MlKem768, KeyExchangeMethod.EcpP384], chosen.Additional);
        var onlyNone = both with { Additional = [[KeyExchangeMethod.None]] };
        Assert.Empty(Choose(ProposalBuilder.OfIke([onlyNone], []), ProposalBuilder.OfIke([Ike(Gcm256, KeyExchangeMethod.Curve25519)], []))!.Additional);
        var must = both with { Additional = [[KeyExchangeMethod.MlKem768]] };
        Assert.Null(Choose(ProposalBuilder.OfIke([must], []), ProposalBuilder.OfIke([Ike(Gcm256, KeyExchangeMethod.Curve25519)], [])));
        Assert.Null(Choose(ProposalBuilder.OfIke([Ike(Gcm256, KeyExchangeMethod.Curve25519)], []), ProposalBuilder.OfIke([must], [])));
    }

    [Fact]
    public void ARefusalNamesBothSides()
    {
        Assert.Null(ProposalSelection.Choose(ProposalBuilder.OfEsp([Esp(Gcm128)], [], false), ProposalBuilder.OfEsp([Esp(Cbc256)], [], false), out var refusal));
        Assert.Equal("no proposal chosen: peer offered aes-128-gcm/esn/no-esn; we accept aes-256-cbc/hmac-sha256/esn/no-esn", refusal);
    }

    [Fact]
    public void ARefusalIsBounded()
    {
        var many = Enumerable.Range(1, 200).Select(n => new Proposal((byte)n, ProtocolId.Esp, [], [.. Enumerable.Range(0, 200).Select(i => new Transform(TransformType.Encryption, (ushort)i))])).ToArray();
        Assert.Null(ProposalSelection.Choose(many, [], out var refusal));
        Assert.InRange(refusal.Length, 1, 4096);
    }

    [Theory]
    [InlineData(1, 256, 1, true)]
    [InlineData(2, 256, 1, false)]
    [InlineData(1, 128, 1, false)]
    [InlineData(1, 256, 7, false)]
    public void Rfc7296_3_3_6_AnAnswerThatWasNotOfferedIsRefused(byte number, int bits, ushort esn, bool accepted)
    {
        var ours = ProposalBuilder.OfEsp([Esp(Gcm256)], [1, 2, 3, 4], false);
        Proposal answer = new(number, ProtocolId.Esp, [5, 6, 7, 8], [new(TransformType.Encryption, 20, bits), new(TransformType.ExtendedSequenceNumbers, esn)]);
        var chosen = ProposalSelection.Verify([answer], ours, out var refusal);
        Assert.Equal(accepted, chosen is not null);
        Assert.Equal(accepted, refusal.Length == 0);
    }

    [Fact]
    public void Rfc7296_3_3_6_AnAnswerHasOneProposalAndOneTransformOfAType()
    {
        var ours = ProposalBuilder.OfEsp([Esp(Gcm256)], [1, 2, 3, 4], false);
        Assert.Null(ProposalSelection.Verify(ours, ours, out _));
        Assert.Null(ProposalSelection.Verify([], ours, out _));
        var one = ours[0] with { Transforms = [ours[0].Transforms[0], ours[0].Transforms[1]] };
        Assert.NotNull(ProposalSelection.Verify([one], ours, out _));
        Assert.Null(ProposalSelection.Verify([one, one], ours, out _));
    }

    [Theory]
    [InlineData(EncryptionTransform.AesGcm16, 128, IntegrityTransform.None, 20)]
    [InlineData(EncryptionTransform.NullAesGmac, 256, IntegrityTransform.None, 36)]
    [InlineData(EncryptionTransform.ChaCha20Poly1305, 0, IntegrityTransform.None, 36)]
    [InlineData(EncryptionTransform.AesCbc, 256, IntegrityTransform.HmacSha512Bits256, 96)]
    [InlineData(EncryptionTransform.AesCbc, 128, IntegrityTransform.HmacSha1Bits96, 36)]
    [InlineData(EncryptionTransform.AesCbc, 192, IntegrityTransform.HmacSha1Bits96, 0)]
    [InlineData(EncryptionTransform.AesCbc, 256, IntegrityTransform.None, 0)]
    [InlineData(EncryptionTransform.AesGcm16, 256, IntegrityTransform.HmacSha1Bits96, 0)]
    public void Rfc7296_2_17_KeymatForOneDirection(EncryptionTransform transform, int bits, IntegrityTransform integrity, int length) =>
        Assert.Equal(length, ChosenProposal.Of(new(1, ProtocolId.Esp, [], [Transforms.Of(new EncryptionChoice(transform, bits)), Transforms.Of(integrity)])).KeyMaterialLength);
}
