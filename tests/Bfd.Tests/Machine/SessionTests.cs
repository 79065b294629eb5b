using Appliance.Bfd.Tests.Rig;

namespace Appliance.Bfd.Tests.Machine;

[Trait("RFC", "5880")]
public sealed class SessionTests
{
    [Fact]
    public void Rfc5880_6_2_BothSidesComeUp()
    {
        var pair = Pair.Up();
        Assert.True(Assert.Single(pair.A.Changes).Change.IsUp);
        Assert.True(Assert.Single(pair.B.Changes).Change.IsUp);
        Assert.Equal(pair.A.Session.Discriminator, pair.B.Session.RemoteDiscriminator);
        Assert.Equal(150, pair.A.Session.DetectionMilliseconds);
    }

    [Fact]
    public void Rfc5880_6_8_3_WhatIsNotUpTransmitsSlowly()
    {
        var pair = new Pair();
        pair.A.Want(Node.Path(true));
        pair.Run(10_000);
        Assert.InRange(pair.A.Sent.Count, 10, 14);
        Assert.All(pair.A.Sent, s => Assert.Equal((BfdState.Down, 1_000_000u), (s.Packet.State, s.Packet.DesiredMinTxInterval)));
    }

    [Theory]
    [InlineData(3, 75, 100)]
    [InlineData(1, 75, 90)]
    public void Rfc5880_6_8_7_IntervalsAreJittered(int multiplier, int least, int most)
    {
        var pair = Pair.Up(100, multiplier);
        pair.A.Sent.Clear();
        pair.Run(20_000);
        var gaps = pair.A.Sent.Zip(pair.A.Sent.Skip(1), (a, b) => b.At - a.At).ToList();
        Assert.True(gaps.Count > 200);
        Assert.InRange(gaps.Min(), least, least + 2);
        Assert.InRange(gaps.Max(), most - 2, most);
        Assert.Empty(pair.A.Changes.Skip(1));
    }

    [Fact]
    public void Rfc5880_6_8_4_SilenceIsNoticedAfterTheDetectionTime()
    {
        var pair = Pair.Up();
        var cut = pair.Now;
        pair.Loses = (from, _) => from == pair.A;
        pair.Run(1000);
        var (at, change) = pair.B.Changes[1];
        Assert.Equal((false, BfdDiagnostic.DetectionTimeExpired, false), (change.IsUp, change.Diagnostic, change.IsAdministrative));
        Assert.InRange(at - cut, 100, 151);

        // A hears of it at once, since what B sends still arrives.
        Assert.Equal(BfdDiagnostic.NeighborSignaledDown, pair.A.Changes[1].Change.Diagnostic);
        Assert.InRange(pair.A.Changes[1].At - at, 0, 2);

        pair.Loses = (_, _) => false;
        pair.Run(3000);
        Assert.Equal((BfdState.Up, BfdState.Up), (pair.A.Session.State, pair.B.Session.State));
    }

    [Fact]
    public void Rfc5880_6_8_1_TheDiscriminatorOfASilentSideIsForgotten()
    {
        var pair = Pair.Up();
        pair.Loses = (_, _) => true;
        pair.Run(500);
        Assert.Equal(0u, pair.A.Session.RemoteDiscriminator);
        Assert.Equal(0u, pair.A.Sent[^1].Packet.YourDiscriminator);
    }

    [Fact]
    public void OneOrTwoLostPacketsAreNoFailure()
    {
        var pair = Pair.Up();
        var (a, b) = (0, 0);

        // Each direction loses two of three, never three in a row.
        pair.Loses = (from, _) => (from == pair.A ? a++ : b++) % 3 != 2;
        pair.Run(60_000);
        Assert.True(a > 1000 && b > 1000);
        Assert.Single(pair.A.Changes);
        Assert.Single(pair.B.Changes);
    }

    [Fact]
    public void ASideThatStartsAnewComesUpAgain()
    {
        var pair = Pair.Up();
        pair.A.Restart();
        pair.A.Want(Node.Path(true));
        pair.Run(3000);
        Assert.Equal([true, false, true], pair.B.Changes.Select(c => c.Change.IsUp));
        Assert.Equal(BfdState.Up, pair.A.Session.State);
    }

    [Fact]
    public void Rfc5880_6_8_16_WhoLeavesSaysAdminDownForADetectionTime()
    {
        var pair = Pair.Up();
        pair.A.Sent.Clear();
        pair.A.Step(new BfdSessionUnwanted("n"));
        pair.Run(10_000);
        Assert.All(pair.A.Sent, s => Assert.Equal((BfdState.AdminDown, BfdDiagnostic.AdministrativelyDown), (s.Packet.State, s.Packet.Diagnostic)));
        Assert.InRange(pair.A.Sent.Count, 3, 5);
        Assert.Equal(1, pair.A.Ended);
        Assert.Empty(pair.A.Machine.Status(default));

        // Rfc5882_4_2: the other side's protocols are told that it is no failure.
        var change = pair.B.Changes[1].Change;
        Assert.Equal((false, BfdDiagnostic.NeighborSignaledDown, true), (change.IsUp, change.Diagnostic, change.IsAdministrative));
    }

    [Fact]
    public void WhoComesBackWhileItLeavesIsUpAgain()
    {
        var pair = Pair.Up();
        pair.A.Step(new BfdSessionUnwanted("n"));
        pair.Run(500);
        pair.A.Want(Node.Path(true));
        pair.Run(3000);
        Assert.Equal((BfdState.Up, BfdState.Up), (pair.A.Session.State, pair.B.Session.State));
        Assert.Equal(0, pair.A.Ended);
    }

    [Fact]
    public void Rfc5882_4_2_AnEndOfTheProcessIsToldAsAdminDown()
    {
        var pair = Pair.Up();
        pair.A.Step(new BfdStopped());
        Assert.Equal((1, long.MaxValue), (pair.A.Ended, pair.A.Machine.NextDue.Milliseconds));
        pair.Run(10);
        Assert.True(pair.B.Changes[1].Change.IsAdministrative);
    }

    [Fact]
    public void Rfc5880_6_8_7_NothingPeriodicGoesToWhomWantsNone()
    {
        var pair = new Pair();
        pair.A.Want(Node.Path(true));
        var hello = Hello(BfdState.Down) with { RequiredMinRxInterval = 0 };
        pair.A.Step(Packet(hello));
        pair.A.Sent.Clear();
        pair.Run(500);
        Assert.Empty(pair.A.Sent);
        pair.A.Step(Packet(hello with { IsPoll = true, YourDiscriminator = pair.A.Session.Discriminator }));
        Assert.True(Assert.Single(pair.A.Sent).Packet.IsFinal);
    }

    [Fact]
    public void Rfc5880_6_6_ASideInDemandModeIsSentNothingPeriodic()
    {
        var pair = Pair.Up();
        var demand = Hello(BfdState.Up) with { IsDemand = true, YourDiscriminator = pair.A.Session.Discriminator, MyDiscriminator = pair.B.Session.Discriminator, DesiredMinTxInterval = 1_000_000 };
        pair.A.Step(Packet(demand));
        pair.A.Sent.Clear();
        pair.B.Out = _ => { };
        pair.Run(500);
        Assert.Empty(pair.A.Sent);
        pair.A.Step(Packet(demand with { IsDemand = false }));
        pair.Run(500);
        Assert.NotEmpty(pair.A.Sent);
    }

    internal static ControlPacket Hello(BfdState state) => new()
    {
        State = state, DetectMult = 3, MyDiscriminator = 77, DesiredMinTxInterval = 1_000_000, RequiredMinRxInterval = 50_000,
    };

    internal static BfdPacketReceived Packet(ControlPacket packet, BfdPath? path = null, int ttl = 255)
    {
        var octets = new byte[ControlPacket.Octets];
        packet.Write(octets);
        return new BfdPacketReceived(path ?? Node.Path(true), ttl, octets);
    }
}
