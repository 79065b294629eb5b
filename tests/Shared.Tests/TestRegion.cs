namespace Appliance.Shared.Tests;

/// <summary>A region of its own on tmpfs, gone after the test.</summary>
internal sealed class TestRegion : IDisposable
{
    private static int counter;

    public TestRegion(RegionSizes? sizes = null, int workers = 2)
    {
        Skip.IfNot(Environment.UserName == "root", "a region is locked in memory: only root may lock that much");
        Directory = $"/dev/shm/appliance-test-{Environment.ProcessId}-{Interlocked.Increment(ref counter)}";
        System.IO.Directory.CreateDirectory(Directory);
        Region = Region.CreateOrOpen(Path, sizes ?? new RegionSizes(), workers, out _);
    }

    public string Directory { get; }

    public string Path => $"{Directory}/region";

    public Region Region { get; }

    public void Dispose()
    {
        Region.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }
}
