using Appliance.Bfd.Tests.Rig;

namespace Appliance.Bfd.Tests.Machine;

[Trait("RFC", "5880")]
public sealed class PollTests
{
    [Fact]
    public void Rfc5880_6_8_3_ComingUpIsPolledAndEnds()
    {
        var pair = Pair.Up();
        Assert.Contains(pair.A.Sent, s => s.Packet.IsPoll && s.Packet.State == BfdState.Up && s.Packet.DesiredMinTxInterval == 50_000);
        Assert.Contains(pair.B.Sent, s => s.Packet.IsFinal);
        Assert.False(pair.A.Session.IsPolling);
        Assert.DoesNotContain(pair.A.Sent.Concat(pair.B.Sent), s => s.Packet.IsPoll && s.Packet.IsFinal);
    }

    [Fact]
    public void Rfc5880_6_8_3_ALongerIntervalWaitsForTheFinal()
    {
        var pair = Pair.Up();
        pair.Loses = (from, packet) => from == pair.B && packet.IsFinal;
        pair.A.Want(Node.Path(true), 400);
        pair.A.Sent.Clear();
        pair.Run(1000);
        Assert.All(pair.A.Sent, s => Assert.Equal((400_000u, true), (s.Packet.DesiredMinTxInterval, s.Packet.IsPoll)));
        Assert.True(pair.A.Sent.Count >= 20, "the old interval is in use until the Final comes");
        pair.Loses = (_, _) => false;
        pair.Run(500);
        pair.A.Sent.Clear();
        pair.Run(4000);
        Assert.InRange(pair.A.Sent.Count, 9, 15);
        Assert.Equal((1200, 1200), (pair.A.Session.DetectionMilliseconds, pair.B.Session.DetectionMilliseconds));
        Assert.Single(pair.A.Changes);
        Assert.Single(pair.B.Changes);
    }

    [Fact]
    public void Rfc5880_6_8_3_AShorterReceiveIntervalWaitsForTheFinal()
    {
        var pair = Pair.Up(400);
        pair.Loses = (from, packet) => from == pair.B && packet.IsFinal;
        pair.A.Want(Node.Path(true), 50);
        pair.B.Want(Node.Path(false), 50);
        pair.Run(100);
        Assert.Equal(1200, pair.A.Session.DetectionMilliseconds);
        pair.Loses = (_, _) => false;
        pair.Run(2000);
        Assert.Equal(150, pair.A.Session.DetectionMilliseconds);
        Assert.Single(pair.A.Changes);
        Assert.Single(pair.B.Changes);
    }

    [Fact]
    public void Rfc5880_6_8_3_ASecondChangeWaitsForTheFirst()
    {
        var pair = Pair.Up();
        pair.Delay = 40;
        pair.A.Sent.Clear();
        pair.A.Want(Node.Path(true), 200);
        pair.Run(60);
        pair.A.Want(Node.Path(true), 300);
        pair.Run(3000);
        var polled = pair.A.Sent.Where(s => s.Packet.IsPoll).Select(s => s.Packet.DesiredMinTxInterval).ToList();
        Assert.Equal([200_000u, 300_000u], polled.Distinct());
        Assert.False(pair.A.Session.IsPolling);
        Assert.Single(pair.A.Changes);
        Assert.Single(pair.B.Changes);
    }

    [Fact]
    public void Rfc5880_6_8_12_TheMultiplierNeedsNoPoll()
    {
        var pair = Pair.Up();
        pair.A.Sent.Clear();
        pair.A.Want(Node.Path(true), 50, 5);
        pair.Run(500);
        Assert.DoesNotContain(pair.A.Sent, s => s.Packet.IsPoll);
        Assert.Equal(250, pair.B.Session.DetectionMilliseconds);
    }

    [Fact]
    public void AFloodOfPollsIsAnsweredAtTheAdvertisedPaceAtMost()
    {
        var pair = Pair.Up();
        var poll = SessionTests.Packet(SessionTests.Hello(BfdState.Up) with { IsPoll = true, YourDiscriminator = pair.A.Session.Discriminator, MyDiscriminator = pair.B.Session.Discriminator });
        pair.A.Sent.Clear();
        for (var i = 0; i < 1000; i++)
        {
            for (var j = 0; j < 20; j++) pair.A.Step(poll);
            pair.Run(1);
        }

        Assert.InRange(pair.A.Sent.Count(s => s.Packet.IsFinal), 50, 120);
        Assert.Single(pair.A.Changes);
    }
}
