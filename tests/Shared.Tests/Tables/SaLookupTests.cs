namespace Appliance.Shared.Tests.Tables;

public sealed class SaLookupTests(Xunit.Abstractions.ITestOutputHelper output)
{
    private static readonly IpAddress A = IpAddress.FromV4(0xc0000201);
    private static readonly IpAddress B = IpAddress.FromV4(0xc6336401);
    private static readonly IpAddress C = new(0x2001_0db8_0000_0000, 1);

    [SkippableFact]
    [Trait("RFC", "4301")]
    public void Rfc4301_4_1_LongestMatchWins()
    {
        using var place = new TestRegion();
        var table = new SaLookupTable(place.Region, new Quiescence(place.Region));
        var lookup = place.Region.SaLookup;
        Assert.True(table.TryAdd(1, default, default, 10));
        Assert.True(table.TryAdd(1, A, default, 11));
        Assert.True(table.TryAdd(1, A, B, 12));
        Assert.True(table.TryAdd(2, C, default, 13));
        Assert.False(table.TryAdd(1, A, B, 14));
        Assert.False(table.TryAdd(3, default, B, 15));
        Assert.Equal(12u, lookup.Find(1, A, B));
        Assert.Equal(11u, lookup.Find(1, A, C));
        Assert.Equal(10u, lookup.Find(1, B, A));
        Assert.Equal(SaLookup.None, lookup.Find(2, A, B));
        Assert.Equal(13u, lookup.Find(2, C, B));
        Assert.Equal(SaLookup.None, lookup.Find(4, A, B));
        Assert.True(table.TryRemove(1, A, B));
        Assert.False(table.TryRemove(1, A, B));
        Assert.Equal(11u, lookup.Find(1, A, B));
        Assert.Equal(3, table.Count);
        Assert.Equal(3, new SaLookupTable(place.Region, new Quiescence(place.Region)).Count);
    }

    [SkippableFact]
    public void LookupStaysRightAndShortThroughChurn()
    {
        using var place = new TestRegion(new RegionSizes { InboundSas = 4096 });
        var table = new SaLookupTable(place.Region, new Quiescence(place.Region));
        var lookup = place.Region.SaLookup;
        var random = new Random(1);
        var live = new Dictionary<uint, uint>();
        var order = new List<uint>();
        for (var step = 0; step < 400_000; step++)
        {
            if (order.Count == 4096)
            {
                var at = random.Next(order.Count);
                Assert.True(table.TryRemove(order[at], A, default));
                live.Remove(order[at]);
                order[at] = order[^1];
                order.RemoveAt(order.Count - 1);
                continue;
            }

            var spi = (uint)random.NextInt64(256, 1L << 32);
            if (!live.TryAdd(spi, (uint)step)) continue;
            order.Add(spi);
            Assert.True(table.TryAdd(spi, A, default, (uint)step));
        }

        table.Reclaim();
        Assert.All(live, pair => Assert.Equal(pair.Value, lookup.Find(pair.Key, A, B)));
        long probes = 0;
        for (var i = 0; i < 10_000; i++)
        {
            var at = lookup.Home((uint)random.NextInt64(1L << 32));
            for (var steps = 0; steps < lookup.Capacity && lookup.At(at).State != SlotState.Free; steps++, at = lookup.Next(at)) probes++;
        }

        output.WriteLine($"probes of a miss after churn: {probes / 10_000.0:F2}");
        Assert.InRange(probes / 10_000.0, 0, 4);
    }

    [SkippableFact]
    public void ReaderAlwaysFindsWhatStaysWhileOthersComeAndGo()
    {
        using var place = new TestRegion(new RegionSizes { InboundSas = 64 });
        var region = place.Region;
        region.Header.DataPlaneProcess = Environment.ProcessId;
        var table = new SaLookupTable(region, new Quiescence(region));
        for (uint i = 0; i < 24; i++) Assert.True(table.TryAdd(0x1000 + i, A, default, i));
        var stop = false;
        long missed = 0, torn = 0;
        var reader = new Thread(() =>
        {
            ref var block = ref region.Worker(0);
            WorkerEpoch.Enter(ref block);
            while (!Volatile.Read(ref stop))
            {
                for (uint i = 0; i < 24; i++)
                {
                    if (region.SaLookup.Find(0x1000 + i, A, B) != i) missed++;

                    // Others come with a slot that says their SPI.
                    var other = region.SaLookup.Find(0x2000 + i, A, B);
                    if (other != SaLookup.None && other != 0x2000 + i) torn++;
                }

                WorkerEpoch.Pass(ref block);
            }

            WorkerEpoch.Leave(ref block);
        });
        reader.Start();
        var random = new Random(2);
        var end = Environment.TickCount64 + 1000;
        while (Environment.TickCount64 < end)
        {
            var spi = 0x2000 + (uint)random.Next(60);
            if (!table.TryRemove(spi, A, default)) table.TryAdd(spi, A, default, spi);
        }

        Volatile.Write(ref stop, true);
        reader.Join();
        Assert.Equal((0, 0), (missed, torn));
    }

    [SkippableFact]
    public void FullTableRefusesAndLookupsEnd()
    {
        using var place = new TestRegion(new RegionSizes { InboundSas = 8 });
        var table = new SaLookupTable(place.Region, new Quiescence(place.Region));
        uint added = 0;
        while (table.TryAdd(added + 1, A, default, added)) added++;
        Assert.Equal(14u, added);
        Assert.Equal(SaLookup.None, place.Region.SaLookup.Find(1000, A, B));
        Assert.Equal(13u, place.Region.SaLookup.Find(14, A, B));
    }
}
