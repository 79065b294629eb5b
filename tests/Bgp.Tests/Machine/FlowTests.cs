using Appliance.Bgp.Tests.Machine.Rig;
using static Appliance.Bgp.Tests.Machine.Rig.Samples;

namespace Appliance.Bgp.Tests.Machine;

/// <summary>Much at once, and neighbours that do not read.</summary>
public sealed class FlowTests
{
    private static readonly List<OriginatedRoute> Many = [.. Enumerable.Range(0, 12_000).Select(i => Route($"10.{i / 256}.{i % 256}.0/24", new PathAttributes { Med = (uint)i }))];

    [Fact]
    public void ManyRoutesCross()
    {
        var pair = new Pair().Start(a: c => c with { Networks = Many }).Established();
        Assert.Equal(12_000, pair.B.Status("a").Families[0].Accepted);
        Assert.Equal(12_000, pair.B.Table.Count);
        Assert.Equal(0, pair.A.Status("b").OctetsUnsent);
        pair.A.Configure(pair.ConfigurationA);
        pair.A.Configure(pair.ConfigurationA with { Networks = [] });
        pair.Net.Run();
        Assert.Empty(pair.B.Table);
    }

    [Fact]
    public void ANeighborThatDoesNotReadGetsNoMoreThanABoundedAmount()
    {
        var solo = new Solo(all: c => c with { Networks = Many });
        var hand = solo.Dial();
        hand.End.IsStuck = true;
        hand.Establish(Solo.As, Solo.Identifier, hold: 0);
        Assert.InRange(solo.Status.OctetsUnsent, 256 * 1024, 256 * 1024 + 128 * 1024);
        solo.Net.Pass(60_000);
        Assert.InRange(solo.Status.OctetsUnsent, 256 * 1024, 256 * 1024 + 128 * 1024);
        solo.Net.Unstick(hand.End);
        solo.Net.Run();
        Assert.Equal(0, solo.Status.OctetsUnsent);
        Assert.Equal(12_000, hand.Of(MessageType.Update).Count(m => m.Length > 23));
    }

    [Fact]
    public void ANeighborThatDoesNotReadHoldsUpNobodyElse()
    {
        var net = new Net();
        var (speaker, other) = (net.Add("s", "192.0.2.1"), net.Add("o", "192.0.2.3"));
        speaker.Configure(Speaks(65001, "1.1.1.1", To("n", Solo.Address, Solo.As) with { Passive = true }, To("o", "192.0.2.3", 65003)) with { Networks = Many });
        var hand = net.Dial(speaker, Solo.Address);
        hand.End.IsStuck = true;
        hand.Establish(Solo.As, Solo.Identifier);
        other.Configure(Speaks(65003, "3.3.3.3", To("s", "192.0.2.1", 65001)));
        net.Pass(15_000);
        Assert.Equal(12_000, other.Table.Count);
    }

    [Fact]
    public void Rfc9687_ANeighborThatNeverReadsIsGivenUp()
    {
        var solo = new Solo(all: c => c with { Networks = Many });
        var hand = solo.Dial();
        hand.End.IsStuck = true;
        hand.Establish(Solo.As, Solo.Identifier, hold: 0);
        solo.Net.Pass(479_000);
        Assert.Equal(SessionState.Established, solo.State);
        solo.Net.Pass(1_100);
        Assert.Equal(SessionState.Idle, solo.State);
        Assert.Contains("RFC 9687", solo.Reason, StringComparison.Ordinal);
        Assert.Contains("Send Hold Timer Expired", solo.Status.LastNotification, StringComparison.Ordinal);
    }

    [Fact]
    public void Rfc9687_ANeighborThatReadsSlowlyIsNot()
    {
        var solo = new Solo(all: c => c with { Networks = Many });
        var hand = solo.Dial();
        hand.End.IsStuck = true;
        hand.Establish(Solo.As, Solo.Identifier, hold: 0);
        for (var i = 0; i < 5; i++)
        {
            solo.Net.Pass(400_000);
            solo.Speaker.Do(new OctetsSent(hand.End.Other.Id, 1));
        }

        Assert.Equal(SessionState.Established, solo.State);
    }

    [Fact]
    public void ManyUpdatesInOneStepAreDecidedOnOnce()
    {
        var solo = new Solo();
        var hand = solo.Establish();
        var update = Solo.Announce("10.1.0.0/16");
        var from = solo.Speaker.Actions.Count;
        hand.Send([.. Enumerable.Range(0, 3000).SelectMany(i => i % 2 == 0 ? update : Hand.Update(Solo.Nlri("10.1.0.0/16"), [], [])), .. update]);
        Assert.Single(solo.Speaker.Actions.Skip(from).OfType<BestRoutesChanged>());
    }

    [Fact]
    public void AttributesThatDoNotFitAreNotSentAndWhatWasSentBeforeIsWithdrawn()
    {
        var solo = new Solo(all: c => c with { Networks = [Route("10.1.0.0/16"), Route("10.2.0.0/16")] });
        var hand = solo.Establish();
        var long_ = new PathAttributes { Communities = [.. Enumerable.Range(0, 1100).Select(i => (uint)i)] };
        solo.Speaker.Configure(solo.Configuration with { Networks = [Route("10.1.0.0/16", long_), Route("10.2.0.0/16")] });
        solo.Net.Run();
        var last = hand.Of(MessageType.Update).Last();
        Assert.True(UpdateReader.TryRead(last.AsSpan(19), new UpdateOptions { FourOctetAs = true, Families = FamilySet.None.With(Family.Ipv4Unicast) }, out var view));
        Assert.True(view.Announced.IsEmpty);
        Assert.Equal(Solo.Nlri("10.1.0.0/16"), view.Withdrawn.ToArray());
        Assert.Contains(solo.Speaker.Notices, n => n.Message.Contains("10.1.0.0/16", StringComparison.Ordinal));
    }
}
