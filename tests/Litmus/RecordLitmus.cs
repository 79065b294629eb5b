using Appliance.Shared;

namespace Appliance.Litmus;

/// <summary>The life of a record: filled, published, taken out of use, wiped, used again. A worker in its round must never see another life's octets.</summary>
public sealed class RecordLitmus : IDisposable
{
    private static int counter;
    private readonly string directory = $"/dev/shm/appliance-litmus-{Environment.ProcessId}-{Interlocked.Increment(ref counter)}";
    private readonly Region region;
    private ulong life;

    public RecordLitmus()
    {
        Skip.IfNot(Environment.UserName == "root", "a region is locked in memory: only root may lock that much");
        Directory.CreateDirectory(directory);
        region = Region.CreateOrOpen($"{directory}/region", new RegionSizes { OutboundSas = 1 }, 1, out _);
        region.Header.DataPlaneProcess = Environment.ProcessId;
    }

    [SkippableFact]
    public void WorkerSeesOneLifeOnly()
    {
        var table = SlotTable.ForOutboundSas(region, new Quiescence(region));
        Assert.False(Duel.SeesViolation(Duel.Hold, () => Live(table, publishFirst: false), WorkerRound));
        Assert.True(life > 100, $"only {life} lives");
    }

    [SkippableFact]
    public void SlowPathThatPublishesBeforeItHasWrittenFails()
    {
        var table = SlotTable.ForOutboundSas(region, new Quiescence(region));
        Assert.True(Duel.SeesViolation(Duel.Fall, () => Live(table, publishFirst: true), WorkerRound));
    }

    [SkippableFact]
    public void SlowPathThatDoesNotWaitForWorkersFails()
    {
        // A quiescence that believes that no worker lives.
        var table = SlotTable.ForOutboundSas(region, new Quiescence(_ => 1, () => false));
        Assert.True(Duel.SeesViolation(Duel.Fall, () => Live(table, publishFirst: false), WorkerRound));
    }

    public void Dispose()
    {
        region.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    private void Live(SlotTable table, bool publishFirst)
    {
        if (!table.TryTake(out var slot)) return;
        life++;
        ref var sa = ref region.OutboundSa(slot);
        if (publishFirst) table.Publish(slot);
        sa.SequenceSoftLimit = life;
        sa.IvBase = life;
        sa.Key[0] = sa.Key[767] = (byte)life;
        sa.SequenceHardLimit = life;
        if (!publishFirst) table.Publish(slot);
        table.Retire(slot);
        table.Reclaim();
    }

    private bool WorkerRound()
    {
        ref var block = ref region.Worker(0);
        var violated = false;
        WorkerEpoch.Enter(ref block);
        for (var round = 0; round < 256 && !violated; round++)
        {
            ref var sa = ref region.OutboundSa(0);
            if (Volatile.Read(ref sa.State) == SlotState.Live)
            {
                // As a worker does: looked at once, used until the end of the round.
                var first = Volatile.Read(ref sa.SequenceHardLimit);
                Thread.SpinWait(5);
                violated = Volatile.Read(ref sa.SequenceSoftLimit) != first || Volatile.Read(ref sa.IvBase) != first || sa.Key[0] != (byte)first || sa.Key[767] != (byte)first;
            }

            WorkerEpoch.Pass(ref block);
        }

        WorkerEpoch.Leave(ref block);
        return violated;
    }
}
