using Appliance.Shared;

namespace Appliance.Litmus;

/// <summary>
/// The claim of a sender of a multi-point SA (<see cref="Senders"/>): two workers authenticate a first packet of it at the same moment, while a third thread frees the senders of an SA that has gone.
/// One of them has its window, never both: else a replay would pass by way of the other.
/// </summary>
public sealed class SenderLitmus : IDisposable
{
    private const uint Ids = 64;
    private static int counter;
    private readonly string directory = $"/dev/shm/appliance-litmus-sender-{Environment.ProcessId}-{Interlocked.Increment(ref counter)}";
    private readonly Region region;
    private readonly SlotTable sas;
    private readonly SenderTable table;
    private readonly uint[][] claimed = [new uint[Ids], new uint[Ids]];
    private readonly uint[] cursors = [0, 0];
    private readonly Barrier round = new(2);
    private uint sa;
    private uint other;
    private long rounds;
    private volatile bool over;

    public SenderLitmus()
    {
        Skip.IfNot(Environment.UserName == "root", "a region is locked in memory: only root may lock that much");
        Skip.If(Environment.ProcessorCount < 2, "with one processor nothing happens at the same time");
        Directory.CreateDirectory(directory);
        region = Region.CreateOrOpen($"{directory}/region", new RegionSizes { OutboundSas = 1, InboundSas = 8, Senders = 512 }, 2, out _);
        region.Header.DataPlaneProcess = Environment.ProcessId;
        var quiescence = new Quiescence(region);
        sas = SlotTable.ForInboundSas(region, quiescence);
        table = new SenderTable(region, quiescence);
        sa = Publish();
        other = Publish();
    }

    [SkippableFact]
    public void ASenderHasOneOwner()
    {
        Assert.False(Run(Duel.Hold, (id, worker) => Claim(sa, id, worker)));
        Assert.True(rounds > 100, $"only {rounds} rounds");
    }

    /// <summary>The same without the compare-and-swap of the chain's head: whoever stores last hides what the other has claimed.</summary>
    [SkippableFact]
    public void AClaimThatOnlyLooksAndThenStoresFails() => Assert.True(Run(Duel.Fall, Careless));

    public void Dispose()
    {
        round.Dispose();
        region.Dispose();
        Directory.Delete(directory, recursive: true);
    }

    /// <summary>True when both workers believed to own one sender, or its record is not the one that is found.</summary>
    private bool Run(TimeSpan time, Func<uint, int, uint> claim)
    {
        var seen = false;
        var second = new Thread(() => Work(1, claim));
        second.Start();
        var end = Environment.TickCount64 + (long)time.TotalMilliseconds;
        while (!seen && Environment.TickCount64 < end)
        {
            Step(0, claim);
            seen = Violated();
            rounds++;
            Renew();
        }

        over = true;
        round.SignalAndWait();
        second.Join();
        return seen;
    }

    private void Work(int worker, Func<uint, int, uint> claim)
    {
        while (true)
        {
            round.SignalAndWait();
            if (over) return;
            Claims(worker, claim);
            round.SignalAndWait();
        }
    }

    private void Step(int worker, Func<uint, int, uint> claim)
    {
        round.SignalAndWait();
        Claims(worker, claim);
        round.SignalAndWait();
    }

    // As in a worker's round. Both claim senders of another SA too, which is going at that moment, so that chains change at both ends.
    private void Claims(int worker, Func<uint, int, uint> claim)
    {
        ref var block = ref region.Worker(worker);
        WorkerEpoch.Enter(ref block);
        for (uint id = 0; id < Ids; id++)
        {
            claimed[worker][id] = claim(id, worker);
            if (worker == 0 && (id & 15) == 7) table.Reclaim();
            if ((id & 3) == 0) _ = Claim(other, (uint)(worker * 1000) + id, worker);
        }

        WorkerEpoch.Leave(ref block);
    }

    private uint Claim(uint slot, uint id, int worker) =>
        region.Senders.Claim(slot, region.InboundSa(slot).Generation, id, worker, ref cursors[worker], out var record) == SenderClaim.Own ? record : Senders.None;

    /// <summary>The twin: looks, takes a record, and puts it in front without asking whether the front is still what it was.</summary>
    private uint Careless(uint id, int worker)
    {
        var generation = region.InboundSa(sa).Generation;
        if (region.Senders.Find(sa, generation, id) is var there && there != Senders.None) return region.Sender(there).Worker == worker ? there : Senders.None;
        for (var record = (uint)worker; record < (uint)region.Counts.Senders; record += 2)
        {
            ref var fresh = ref region.Sender(record);
            if (Interlocked.CompareExchange(ref fresh.State, SlotState.Writing, SlotState.Free) != SlotState.Free) continue;
            (fresh.Sa, fresh.Generation, fresh.SenderId, fresh.Worker) = (sa, generation, id, (uint)worker);
            ref var head = ref region.Senders.Head(sa, id);
            fresh.Next = Volatile.Read(ref head);
            Volatile.Write(ref fresh.State, SlotState.Live);
            Volatile.Write(ref head, record + 1);
            return record;
        }

        return Senders.None;
    }

    private bool Violated()
    {
        for (uint id = 0; id < Ids; id++)
        {
            var (first, second) = (claimed[0][id], claimed[1][id]);
            if (first != Senders.None && second != Senders.None) return true;
            var owner = first != Senders.None ? first : second;
            if (owner == Senders.None || region.Senders.Find(sa, region.InboundSa(sa).Generation, id) != owner) return true;
        }

        return false;
    }

    /// <summary>Both SAs go, and others take their place: their senders are freed while the next round claims.</summary>
    private void Renew()
    {
        sas.Retire(sa);
        sas.Retire(other);
        sas.Reclaim();
        table.Reclaim();
        sa = Publish();
        other = Publish();
    }

    private uint Publish()
    {
        Assert.True(sas.TryTake(out var slot));
        sas.Publish(slot);
        return slot;
    }
}
