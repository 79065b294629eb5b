namespace Appliance.Shared.Tests.Tables;

public sealed class QuiescenceTests
{
    private readonly ulong[] epochs = new ulong[WorkerBlock.Maximum];
    private bool alive = true;
    private readonly Quiescence quiescence;

    public QuiescenceTests() => quiescence = new Quiescence(worker => epochs[worker], () => alive);

    [Fact]
    public void WaitsForEveryWorkerThatIsInARound()
    {
        epochs[0] = 3;
        epochs[1] = 7;
        epochs[2] = 8;
        var ticket = quiescence.Ticket();
        Assert.False(quiescence.HasPassed(ticket));
        epochs[0] = 5;
        Assert.False(quiescence.HasPassed(ticket));
        epochs[1] = 8;
        Assert.True(quiescence.HasPassed(ticket));
    }

    [Fact]
    public void WhatIsTakenOutDuringAPeriodWaitsForTheNext()
    {
        epochs[0] = 1;
        var first = quiescence.Ticket();
        Assert.False(quiescence.HasPassed(first));
        var second = quiescence.Ticket();
        epochs[0] = 3;
        Assert.True(quiescence.HasPassed(first));
        Assert.False(quiescence.HasPassed(second));
        epochs[0] = 5;
        Assert.True(quiescence.HasPassed(second));
    }

    [Fact]
    public void WorkerThatSleepsAgainHasPassed()
    {
        epochs[0] = 1;
        var ticket = quiescence.Ticket();
        Assert.False(quiescence.HasPassed(ticket));
        epochs[0] = 2;
        Assert.True(quiescence.HasPassed(ticket));
    }

    [Fact]
    public void DeadProcessHoldsNothing()
    {
        epochs[0] = 1;
        var ticket = quiescence.Ticket();
        Assert.False(quiescence.TryWait(ticket, TimeSpan.FromMilliseconds(20)));
        alive = false;
        Assert.True(quiescence.HasPassed(ticket));
    }

    [SkippableFact]
    public void WorkerEpochIsOddInARoundAndEvenOutside()
    {
        using var place = new TestRegion();
        ref var block = ref place.Region.Worker(1);
        WorkerEpoch.Enter(ref block);
        Assert.Equal(1u, block.Epoch & 1);
        var before = block.Epoch;
        WorkerEpoch.Pass(ref block);
        Assert.Equal(1u, block.Epoch & 1);
        Assert.True(block.Epoch > before);
        WorkerEpoch.Leave(ref block);
        Assert.Equal(0u, block.Epoch & 1);
        WorkerEpoch.Enter(ref block);
        before = block.Epoch;
        WorkerEpoch.TakeOver(place.Region);
        Assert.Equal(0u, block.Epoch & 1);
        Assert.NotEqual(before, block.Epoch);
        Assert.Equal(0u, place.Region.Worker(0).Epoch & 1);
    }

    [SkippableFact]
    public void ProcessThatIsGoneIsSeenInTheRegion()
    {
        using var place = new TestRegion();
        var watch = new Quiescence(place.Region);
        place.Region.Header.DataPlaneProcess = Environment.ProcessId;
        WorkerEpoch.Enter(ref place.Region.Worker(0));
        var ticket = watch.Ticket();
        Assert.False(watch.HasPassed(ticket));
        place.Region.Header.DataPlaneProcess = int.MaxValue;
        Assert.True(watch.HasPassed(ticket));
    }
}
