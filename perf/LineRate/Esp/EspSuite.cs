using System.Diagnostics;
using Appliance.Crypto;
using Appliance.Shared;

namespace Appliance.LineRate.Esp;

/// <summary>
/// The whole path of a worker, from IP packet in to ESP packet out and back, on memory ports: classification, policy, route, SA, ESP, neighbour. Figures are those of the
/// better slices of some milliseconds (lower quartile), since others use the machine too.
/// </summary>
internal sealed class EspSuite : ISuite
{
    private const double DefaultSeconds = 60;
    private static readonly int[] DefaultSizes = [64, 512, 1420];

    /// <summary>Seven short, four middle, one long: the simple IMIX.</summary>
    private static readonly int[] Imix = [64, 64, 64, 64, 64, 64, 64, 594, 594, 594, 594, 1420];

    public IEnumerable<Row> Run(SuiteOptions options)
    {
        var sizes = options.Sizes.Count > 0 ? options.Sizes : DefaultSizes;
        var workers = options.Workers.Count > 0 ? options.Workers : [1, 2];
        var cases = Cases(sizes, workers).ToList();
        var seconds = (options.Seconds > 0 ? options.Seconds : DefaultSeconds) / cases.Count;
        foreach (var wanted in cases) yield return EspCase.Measure(wanted, CryptoTiers.Best(), seconds);
    }

    private static IEnumerable<EspShape> Cases(IReadOnlyList<int> sizes, IReadOnlyList<int> workers)
    {
        foreach (var worker in workers.Where(count => count <= Environment.ProcessorCount))
        {
            foreach (var decrypt in (bool[])[false, true])
            {
                foreach (var size in sizes) yield return new EspShape(decrypt, [size], worker, 10, worker);
                yield return new EspShape(decrypt, Imix, worker, 10, worker);
                if (worker > 1) continue;
                yield return new EspShape(decrypt, [sizes[0]], 1, 100_000, 1);
                foreach (var size in (int[])[.. sizes.Where(size => size == sizes[0] || size == sizes[^1]).Distinct()])
                {
                    yield return new EspShape(decrypt, [size], 1_000, 10, 1);
                    yield return new EspShape(decrypt, [size], 100_000, 100_000, 1);
                }

                yield return new EspShape(decrypt, [sizes[0]], 1_000_000, 1_000_000, 1);
            }
        }
    }
}

/// <summary>One case.</summary>
internal sealed record EspShape(bool Decrypt, int[] Sizes, int Sas, int Routes, int Workers)
{
    public int MeanSize => (int)Sizes.Average();
}

/// <summary>Runs one case.</summary>
internal static class EspCase
{
    private const double SliceSeconds = 0.01;
    private const int LatencySamples = 200_000;

    public static Row Measure(EspShape shape, AesGcmTier tier, double seconds)
    {
        using var bench = new EspBench(shape.Sas, shape.Routes, shape.Workers, tier, shape.Decrypt);
        using var runner = new EspRunner(bench, shape);
        var slices = new List<double>();
        runner.Slice(SliceSeconds);
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var packets = 0L;
        for (var end = Stopwatch.GetTimestamp() + (long)(seconds * Stopwatch.Frequency); Stopwatch.GetTimestamp() < end || slices.Count < 4;)
        {
            var (ns, count) = runner.Slice(SliceSeconds);
            slices.Add(ns);
            packets += count;
        }

        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated - runner.OwnAllocations;
        slices.Sort();
        var best = slices[slices.Count / 4];
        var latencies = runner.Latencies(LatencySamples);
        return new Row
        {
            Suite = "esp",
            Case = shape.Decrypt ? "decrypt" : "encrypt",
            Cipher = "aes-128-gcm",
            Size = shape.MeanSize,
            Sas = shape.Sas,
            Routes = bench.Routes,
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

    private static double At(List<long> sorted, double share) =>
        sorted.Count == 0 ? 0 : Math.Round(sorted[(int)(share * (sorted.Count - 1))] * 1e9 / Stopwatch.Frequency);
}
