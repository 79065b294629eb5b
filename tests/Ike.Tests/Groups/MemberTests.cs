using Appliance.Ike.Machine;
using Appliance.Ike.Machine.Rig;
using Appliance.Ike.Messages;
using static Appliance.Ike.Groups.ByHand;

namespace Appliance.Ike.Groups;

/// <summary>A member rolls over as draft-yamaya-ipsecme-mpsa-04 §3.3.2 and §3.3.3 say.</summary>
[Trait("RFC", "draft-yamaya-ipsecme-mpsa-04")]
public sealed class MemberTests
{
    [Fact]
    public void Mpsa_3_1_VendorIdsGoBothWaysAndOnlyWhereThereAreGroups()
    {
        var hand = new ByHand();
        Assert.All([hand.Net.A.Sa, hand.Net.B.Sa], sa => Assert.True(sa.Extensions.HasFlag(Extensions.Multipoint | Extensions.SenderIds)));
        Assert.Equal(["multi-point SA", "appliance-mpsa-1"], hand.Net.B.Sa.VendorIds.Select(System.Text.Encoding.ASCII.GetString));
        Assert.Equal(2, hand.Net.B.Sa.GroupSenders);
        Assert.Equal(0, hand.Net.A.Sa.GroupSenders);
        var without = new ByHand(c => c with { Groups = [] });
        Assert.All([without.Net.A.Sa, without.Net.B.Sa], sa => Assert.False(sa.Extensions.HasFlag(Extensions.Multipoint)));
        Assert.Empty(without.Net.B.Sa.VendorIds);
        Assert.NotEmpty(without.Net.A.Sa.VendorIds);
    }

    [Fact]
    public void Mpsa_3_1_WhatBothKnowOutlivesARekeyOfTheIkeSa()
    {
        var hand = new ByHand();
        hand.Member.Do(new OperatorAsked(1, OperatorVerb.Rekey, "b"));
        hand.Pass(1000);
        Assert.True(hand.Net.B.Sa.Extensions.HasFlag(Extensions.Multipoint | Extensions.SenderIds));
        Assert.Equal(2, hand.Net.B.Sa.GroupSenders);
        hand.Hand(Put(One));
        Assert.Equal(One, hand.Plane.Sending["mesh"]);
    }

    [Fact]
    public void Mpsa_3_3_2_TheFirstIsSentByAtOnceWhateverRoll1Says()
    {
        var hand = new ByHand().Hand(Put(One, roll1: 30, roll2: 90));
        Assert.Equal(["install 1001 1+2", "activate 1001"], hand.Plane.Story);
        Assert.Equal((1, 0), (hand.Answers, hand.FullAnswers));
        Assert.Empty(hand.Refusals);
        var sa = Assert.Single(hand.Plane.Sas.Values).Sa;
        Assert.Equal(("b", 4096, 20, 3_600_000L), (sa.Gateway, sa.ReplayWindow, sa.SenderIdBits, sa.LifetimeMilliseconds));
        Assert.Equal("current", Assert.Single(hand.Status.Sas).State);
        Assert.Equal("", hand.Status.Problem);
    }

    [Fact]
    public void Mpsa_3_3_3_InboundAtOnceOutboundAfterRoll1OldInboundUntilRoll2()
    {
        var hand = new ByHand().Hand(Put(One)).Hand(Put(Two, roll1: 30, roll2: 90));
        Assert.Equal([One, Two], hand.Plane.Spis);
        Assert.Equal(One, hand.Plane.Sending["mesh"]);
        Assert.Equal(["current", "next"], hand.Status.Sas.Select(s => s.State));
        Assert.Equal(30, hand.Status.Sas[1].ActivatesSeconds);
        hand.Pass(29_999);
        Assert.Equal(One, hand.Plane.Sending["mesh"]);
        hand.Pass(1);
        Assert.Equal(Two, hand.Plane.Sending["mesh"]);
        Assert.Equal(["current", "old"], hand.Status.Sas.Select(s => s.State));
        Assert.Equal(60, hand.Status.Sas[1].EndsSeconds);
        hand.Pass(59_999);
        Assert.Equal([One, Two], hand.Plane.Spis);
        hand.Pass(1);
        Assert.Equal([Two], hand.Plane.Spis);
    }

    [Fact]
    public void Mpsa_3_3_3_WhoJoinsDuringARolloverGetsBoth()
    {
        var hand = new ByHand().Hand(Put(One, life: 100), Put(Two, roll1: 20, roll2: 80));
        Assert.Equal([One, Two], hand.Plane.Spis);
        Assert.Equal(One, hand.Plane.Sending["mesh"]);
        hand.Pass(20_000);
        Assert.Equal(Two, hand.Plane.Sending["mesh"]);
        hand.Pass(60_000);
        Assert.Equal([Two], hand.Plane.Spis);
    }

    [Fact]
    public void ARemovalInTheMiddleOfARolloverOvertakesIt()
    {
        var hand = new ByHand().Hand(Put(One)).Hand(Put(Two, roll1: 30, roll2: 90)).Pass(5000).Hand(Put(Three, roll1: 2, roll2: 6)).Pass(2000);
        Assert.Equal(Three, hand.Plane.Sending["mesh"]);
        hand.Pass(4000);
        Assert.Equal([Three], hand.Plane.Spis);
        hand.Pass(60_000);
        Assert.Equal(Three, hand.Plane.Sending["mesh"]);
    }

    [Fact]
    public void Mpsa_3_3_2_BothDirectionsEndWithTheLifetime()
    {
        var hand = new ByHand().Hand(Put(One, life: 50)).Pass(49_999);
        Assert.Equal([One], hand.Plane.Spis);
        hand.Pass(1);
        Assert.Empty(hand.Plane.Spis);
        Assert.Empty(hand.Plane.Sending);
        Assert.Contains("no multi-point SA", hand.Status.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void TheSameAgainChangesTheLifetimeAlone()
    {
        var hand = new ByHand().Hand(Put(One, life: 50)).Hand(Put(One, life: 500));
        Assert.Equal(["install 1001 1+2", "activate 1001"], hand.Plane.Story);
        Assert.Equal(500_000, hand.Plane.Sas[("mesh", One)].Sa.LifetimeMilliseconds);
        hand.Pass(100_000);
        Assert.Equal([One], hand.Plane.Spis);
        Assert.Empty(hand.Refusals);
    }

    [Fact]
    public void Rfc6054_FreshSenderIdsTakeThePlaceOfTheEarlierOnes()
    {
        var hand = new ByHand().Hand(Put(One)).Hand(Put(One, firstSenderId: 7));
        Assert.Equal(["install 1001 1+2", "activate 1001", "install 1001 7+8", "activate 1001"], hand.Plane.Story);
        Assert.Empty(hand.Refusals);
    }

    [Fact]
    public void CbcComesWithoutSenderIdsAndHasNoReplayWindow()
    {
        using var put = Put(One) with { Encryption = new(EncryptionTransform.AesCbc, 256), Integrity = IntegrityTransform.HmacSha256Bits128, SenderIds = [], SenderIdBits = 0 };
        var hand = new ByHand().Hand(put);
        var sa = Assert.Single(hand.Plane.Sas.Values).Sa;
        Assert.Equal((0, 0, 0), (sa.SenderIds.Count, sa.SenderIdBits, sa.ReplayWindow));
        Assert.Equal(One, hand.Plane.Sending["mesh"]);
    }

    [Fact]
    public void TheGroupSaOutlivesTheIkeSa()
    {
        var hand = new ByHand().Hand(Put(One, life: 100));
        hand.Member.Do(new OperatorAsked(1, OperatorVerb.Down, "b"));
        hand.Pass(50_000);
        Assert.Equal(One, hand.Plane.Sending["mesh"]);
        hand.Pass(50_000);
        Assert.Empty(hand.Plane.Spis);
    }

    [Fact]
    public void AGroupOrGatewayThatGoesFromTheConfigurationTakesItsSasAlong()
    {
        foreach (var groups in (IReadOnlyList<IkeGroup>[])[[], [new IkeGroup { Name = "mesh", Gateways = ["other"] }], [new IkeGroup { Name = "mesh2", Gateways = ["b"] }]])
        {
            var hand = new ByHand().Hand(Put(One), Put(Two, firstSenderId: 5, roll1: 9, roll2: 20));
            hand.Member.Do(new ConfigurationChanged(hand.Configuration with { Groups = groups }));
            Assert.Empty(hand.Plane.Spis);
            Assert.Empty(hand.Plane.Sending);
            Assert.DoesNotContain(hand.Member.Contexts.Keys, id => id <= uint.MaxValue);
        }
    }

    [Fact]
    public void AStopTakesThemAlong()
    {
        var hand = new ByHand().Hand(Put(One));
        hand.Member.Do(new ShutdownAsked());
        Assert.Empty(hand.Plane.Spis);
        Assert.Empty(hand.Member.Contexts);
    }

    [Fact]
    public void SeveralGroupsOfOneGatewayAreTold()
    {
        var hand = new ByHand(c => c with { Groups = [.. c.Groups, new IkeGroup { Name = "second", Gateways = ["b"], Senders = 4 }] });
        Assert.Equal(4, hand.Net.B.Sa.GroupSenders);
        hand.Hand(Put(One), Put(Two) with { Group = "second", SenderIds = [1, 2, 3, 4] });
        Assert.Equal(One, hand.Plane.Sending["mesh"]);
        Assert.Equal(Two, hand.Plane.Sending["second"]);
        hand.Hand(Put(Three, firstSenderId: 9) with { Group = null });
        Assert.Equal([(Three, MpsaRefusal.UnknownGroup)], hand.Refusals);
    }

    [Fact]
    public void KeysAreWipedAndInNoLogLineAndNoContext()
    {
        using var put = Put(One);
        using var keymat = Keys.MultipointKeys.Derive(put);
        var hand = new ByHand().Hand(put);
        Assert.Equal(Convert.ToHexString(keymat.Octets), hand.Plane.Sas[("mesh", One)].Key);
        Assert.All(hand.Member.Actions.OfType<InstallGroupSa>(), i => Assert.True(i.Key.IsDisposed));
        foreach (var secret in (byte[][])[[.. put.SkD.Octets], [.. keymat.Octets[..16]]])
        {
            Assert.All(hand.Member.Contexts.Values, c => Assert.Equal(-1, c.AsSpan().IndexOf(secret)));
            Assert.All(hand.Member.Texts, t => Assert.DoesNotContain(Convert.ToHexString(secret), t, StringComparison.OrdinalIgnoreCase));
        }
    }
}
