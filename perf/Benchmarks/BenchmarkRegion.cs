using Appliance.Shared;

namespace Appliance.Benchmarks;

/// <summary>A region of its own on tmpfs, gone after the run.</summary>
public sealed class BenchmarkRegion : IDisposable
{
    private readonly string directory = $"/dev/shm/appliance-benchmark-{Environment.ProcessId}-{Guid.NewGuid():N}";

    public BenchmarkRegion(RegionSizes sizes)
    {
        Directory.CreateDirectory(directory);
        Region = Region.CreateOrOpen($"{directory}/region", sizes, 1, out _);
        Quiescence = new Quiescence(Region);
    }

    public Region Region { get; }

    public Quiescence Quiescence { get; }

    public void Dispose()
    {
        Region.Dispose();
        Directory.Delete(directory, recursive: true);
    }
}
