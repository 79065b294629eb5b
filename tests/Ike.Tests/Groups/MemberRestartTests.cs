using Appliance.Ike.Machine;
using Appliance.Ike.Machine.Rig;
using Appliance.Ike.Messages;
using static Appliance.Ike.Groups.ByHand;
using Samples = Appliance.Ike.Machine.Rig.Samples;

namespace Appliance.Ike.Groups;

/// <summary>A successor of the member's process goes on with the SAs that stand in the region, and with the rollover.</summary>
public sealed class MemberRestartTests
{
    [Fact]
    public void ASuccessorGoesOnWithTheRollover()
    {
        var hand = new ByHand().Hand(Put(One)).Hand(Put(Two, roll1: 30, roll2: 90)).Pass(10_000);
        Restart(hand);
        Assert.Equal(["install 1001 1+2", "activate 1001", "install 1002 1+2", "activate 1001"], hand.Plane.Story);
        Assert.Equal(["current", "next"], hand.Status.Sas.Select(s => s.State));
        Assert.Equal([(10L, 20L), (10L, 20L)], hand.Status.Sas.Select(s => (s.AgeSeconds, hand.Status.Sas[1].ActivatesSeconds!.Value)));
        hand.Pass(20_000);
        Assert.Equal(Two, hand.Plane.Sending["mesh"]);
        Restart(hand);
        Assert.Equal(Two, hand.Plane.Sending["mesh"]);
        hand.Pass(59_999);
        Assert.Equal([One, Two], hand.Plane.Spis);
        hand.Pass(1);
        Assert.Equal([Two], hand.Plane.Spis);
        Restart(hand);
        hand.Pass(3_600_000);
        Assert.Empty(hand.Plane.Spis);
        Assert.DoesNotContain(hand.Member.Contexts.Keys, id => id <= uint.MaxValue);
    }

    [Fact]
    public void WhatEndedWhileNobodyLookedEndsAtOnce()
    {
        var hand = new ByHand().Hand(Put(One, life: 20)).Hand(Put(Two, firstSenderId: 4, roll1: 5, roll2: 15, life: 1000));
        var later = new Node("later", new Appliance.Machine.Entropy(new byte[32])) { Now = hand.Net.Now.Plus(16_000) };
        foreach (var (name, sa) in hand.Plane.Sas) later.Groups.Sas.Add(name, sa);
        foreach (var (id, context) in hand.Member.Contexts) later.Contexts.Add(id, context);
        later.Restart(hand.Configuration, Samples.AddressA);
        Assert.Equal([Two], later.Groups.Spis);
        Assert.Equal(Two, later.Groups.Sending["mesh"]);
    }

    [Fact]
    public void SenderIdsOfBeforeAreKnownToTheSuccessor()
    {
        var hand = new ByHand().Hand(Put(One)).Hand(Put(One, firstSenderId: 7));
        Restart(hand);
        hand.Hand(Put(One));
        Assert.Equal([(One, MpsaRefusal.SenderIdsUsed)], hand.Refusals);
        hand.Hand(Put(One, firstSenderId: 7, life: 9000)).Hand(Put(One, key: 77));
        Assert.Equal([MpsaRefusal.SenderIdsUsed, MpsaRefusal.SpiInUse], hand.Refusals.Select(r => r.Reason));
        Assert.Equal(9_000_000, hand.Plane.Sas[("mesh", One)].Sa.LifetimeMilliseconds);
    }

    /// <summary>The answer goes out when the SA is there: a gateway that has none asks the successor again.</summary>
    [Fact]
    public void AProcessThatEndsBeforeTheSaIsInstalledIsAskedAgain()
    {
        foreach (var wasInstalled in (bool[])[false, true])
        {
            var hand = new ByHand().Hand(Put(One));
            hand.Member.HoldsWork = true;
            hand.Hand(Put(Two, roll1: 10, roll2: 20));
            Assert.Equal(1, hand.Answers);
            if (wasInstalled) Assert.Null(hand.Plane.Install(Assert.IsType<InstallGroupSa>(hand.Member.Held.Peek())));
            hand.Member.HoldsWork = false;
            Restart(hand);
            hand.Pass(2000);
            Assert.Equal(2, hand.Answers);
            Assert.Empty(hand.Refusals);
            Assert.Equal([One, Two], hand.Plane.Spis);
            hand.Pass(30_000);
            Assert.Equal([Two], hand.Plane.Spis);
            Assert.Equal(Two, hand.Plane.Sending["mesh"]);
        }
    }

    [Fact]
    public void AGroupThatIsGoneWhenTheSuccessorComesTakesItsSasAlong()
    {
        var hand = new ByHand().Hand(Put(One));
        hand.Member.Restart(hand.Configuration with { Groups = [] }, Samples.AddressA);
        Assert.Empty(hand.Plane.Spis);
        Assert.DoesNotContain(hand.Member.Contexts.Keys, id => id <= uint.MaxValue);
    }

    [Fact]
    public void AContextThatCannotBeReadIsForgotten()
    {
        var hand = new ByHand().Hand(Put(One));
        var context = hand.Member.Contexts.Single(c => c.Key <= uint.MaxValue);
        for (var length = 0; length < context.Value.Length; length++)
        {
            var node = new Node("c", new Appliance.Machine.Entropy(new byte[32])) { Contexts = { [context.Key] = context.Value } };
            node.Do(new ContextRestored(context.Key, context.Value[..length]));
            Assert.True(!node.Contexts.ContainsKey(context.Key) || length == 0 || node.Machine.Members.Find("mesh") is not null, $"{length} octets");
        }
    }

    private static void Restart(ByHand hand)
    {
        hand.Member.Restart(hand.Configuration, Samples.AddressA);
        hand.Net.Run();
    }
}
