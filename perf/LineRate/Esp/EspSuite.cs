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
        var groups = GroupCases(sizes, workers).ToList();
        var seconds = (options.Seconds > 0 ? options.Seconds : DefaultSeconds) / (cases.Count + groups.Sum(g => g.Length));
        foreach (var wanted in cases)
        {
            using var run = new EspCase(wanted, CryptoTiers.Best());
            EspCase.Measure([run], seconds);
            yield return run.Row();
        }

        foreach (var wanted in groups)
            foreach (var row in EspGroup.Measure(wanted, CryptoTiers.Best(), seconds * wanted.Length))
                yield return row;
    }

    /// <summary>What is to be compared: one SA, few and many members, one and two workers.</summary>
    private static IEnumerable<EspShape[]> GroupCases(IReadOnlyList<int> sizes, IReadOnlyList<int> workers)
    {
        var counts = workers.Where(count => count <= Environment.ProcessorCount).Order().ToList();
        foreach (var decrypt in (bool[])[false, true])
        {
            foreach (var size in (int[])[.. sizes.Where(size => size == sizes[0] || size == sizes[^1]).Distinct()])
                yield return [.. counts.SelectMany(_ => (int[])[10, 10_000], (worker, members) => new EspShape(decrypt, [size], 1, members, worker, members))];
        }
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

/// <summary>One case: with members it is one multi-point SA, whose packets go to so many, or come from so many.</summary>
internal sealed record EspShape(bool Decrypt, int[] Sizes, int Sas, int Routes, int Workers, int Members = 0)
{
    public int MeanSize => (int)Sizes.Average();

    public string Name => (Members > 0 ? "group-" : "") + (Decrypt ? "decrypt" : "encrypt");
}
