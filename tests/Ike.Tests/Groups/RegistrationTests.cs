using Appliance.Ike.Machine;
using Appliance.Ike.Machine.Rig;
using Appliance.Ike.Messages;
using static Appliance.Ike.Groups.ByHand;

namespace Appliance.Ike.Groups;

/// <summary>A member that needs fresh Sender-IDs, or an SA that should be there, makes a new IKE SA beside the present one: nothing that is in use ends before.</summary>
public sealed class RegistrationTests
{
    [Fact]
    public void Rfc6054_NearTheEndOfTheIvsANewIkeSaBringsFreshSenderIds()
    {
        var hand = new ByHand().Hand(Put(One));
        var (sa, child) = (hand.Member.Sa, hand.Member.Sa.Children[0].InboundSpi);
        hand.Member.Do(new GroupExpires("mesh", One, false));
        hand.Member.Do(new GroupExpires("mesh", One, false));
        Assert.Equal(One, hand.Plane.Sending["mesh"]);
        hand.Net.Run();
        Assert.NotEqual(sa, hand.Member.Sa);
        Assert.Equal(One, hand.Plane.Sending["mesh"]);
        // The new child was there before the old one went.
        var actions = hand.Member.Actions;
        Assert.True(actions.FindLastIndex(a => a is InstallChild) < actions.FindLastIndex(a => a is RemoveChild remove && remove.InboundSpi == child));
        hand.Hand(Put(One, firstSenderId: 7));
        Assert.Equal(["install 1001 1+2", "activate 1001", "install 1001 7+8", "activate 1001"], hand.Plane.Story);
        var now = hand.Member.Sa;
        hand.Pass(600_000);
        Assert.Same(now, hand.Member.Sa);
    }

    [Fact]
    public void WithoutFreshOnesItIsTriedAgainSeldom()
    {
        var hand = new ByHand().Hand(Put(One, life: 100_000));
        hand.Member.Do(new GroupExpires("mesh", One, false));
        hand.Pass(3_600_000);
        Assert.InRange(hand.Member.Actions.OfType<WriteLog>().Count(l => l.Key == "replaced"), 5, 12);
        Assert.Equal(One, hand.Plane.Sending["mesh"]);
    }

    [Fact]
    public void WhenTheIvsAreUsedUpNothingElseIsLeftUntilFreshOnesCome()
    {
        var hand = new ByHand().Hand(Put(One));
        hand.Member.Do(new GroupExpires("mesh", One, true));
        hand.Net.Run();
        Assert.Contains("used up", hand.Status.Problem, StringComparison.Ordinal);
        // The same again has the same Sender-IDs: it helps nobody.
        hand.Hand(Put(One));
        Assert.Contains("used up", hand.Status.Problem, StringComparison.Ordinal);
        hand.Hand(Put(One, firstSenderId: 7));
        Assert.Equal("activate 1001", hand.Plane.Story[^1]);
        Assert.Equal("", hand.Status.Problem);
    }

    [Fact]
    public void AnotherSaIsSentByAtOnceWhenTheIvsAreUsedUp()
    {
        var hand = new ByHand().Hand(Put(One)).Hand(Put(Two, roll1: 30, roll2: 90));
        hand.Member.Do(new GroupExpires("mesh", One, true));
        Assert.Equal(Two, hand.Plane.Sending["mesh"]);
        Assert.DoesNotContain(hand.Member.Log, l => l.Key == "replaced");
    }

    [Fact]
    public void AGatewayThatHandsOutNothingBeforeTheLifetimeEndsIsAskedByANewIkeSa()
    {
        var hand = new ByHand().Hand(Put(One, life: 100)).Pass(89_999);
        var sa = hand.Member.Sa;
        hand.Pass(500);
        Assert.NotEqual(sa, hand.Member.Sa);
        Assert.Contains(hand.Member.Texts, t => t.Contains("has handed out no other", StringComparison.Ordinal));
        hand.Hand(Put(Two, roll1: 3, roll2: 5)).Pass(4000);
        Assert.Equal(Two, hand.Plane.Sending["mesh"]);
    }

    [Fact]
    public void AGroupThatIsNewOnAnIkeSaOfBeforeIsRegisteredFor()
    {
        var hand = new ByHand(c => c with { Groups = [] });
        var sa = hand.Member.Sa;
        hand.Member.Do(new ConfigurationChanged(hand.Configuration with { Groups = [new IkeGroup { Name = "mesh", Gateways = ["b"], Senders = 2 }] }));
        hand.Pass(Tuning.GroupExpected + 1000);
        Assert.NotEqual(sa, hand.Member.Sa);
        Assert.True(hand.Member.Sa.Extensions.HasFlag(Extensions.Multipoint));
        Assert.Equal(2, hand.Net.B.Sa.GroupSenders);
    }

    [Fact]
    public void MoreWorkersThanBeforeNeedMoreSenderIds()
    {
        var hand = new ByHand().Hand(Put(One));
        var sa = hand.Member.Sa;
        hand.Member.Do(new ConfigurationChanged(hand.Configuration with { Groups = [hand.Configuration.Groups[0] with { Senders = 4 }] }));
        hand.Net.Run();
        Assert.NotEqual(sa, hand.Member.Sa);
        Assert.Equal(4, hand.Net.B.Sa.GroupSenders);
        hand.Hand(Put(One) with { SenderIds = [11, 12, 13, 14] });
        Assert.Equal("install 1001 11+12+13+14", hand.Plane.Story[^2]);
    }
}
