using Appliance.Ike.Machine;
using Appliance.Ike.Messages;
using static Appliance.Ike.Groups.ByHand;

namespace Appliance.Ike.Groups;

/// <summary>What a member does not take: it says so to the gateway and in its log, answers MPSA_PUT with nothing as ever, and goes on with what it has.</summary>
[Trait("RFC", "draft-yamaya-ipsecme-mpsa-04")]
public sealed class MemberRefusalTests
{
    [Fact]
    public void Rfc6054_ACounterModeWithoutSenderIdsIsRefused()
    {
        var hand = new ByHand();
        Refused(hand, Put(One) with { SenderIds = [] }, MpsaRefusal.NoSenderIds, "counter mode");
        Refused(hand, Put(One) with { SenderIds = [1] }, MpsaRefusal.NoSenderIds, "1 Sender-IDs of the 2");
        Refused(hand, Put(One) with { SenderIds = [], Encryption = new(EncryptionTransform.ChaCha20Poly1305, 0) }, MpsaRefusal.NoSenderIds, "chacha20-poly1305");
        Assert.Contains("AES-CBC", hand.Status.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void ALifetimeOfNothingIsRefused()
    {
        Refused(new ByHand(), Put(One, life: 0), MpsaRefusal.Lifetime, "lives for 0 s");
        Refused(new ByHand(), Put(One, life: 20, roll1: 20, roll2: 60), MpsaRefusal.Lifetime, "sent by after 20 s");
    }

    [Fact]
    public void AnUnknownGroupIsRefused()
    {
        Refused(new ByHand(), Put(One) with { Group = "other" }, MpsaRefusal.UnknownGroup, "other");
        Refused(new ByHand(c => c with { Groups = [.. c.Groups, new IkeGroup { Name = "other", Gateways = ["else"] }] }), Put(One) with { Group = "other" }, MpsaRefusal.NotAGateway, "no gateway of group other");
    }

    [Fact]
    public void APeerThatIsNoGatewayOfOursIsRefused()
    {
        var hand = new ByHand(c => c with { Groups = [new IkeGroup { Name = "mesh", Server = new GroupServer { Members = ["b"] } }] });
        var before = hand.Plane.Story.Count;
        hand.Hand(Put(One));
        Assert.Equal((One, MpsaRefusal.NotAGateway), Assert.Single(hand.Refusals));
        Assert.Equal(before, hand.Plane.Story.Count);
        Assert.Contains(hand.Member.Texts, t => t.Contains("no gateway of a group of ours", StringComparison.Ordinal));
    }

    [Fact]
    public void AnSpiOfAnotherSaIsRefused()
    {
        var hand = new ByHand(c => c with { Groups = [.. c.Groups, new IkeGroup { Name = "second", Gateways = ["b"], Senders = 2 }] }).Hand(Put(One));
        Refused(hand, Put(One, key: 99), MpsaRefusal.SpiInUse, "another key", hasOne: true);
        Refused(hand, Put(One) with { Group = "second" }, MpsaRefusal.SpiInUse, "for group mesh", hasOne: true);
        Assert.Equal(["install 1001 1+2", "activate 1001"], hand.Plane.Story);
    }

    [Fact]
    public void Rfc6054_ASenderIdOfBeforeIsRefused()
    {
        var hand = new ByHand().Hand(Put(One)).Hand(Put(One, firstSenderId: 7));
        Refused(hand, Put(One), MpsaRefusal.SenderIdsUsed, "used before", hasOne: true);
        Refused(hand, Put(One, firstSenderId: 8), MpsaRefusal.SenderIdsUsed, "used before", hasOne: true);
        // Under another key they are as good as new.
        hand.Hand(Put(Two, roll2: 9));
        Assert.Equal([One, Two], hand.Plane.Spis);
    }

    [Fact]
    public void Rfc6054_ASenderIdOfBeforeIsRefusedAlsoWhenTheSaHadEnded()
    {
        var hand = new ByHand().Hand(Put(One)).Hand(Put(Two));
        Assert.Equal([Two], hand.Plane.Spis);
        Refused(hand, Put(One, firstSenderId: 2), MpsaRefusal.SenderIdsUsed, "used before", hasOne: true);
        hand.Hand(Put(One, firstSenderId: 7));
        Refused(hand, Put(One), MpsaRefusal.SenderIdsUsed, "used before", hasOne: true);
        Assert.Equal([One], hand.Plane.Spis);
    }

    [Fact]
    public void WhatCannotBeInstalledChangesNothing()
    {
        var hand = new ByHand().Hand(Put(One));
        hand.Plane.Problem = "no free SA";
        Refused(hand, Put(Two, roll1: 5, roll2: 10), MpsaRefusal.NoRoom, "no free SA", hasOne: true);
        hand.Pass(20_000);
        Assert.Equal(One, hand.Plane.Sending["mesh"]);
        Refused(hand, Put(One, firstSenderId: 7), MpsaRefusal.NoRoom, "no free SA", hasOne: true);
        hand.Plane.Problem = null;
        hand.Hand(Put(One, firstSenderId: 7));
        Assert.Equal([1u + 6, 8u], hand.Plane.Sas[("mesh", One)].Sa.SenderIds);
        Assert.Equal("", hand.Status.Problem);
    }

    /// <summary>The gateway hands out no SA twice by itself: without a new registration the member would be without until the next rekey.</summary>
    [Fact]
    public void WhatCannotBeInstalledIsAskedForAgainWhereThereIsNothingElse()
    {
        var hand = new ByHand();
        hand.Plane.Problem = "no free SA";
        Refused(hand, Put(One), MpsaRefusal.NoRoom, "no free SA");
        var sa = hand.Member.Sa;
        hand.Pass(Tuning.GroupRegisterFirst - 1000);
        Assert.Same(sa, hand.Member.Sa);
        hand.Pass(2000);
        Assert.NotSame(sa, hand.Member.Sa);
        hand.Plane.Problem = null;
        hand.Hand(Put(One, firstSenderId: 7));
        Assert.Equal(One, hand.Plane.Sending["mesh"]);
        var now = hand.Member.Sa;
        hand.Pass(1_000_000);
        Assert.Same(now, hand.Member.Sa);
    }

    [Fact]
    public void MalformedIsRefusedWithoutAnEndToTheIkeSa()
    {
        var hand = new ByHand();
        var sa = hand.Member.Sa;
        hand.Say(new NotifyPayload(ProtocolId.Esp, [0, 0, 0x10, 1], NotifyType.MpsaPut, [1, 2, 3]));
        hand.Say(new NotifyPayload(ProtocolId.None, [], NotifyType.MpsaPut, []));
        Assert.Equal([(One, MpsaRefusal.Malformed), (0u, MpsaRefusal.Malformed)], hand.Refusals);
        Assert.Equal((2, 0), (hand.Answers, hand.FullAnswers));
        Refused(hand, Put(One) with { Encryption = new(EncryptionTransform.AesCbc, 256) }, MpsaRefusal.NotSupported, "aes-256-cbc");
        Assert.Same(sa, hand.Member.Sa);
    }

    [Fact]
    public void OneOfTwoInAMessageIsRefusedAndTheOtherTaken()
    {
        var hand = new ByHand().Hand(Put(One, life: 0), Put(Two));
        Assert.Equal([(One, MpsaRefusal.Lifetime)], hand.Refusals);
        Assert.Equal(Two, hand.Plane.Sending["mesh"]);
        Assert.Equal((1, 0), (hand.Answers, hand.FullAnswers));
    }

    [Fact]
    public void WhatIsPrivateIsNotForAPeerThatDidNotSendOurVendorId()
    {
        var hand = new ByHand();
        hand.Member.Sa.Extensions &= ~Extensions.SenderIds;
        hand.Hand(Put(One));
        Assert.Empty(hand.Refusals);
        Assert.Empty(hand.Plane.Spis);
        Assert.Contains(hand.Member.Texts, t => t.Contains("did not send our vendor ID", StringComparison.Ordinal));
        hand.Hand(Put(Two) with { Group = null, SenderIds = [], Encryption = new(EncryptionTransform.AesCbc, 256), Integrity = IntegrityTransform.HmacSha256Bits128 });
        Assert.Equal(Two, hand.Plane.Sending["mesh"]);
    }

    [Fact]
    public void HowManyOneGatewayCanHandOutIsBounded()
    {
        var hand = new ByHand();
        for (var i = 0u; i < 30; i++) hand.Hand(Put(0x2000 + i, key: (byte)(i + 1), roll1: 1000, roll2: 2000));
        Assert.Equal(Tuning.MostSasOfGateway, hand.Plane.Sas.Count);
        Assert.All(hand.Refusals, r => Assert.Equal(MpsaRefusal.NoRoom, r.Reason));
        for (var i = 1u; i < 2000; i++) hand.Hand(Put(0x2000, firstSenderId: 10 * i, key: 1));
        Assert.True(hand.Member.Contexts.Single(c => c.Key <= uint.MaxValue).Value.Length < 32_768);
    }

    private static void Refused(ByHand hand, MpsaPut put, MpsaRefusal reason, string why, bool hasOne = false)
    {
        var (answers, count) = (hand.Answers, hand.Refusals.Count);
        hand.Hand(put);
        Assert.Equal((put.Spi, reason), hand.Refusals.Skip(count).Single());
        Assert.Equal((answers + 1, 0), (hand.Answers, hand.FullAnswers));
        Assert.Contains(hand.Member.Log, l => l.Level == IkeLogLevel.Error && l.Text.Contains(why, StringComparison.Ordinal));
        Assert.Equal(hasOne, hand.Plane.Sas.Count > 0);
    }
}
