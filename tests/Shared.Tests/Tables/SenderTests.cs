namespace Appliance.Shared.Tests.Tables;

public sealed class SenderTests
{
    private static readonly RegionSizes Small = new() { OutboundSas = 4, InboundSas = 4, Tunnels = 4, NextHops = 4, Adjacencies = 4, Senders = 32 };

    [SkippableFact]
    public void TheFirstClaimHasTheSender()
    {
        using var place = new TestRegion(Small);
        var senders = place.Region.Senders;
        Assert.Equal(Senders.None, senders.Find(1, 5, 77));
        Assert.Equal((SenderClaim.Own, SenderClaim.Lost, SenderClaim.Own), (Claim(place.Region, 1, 5, 77, 0, out var mine), Claim(place.Region, 1, 5, 77, 1, out var theirs), Claim(place.Region, 1, 5, 77, 0, out var again)));
        Assert.Equal((mine, mine, mine), (theirs, again, senders.Find(1, 5, 77)));
        ref var record = ref place.Region.Sender(mine);
        Assert.Equal((SlotState.Live, 1u, 5u, 77u, 0u), (record.State, record.Sa, record.Generation, record.SenderId, record.Worker));
        Assert.Equal([mine], place.Region.LiveSenders());
        Assert.True(senders.Is(mine, 1, 5, 77));
        Assert.False(senders.Is(mine, 1, 6, 77));
        Assert.False(senders.Is(Senders.None, 1, 5, 77));
    }

    [SkippableFact]
    public void SendersOfOtherSasGenerationsAndNumbersAreOthers()
    {
        using var place = new TestRegion(Small);
        var found = new HashSet<uint>();
        foreach (var (sa, generation, id) in new (uint, uint, uint)[] { (0, 1, 1), (1, 1, 1), (0, 2, 1), (0, 1, 2), (3, 9, 0xff_ffff) })
        {
            Assert.Equal(SenderClaim.Own, Claim(place.Region, sa, generation, id, 0, out var record));
            Assert.True(found.Add(record));
            Assert.Equal(record, place.Region.Senders.Find(sa, generation, id));
        }
    }

    [SkippableFact]
    public void AFullTableClaimsNothing_AndThoseThatAreInItAreFound()
    {
        using var place = new TestRegion(Small);
        for (uint id = 0; id < 32; id++) Assert.Equal(SenderClaim.Own, Claim(place.Region, 0, 1, id, 0, out _));
        Assert.Equal(SenderClaim.Full, Claim(place.Region, 0, 1, 32, 0, out var none));
        Assert.Equal(Senders.None, none);
        Assert.Equal(32, Enumerable.Range(0, 32).Select(id => place.Region.Senders.Find(0, 1, (uint)id)).Distinct().Count());
        Assert.Equal(SenderClaim.Own, Claim(place.Region, 0, 1, 31, 0, out _));
    }

    [SkippableFact]
    public void SendersAreFreedOnceTheirSaIsWiped_AndEveryWorkerPassed()
    {
        using var place = new TestRegion(Small);
        var region = place.Region;
        region.Header.DataPlaneProcess = Environment.ProcessId;
        var quiescence = new Quiescence(region);
        var sas = SlotTable.ForInboundSas(region, quiescence);
        var table = new SenderTable(region, quiescence);
        var old = Publish(sas);
        var other = Publish(sas);
        for (uint id = 0; id < 10; id++)
        {
            Claim(region, old, region.InboundSa(old).Generation, id, 0, out var record);
            region.Sender(record).Packets = 7;
            region.SenderWindow(record)[3] = 9;
            Claim(region, other, region.InboundSa(other).Generation, id, 1, out _);
        }

        WorkerEpoch.Enter(ref region.Worker(0));
        sas.Retire(old);
        Assert.Equal(0, sas.Reclaim());
        Assert.Equal(0, table.Reclaim());
        // A worker that holds the SA still may claim.
        Assert.Equal(SenderClaim.Own, Claim(region, old, region.InboundSa(old).Generation, 10, 0, out _));
        WorkerEpoch.Pass(ref region.Worker(0));
        Assert.Equal(1, sas.Reclaim());
        Assert.Equal(0, table.Reclaim());
        Assert.Equal(10, region.LiveSenders().Count);
        WorkerEpoch.Pass(ref region.Worker(0));
        Assert.Equal(11, table.Reclaim());
        for (uint id = 0; id < 10; id++) Assert.NotEqual(Senders.None, region.Senders.Find(other, region.InboundSa(other).Generation, id));
        for (uint i = 0; i < 32; i++)
        {
            if (region.Sender(i).State == SlotState.Live) continue;
            Assert.Equal((SlotState.Free, 0ul, 0u), (region.Sender(i).State, region.Sender(i).Packets, region.Sender(i).Next));
            Assert.Equal(0ul, region.SenderWindow(i)[3]);
        }

        for (uint id = 20; id < 42; id++) Assert.Equal(SenderClaim.Own, Claim(region, other, region.InboundSa(other).Generation, id, 0, out _));
        Assert.Equal(SenderClaim.Full, Claim(region, other, region.InboundSa(other).Generation, 42, 0, out _));
    }

    /// <summary>A slow path that died between marking and unlinking: its successor does it again.</summary>
    [SkippableFact]
    public void ASuccessorFreesWhatWasLeftHalfDone()
    {
        using var place = new TestRegion(Small);
        var region = place.Region;
        Claim(region, 2, 9, 1, 0, out var unlinked);
        Claim(region, 2, 9, 2, 0, out var marked);
        region.Sender(unlinked).State = SlotState.Retired;
        region.Senders.Head(2, 1) = 0;
        region.Sender(marked).State = SlotState.Retired;
        Assert.Equal(2, new SenderTable(region, new Quiescence(region)).Reclaim());
        Assert.Equal((Senders.None, Senders.None), (region.Senders.Find(2, 9, 1), region.Senders.Find(2, 9, 2)));
        Assert.Equal(0u, region.Senders.Head(2, 2));
        Assert.Equal(SlotState.Free, region.Sender(marked).State);
    }

    /// <summary>Many claims and records that go, in every order, against a dictionary.</summary>
    [SkippableFact]
    public void ChainsHoldWhatADictionaryHolds()
    {
        using var place = new TestRegion(Small with { Senders = 200 });
        var region = place.Region;
        var quiescence = new Quiescence(region);
        var sas = SlotTable.ForInboundSas(region, quiescence);
        var table = new SenderTable(region, quiescence);
        var random = new Random(5);
        var live = new List<uint> { Publish(sas), Publish(sas), Publish(sas) };
        var known = new Dictionary<(uint, uint, uint), uint>();
        uint cursor = 0;
        for (var round = 0; round < 2000; round++)
        {
            if (random.Next(100) == 0)
            {
                var gone = live[random.Next(live.Count)];
                var generation = region.InboundSa(gone).Generation;
                sas.Retire(gone);
                sas.Reclaim();
                table.Reclaim();
                foreach (var key in known.Keys.Where(k => k.Item1 == gone && k.Item2 == generation).ToList())
                {
                    Assert.Equal(Senders.None, region.Senders.Find(key.Item1, key.Item2, key.Item3));
                    known.Remove(key);
                }

                live.Remove(gone);
                live.Add(Publish(sas));
            }

            var sa = live[random.Next(live.Count)];
            var wanted = (sa, region.InboundSa(sa).Generation, (uint)random.Next(300));
            var outcome = region.Senders.Claim(wanted.sa, wanted.Generation, wanted.Item3, 0, ref cursor, out var record);
            if (known.TryGetValue(wanted, out var before)) Assert.Equal((SenderClaim.Own, before), (outcome, record));
            else if (outcome == SenderClaim.Own) known.Add(wanted, record);
            Assert.Equal(outcome == SenderClaim.Full ? Senders.None : record, region.Senders.Find(wanted.sa, wanted.Generation, wanted.Item3));
        }

        Assert.Equal(known.Values.Order(), region.LiveSenders().Order());
        foreach (var (key, record) in known) Assert.Equal(record, region.Senders.Find(key.Item1, key.Item2, key.Item3));
    }

    [SkippableFact]
    public void TotalsOfAnSaWithSenderIdsAreItsSendersAndWorkers()
    {
        using var place = new TestRegion(Small);
        var region = place.Region;
        var slot = Publish(SlotTable.ForInboundSas(region, new Quiescence(region)));
        ref var sa = ref region.InboundSa(slot);
        sa.SenderIdBits = 20;
        for (uint id = 1; id <= 2; id++)
        {
            Claim(region, slot, sa.Generation, id, (int)id - 1, out var record);
            ref var sender = ref region.Sender(record);
            (sender.Packets, sender.Bytes, sender.Replayed, sender.TooOld, sender.LastUsed) = (10 * id, 100 * id, id, id + 1, 1000 + id);
            GroupSaCounters.Of(ref region.InboundState(slot), (int)id - 1).IntegrityFailed = id;
            GroupSaCounters.Of(ref region.InboundState(slot), 15).OtherDrops = 4;
        }

        Claim(region, slot, sa.Generation + 1, 3, 0, out var stranger);
        region.Sender(stranger).Packets = 999;
        Assert.Equal(new InboundTotals(30, 300, 3, 3, 5, 4, 1002, 2), region.InboundTotals(slot));
        Assert.Equal((0ul, region.InboundState(slot).Generation), (region.InboundState(slot).Packets, sa.Generation));
    }

    private static uint Publish(SlotTable table)
    {
        Assert.True(table.TryTake(out var slot));
        table.Publish(slot);
        return slot;
    }

    private static SenderClaim Claim(Region region, uint sa, uint generation, uint id, int worker, out uint record)
    {
        uint cursor = 0;
        return region.Senders.Claim(sa, generation, id, worker, ref cursor, out record);
    }
}
