using System.Runtime.InteropServices;

namespace Appliance.LineRate.Nodes;

/// <summary>Network namespaces and a folder on tmpfs for one run of a suite. Removed at the end, also when a signal ends the suite.</summary>
internal class TemporaryNamespaces : IDisposable
{
    private readonly List<PosixSignalRegistration> signals = [];
    private readonly List<IDisposable> inside = [];
    private readonly NetworkNamespace[] spaces;
    private bool removed;

    /// <summary>Makes <paramref name="count"/> namespaces with their loopback up.</summary>
    public TemporaryNamespaces(string prefix, int count)
    {
        spaces = [.. Enumerable.Range(0, count).Select(n => new NetworkNamespace($"{prefix}{Environment.ProcessId}{(char)('a' + n)}"))];
        var folder = Path.Combine("/dev/shm", $"appliance-{prefix}{Environment.ProcessId}");
        // Network namespaces are Linux alone; the mode keeps the keys of the run from other users.
        Folder = OperatingSystem.IsLinux()
            ? Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName
            : throw new PlatformNotSupportedException("this suite needs Linux's network namespaces");
        foreach (var signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP])
        {
            signals.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                Remove();
                Environment.Exit(128 + 2);
            }));
        }

        Try(() =>
        {
            foreach (var space in spaces)
            {
                Ip("netns", "add", space.Name);
                Ip("-n", space.Name, "link", "set", "lo", "up");
            }
        });
    }

    /// <summary>A folder on tmpfs of this run.</summary>
    public string Folder { get; }

    /// <summary>The namespace of a number.</summary>
    public NetworkNamespace this[int number] => spaces[number];

    /// <summary>What ends before the namespaces go.</summary>
    public void Own(IDisposable thing)
    {
        lock (inside) inside.Add(thing);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Remove();
        foreach (var signal in signals) signal.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Does it, and removes everything when it fails.</summary>
    protected void Try(Action make)
    {
        try
        {
            make();
        }
        catch
        {
            Remove();
            throw;
        }
    }

    protected static void Ip(params string[] arguments) => Tool.Run(["ip", .. arguments]);

    private void Remove()
    {
        lock (inside)
        {
            if (removed) return;
            removed = true;
            foreach (var thing in inside) thing.Dispose();
            foreach (var space in spaces)
                if (File.Exists(Path.Combine("/run/netns", space.Name))) Ip("netns", "del", space.Name);
            Directory.Delete(Folder, recursive: true);
        }
    }
}
