using System.Net;
using Appliance.Bgp.Tests.Machine.Rig;
using static Appliance.Bgp.Tests.Machine.Rig.Samples;

namespace Appliance.Bgp.Tests.Machine;

/// <summary>Neighbours by prefix.</summary>
public sealed class DynamicTests
{
    private static readonly DynamicNeighbors Range = new(IPNetwork.Parse("192.0.2.0/24"), To("branch", "0.0.0.0", 0), 2);
    private static readonly DynamicNeighbors Inner = new(IPNetwork.Parse("192.0.2.64/26"), To("inner", "0.0.0.0", 65100), 5);

    [Fact]
    public void WhoeverConnectsFromTheRangeIsANeighborUntilItGoes()
    {
        var (net, speaker) = Start(Range);
        Assert.Contains(speaker.Listens!.Peers, p => p.Peers.Equals(Range.Range));
        var hand = net.Dial(speaker, "192.0.2.7").Establish(65007, Id("7.7.7.7")).Send(Hand.Update([], Hand.Attributes(65007, "192.0.2.7"), Solo.Nlri("10.7.0.0/16")));
        var status = speaker.Status("branch-192.0.2.7");
        Assert.Equal((SessionState.Established, 65007u, true, true), (status.State, status.RemoteAs, status.IsDynamic, status.IsExternal));
        Assert.Equal("branch-192.0.2.7", speaker.Best("10.7.0.0/16")!.Paths[0].Neighbor);
        hand.Close();
        net.Run();
        Assert.Null(speaker.Machine.Neighbor("branch-192.0.2.7", net.Now));
        Assert.Null(speaker.Best("10.7.0.0/16"));
        net.Pass(60_000);
        Assert.Empty(speaker.Actions.OfType<OpenConnection>());
    }

    [Fact]
    public void NoMoreThanTheMaximumAndTheOperatorHearsOfIt()
    {
        var (net, speaker) = Start(Range);
        var hands = Enumerable.Range(1, 50).Select(i => net.Dial(speaker, $"192.0.2.{100 + i}").Establish(65007, (uint)i)).ToList();
        Assert.Equal(2, speaker.Machine.Summary(net.Now).Neighbors.Count(n => n.State == SessionState.Established));
        Assert.Equal((NotificationCode.Cease, CeaseReason.ConnectionRejected), (hands[2].Notification.Code, hands[2].Notification.Subcode));
        Assert.InRange(speaker.Notices.Count(), 1, 10);
        hands[0].Close();
        net.Run();
        net.Dial(speaker, "192.0.2.200").Establish(65007, 200);
        Assert.Equal(SessionState.Established, speaker.StateOf("branch-192.0.2.200"));
    }

    [Fact]
    public void TheLongestRangeCountsAndAConfiguredNeighborBeforeAll()
    {
        var (net, speaker) = Start(Range, Inner);
        speaker.Configure(new BgpConfiguration { LocalAs = 65001, RouterId = 1, Dynamic = [Range, Inner], Neighbors = [To("own", "192.0.2.70", 65070) with { Passive = true }] });
        net.Dial(speaker, "192.0.2.65").Establish(65100, 65);
        net.Dial(speaker, "192.0.2.70").Establish(65070, 70);
        Assert.Equal(["inner-192.0.2.65", "own"], speaker.Machine.Summary(net.Now).Neighbors.Select(n => n.Name));
    }

    [Fact]
    public void ARangeThatIsTakenAwayTakesItsNeighborsAlong()
    {
        var (net, speaker) = Start(Range);
        var hand = net.Dial(speaker, "192.0.2.7").Establish(65007, 7);
        speaker.Configure(Speaks(65001, "1.1.1.1"));
        net.Run();
        Assert.Equal(CeaseReason.PeerDeconfigured, hand.Notification.Subcode);
        Assert.Empty(speaker.Machine.Summary(net.Now).Neighbors);
    }

    [Fact]
    public void ANeighborThatSendsTooMuchStaysDownAlsoWhenItIsDynamic()
    {
        var (net, speaker) = Start(Range with { Template = Range.Template with { Families = [Ipv4 with { MaximumPrefixes = 1, MaximumRestartMinutes = 5 }] } });
        net.Dial(speaker, "192.0.2.7").Establish(65007, 7).Send(Hand.Update([], Hand.Attributes(65007, "192.0.2.7"), Solo.Nlri("10.7.0.0/16", "10.8.0.0/16")));
        net.Pass(200_000);
        Assert.Equal(CeaseReason.ConnectionRejected, net.Dial(speaker, "192.0.2.7").Notification.Subcode);
        net.Pass(101_000);
        net.Dial(speaker, "192.0.2.7").Establish(65007, 7);
        Assert.Equal(SessionState.Established, speaker.StateOf("branch-192.0.2.7"));
    }

    private static (Net Net, Speaker Speaker) Start(params DynamicNeighbors[] ranges)
    {
        var net = new Net();
        var speaker = net.Add("s", "192.0.2.1");
        speaker.Configure(Speaks(65001, "1.1.1.1") with { Dynamic = ranges });
        return (net, speaker);
    }
}
