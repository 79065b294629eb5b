using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

[Trait("RFC", "7296")]
public class DeleteTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Rfc7296_1_4_1_AChildIsDeletedByEitherSide(bool byA)
    {
        var pair = new Pair(a: p => p with { Children = [p.Children[0] with { Start = ChildStart.OnDemand }] });
        pair.A.Step(pair.Now, new PacketWaits("net", null, null));
        pair.Established();
        var gateway = byA ? pair.A : pair.B;
        gateway.Step(pair.Now, new OperatorAsked(1, OperatorVerb.Down, "net"));
        pair.Run(3000);
        Assert.Equal((0, 0), (pair.A.Children.Count, pair.B.Children.Count));
        Assert.Equal((1, 1), (pair.A.Machine.All.Count, pair.B.Machine.All.Count));
    }

    [Fact]
    public void Rfc7296_1_4_1_BothDeleteAtOnce_BothAnswersAreEmpty()
    {
        var pair = new Pair(a: p => p with { Children = [p.Children[0] with { Start = ChildStart.OnDemand }] });
        pair.A.Step(pair.Now, new PacketWaits("net", null, null));
        pair.Established();
        foreach (var gateway in (Gateway[])[pair.A, pair.B]) gateway.Step(pair.Now, new OperatorAsked(1, OperatorVerb.Down, "net"));
        pair.Run(3000);
        Assert.Equal((0, 0), (pair.A.Children.Count, pair.B.Children.Count));
        Assert.Equal((1, 1), (pair.A.Machine.All.Count, pair.B.Machine.All.Count));
        Assert.DoesNotContain(pair.A.Log.Concat(pair.B.Log), l => l.Level >= IkeLogLevel.Warning);
    }

    [Fact]
    public void AnAlwaysTunnelComesBackWhenThePeerDeletesIt()
    {
        var pair = new Pair().Established();
        var before = pair.A.Children.Keys.Single();
        pair.B.Step(pair.Now, new OperatorAsked(1, OperatorVerb.Down, "net"));
        pair.Run(10_000);
        Assert.NotEqual(before, Assert.Single(pair.A.Children.Keys));
        pair.Check();
    }

    [Fact]
    public void AChildWhoseLimitIsReachedEndsAndComesBack()
    {
        var pair = new Pair().Established();
        var before = pair.A.Children.Values.Single().Child;
        pair.A.Step(pair.Now, new ChildExpires(before.OutboundSpi, Hard: true));
        pair.Run(10_000);
        Assert.NotEqual(before.InboundSpi, Assert.Single(pair.A.Children.Keys));
        pair.Check();
    }

    [Fact]
    public void Rfc7296_2_4_ASilentPeerIsAskedAndADeadOneIsForgotten()
    {
        var pair = new Pair(a: p => p with { LivenessSeconds = 30 }).Established();
        pair.A.Silent = 5;
        var quiet = pair.Seen.Count;
        pair.Run(100_000);
        Assert.Equal(quiet, pair.Seen.Count);
        pair.A.Silent = null;
        pair.Run(35_000);
        Assert.True(pair.Seen.Count > quiet);
        Assert.Single(pair.A.Children);
        pair.Passes = (_, _) => false;
        pair.Run(120_000);
        Assert.Empty(pair.A.Children);
    }

    [Fact]
    public void Rfc7296_2_4_AnAnswerIsASignOfLife()
    {
        var pair = new Pair(a: p => p with { LivenessSeconds = 30 }, b: p => p with { LivenessSeconds = 30 }).Established();
        pair.Run(600_000);
        Assert.Single(pair.A.Children);
        Assert.InRange(pair.Seen.Count, 20, 100);
    }

    [Fact]
    public void SeveralChildrenOnOneIkeSa()
    {
        var pair = new Pair(
            a: p => p with { Children = [p.Children[0], Pair.Template("second", ChildStart.Always, "10.3", "10.4")] },
            b: p => p with { Children = [p.Children[0], Pair.Template("second", ChildStart.Passive, "10.4", "10.3")] });
        pair.Run(5000);
        Assert.Equal((2, 2), (pair.A.Children.Count, pair.B.Children.Count));
        Assert.Single(pair.A.Machine.All);
        Assert.Equal(["net", "second"], pair.B.Children.Values.Select(c => c.Child.Tunnel).Order());
        pair.Check();
    }

    [Fact]
    public void Rfc7296_2_9_WhatThePeerDoesNotTakeIsRefusedWithTsUnacceptableAndTheIkeSaStays()
    {
        var pair = new Pair(a: p => p with { Children = [p.Children[0], Pair.Template("second", ChildStart.Always, "10.3", "10.4")] });
        pair.Run(5000);
        Assert.Equal((1, 1), (pair.A.Children.Count, pair.B.Children.Count));
        Assert.Contains(pair.B.Log, l => l.Key == "ts-unacceptable" && l.Text.Contains("10.3.0.0/16", StringComparison.Ordinal) && l.Text.Contains("10.1.0.0/16", StringComparison.Ordinal));
        Assert.Contains(pair.A.Log, l => l.Key == "ts-unacceptable");
    }
}
