using System.Diagnostics;
using Appliance.Crypto;

namespace Appliance.LineRate.Esp;

/// <summary>Runs one case: a bench and its runner, measured in slices, so that cases which are to be compared can take turns.</summary>
internal sealed class EspCase : IDisposable
{
    private const double SliceSeconds = 0.01;
    private const int LatencySamples = 200_000, LeastSlices = 4;
    private readonly EspShape shape;
    private readonly AesGcmTier tier;
    private readonly EspBench bench;
    private readonly EspRunner runner;
    private readonly List<double> slices = [];
    private long allocated, packets;

    public EspCase(EspShape shape, AesGcmTier tier)
    {
        (this.shape, this.tier) = (shape, tier);
        bench = new EspBench(shape, tier);
        runner = new EspRunner(bench, shape);
        runner.Slice(SliceSeconds);
    }

    /// <summary>Nanoseconds a packet: the lower quartile of the slices.</summary>
    public double Nanoseconds
    {
        get
        {
            slices.Sort();
            return slices[slices.Count / 4];
        }
    }

    /// <summary>Measures cases in turns, for so many seconds in all.</summary>
    public static void Measure(IReadOnlyList<EspCase> cases, double seconds)
    {
        for (var end = Stopwatch.GetTimestamp() + (long)(seconds * Stopwatch.Frequency); Stopwatch.GetTimestamp() < end || cases[0].slices.Count < LeastSlices;)
        {
            foreach (var each in cases) each.Step();
        }
    }

    /// <summary>What was measured.</summary>
    public Row Row()
    {
        var best = Nanoseconds;
        var latencies = runner.Latencies(LatencySamples);
        return new Row
        {
            Suite = "esp",
            Case = shape.Name,
            Cipher = "aes-128-gcm",
            Size = shape.MeanSize,
            Sas = shape.Sas,
            Routes = bench.Routes,
            Members = shape.Members > 0 ? shape.Members : null,
            Workers = shape.Workers,
            Tier = tier.ToString().ToLowerInvariant(),
            Mpps = Math.Round(1000 / best, 3),
            Gbps = Math.Round(8 * shape.MeanSize / best, 2),
            NsPerPacket = Math.Round(best, 1),
            AllocatedBytesPerPacket = Math.Round(Math.Max(0, (double)allocated) / packets, 3),
            P50Ns = At(latencies, 0.5),
            P99Ns = At(latencies, 0.99),
            P999Ns = At(latencies, 0.999),
            Note = shape.Sizes.Length > 1 ? "IMIX 7:4:1 of 64, 594 and 1420" : null,
        };
    }

    public void Dispose()
    {
        runner.Dispose();
        bench.Dispose();
    }

    private void Step()
    {
        var own = runner.OwnAllocations;
        var before = GC.GetTotalAllocatedBytes(precise: true);
        var (ns, count) = runner.Slice(SliceSeconds);
        allocated += GC.GetTotalAllocatedBytes(precise: true) - before - (runner.OwnAllocations - own);
        packets += count;
        slices.Add(ns);
    }

    private static double At(List<long> sorted, double share) =>
        sorted.Count == 0 ? 0 : Math.Round(sorted[(int)(share * (sorted.Count - 1))] * 1e9 / Stopwatch.Frequency);
}
