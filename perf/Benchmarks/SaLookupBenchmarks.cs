using Appliance.Shared;
using BenchmarkDotNet.Attributes;

namespace Appliance.Benchmarks;

/// <summary>Inbound SA lookup, 1024 packets of random SAs a call.</summary>
[MemoryDiagnoser]
public class SaLookupBenchmarks
{
    private const int Lookups = 1024;
    private static readonly IpAddress Here = IpAddress.FromV4(0xc0000201);
    private static readonly IpAddress There = IpAddress.FromV4(0xc6336401);
    private readonly uint[] spis = new uint[Lookups];
    private BenchmarkRegion place = null!;

    [Params(1, 1000, 100_000, 1_000_000)]
    public int Sas { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        place = new BenchmarkRegion(new RegionSizes { InboundSas = Sas });
        var table = new SaLookupTable(place.Region, place.Quiescence);
        var random = new Random(1);
        var all = new List<uint>();
        while (all.Count < Sas)
        {
            var spi = (uint)random.NextInt64(256, 1L << 32);
            if (table.TryAdd(spi, Here, default, (uint)all.Count)) all.Add(spi);
        }

        for (var i = 0; i < Lookups; i++) spis[i] = all[random.Next(Sas)];
    }

    [GlobalCleanup]
    public void Cleanup() => place.Dispose();

    [Benchmark(OperationsPerInvoke = Lookups)]
    public uint InBatchesOf64()
    {
        var lookup = place.Region.SaLookup;
        uint sum = 0;
        for (var batch = 0; batch < Lookups; batch += 64)
        {
            foreach (var spi in spis.AsSpan(batch, 64)) lookup.Prefetch(spi);
            foreach (var spi in spis.AsSpan(batch, 64)) sum += lookup.Find(spi, Here, There);
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Lookups)]
    public uint Misses()
    {
        var lookup = place.Region.SaLookup;
        uint sum = 0;
        foreach (var spi in spis) sum += lookup.Find(spi, There, Here);
        return sum;
    }
}
