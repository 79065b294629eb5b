using Appliance.Shared;
using BenchmarkDotNet.Attributes;

namespace Appliance.Benchmarks;

/// <summary>Longest-prefix match: 1024 lookups a call, prefetched as the data plane does it, or not.</summary>
[MemoryDiagnoser]
public class RouteBenchmarks
{
    private const int Lookups = 1024;
    private readonly IpAddress[] v4 = new IpAddress[Lookups];
    private readonly IpAddress[] v6 = new IpAddress[Lookups];
    private BenchmarkRegion place = null!;

    /// <summary>IPv4 prefixes, and a quarter as many for IPv6.</summary>
    [Params(10, 100_000, 1_000_000)]
    public int Routes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        place = new BenchmarkRegion(new RegionSizes { Ipv4Groups = 32768, Ipv6Nodes = 1 << 21 });
        var random = new Random(1);
        var routes = new List<Route>();
        for (var i = 0; i < Routes; i++)
        {
            routes.Add(new Route(IpAddress.FromV4((uint)random.NextInt64(0x01000000, 0xe0000000)), (byte)(i % 100 == 0 ? random.Next(25, 33) : random.Next(16, 25)), 1 + (uint)i % 1000));
            if (i % 4 == 0) routes.Add(new Route(new IpAddress(0x2000UL << 48 | (ulong)random.NextInt64(1L << 60), 0), (byte)random.Next(28, 49), 1 + (uint)i % 1000));
        }

        new RouteTables(place.Region, place.Quiescence).Load(routes);
        for (var i = 0; i < Lookups; i++)
        {
            v4[i] = routes.Where(r => r.Prefix.IsV4).ElementAt(random.Next(Math.Min(Routes, 5000))).Prefix;
            v6[i] = routes.Where(r => !r.Prefix.IsV4).ElementAt(random.Next(Math.Min((Routes + 3) / 4, 5000))).Prefix;
        }
    }

    [GlobalCleanup]
    public void Cleanup() => place.Dispose();

    [Benchmark(OperationsPerInvoke = Lookups)]
    public uint Ipv4()
    {
        var routes = place.Region.Ipv4Routes;
        uint sum = 0;
        foreach (var destination in v4) sum += routes.Find(destination.V4);
        return sum;
    }

    [Benchmark(OperationsPerInvoke = Lookups)]
    public uint Ipv4InBatchesOf64()
    {
        var routes = place.Region.Ipv4Routes;
        uint sum = 0;
        for (var batch = 0; batch < Lookups; batch += 64)
        {
            foreach (var destination in v4.AsSpan(batch, 64)) routes.Prefetch(destination.V4);
            foreach (var destination in v4.AsSpan(batch, 64)) sum += routes.Find(destination.V4);
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Lookups)]
    public uint Ipv6()
    {
        var routes = place.Region.Ipv6Routes;
        uint sum = 0;
        foreach (var destination in v6) sum += routes.Find(destination);
        return sum;
    }
}
