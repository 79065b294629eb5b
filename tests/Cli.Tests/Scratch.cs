using Appliance.Cli;

namespace Appliance.CliTests;

/// <summary>A directory on tmpfs that goes when the test ends.</summary>
internal sealed class Scratch : IDisposable
{
    private static int made;

    public Scratch() => Directory.CreateDirectory(Path);

    public string Path { get; } = $"/dev/shm/appliance-cli-tests-{Environment.ProcessId}-{Interlocked.Increment(ref made)}";

    /// <summary>Writes a file and returns its path.</summary>
    public string Write(string name, string text)
    {
        var path = System.IO.Path.Combine(Path, name);
        File.WriteAllText(path, text);
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
