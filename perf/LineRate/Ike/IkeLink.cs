using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Appliance.LineRate.Wire;

namespace Appliance.LineRate.Ike;

/// <summary>
/// Three network namespaces: the initiator and the responder on one veth, and a stranger on another, by which the responder reaches every address that the stranger may forge. Removed at the end,
/// also when a signal ends the suite.
/// </summary>
internal sealed class IkeLink : IDisposable
{
    /// <summary>Outer address of the initiator.</summary>
    public const string InitiatorAddress = "192.0.2.1";

    /// <summary>Outer address of the responder.</summary>
    public const string ResponderAddress = "192.0.2.2";

    /// <summary>Device of initiator and responder towards each other.</summary>
    public const string Device = "wan0";

    /// <summary>Device between the stranger and the responder, of the same name on both sides.</summary>
    private const string StrangerDevice = "out0";

    private readonly string prefix = $"ikeperf{Environment.ProcessId}";
    private readonly List<PosixSignalRegistration> signals = [];
    private readonly List<IDisposable> inside = [];
    private bool removed;

    public IkeLink()
    {
        var folder = Path.Combine("/dev/shm", "appliance-" + prefix);
        // Network namespaces are Linux alone; the mode keeps the keys of the run from other users.
        Folder = OperatingSystem.IsLinux()
            ? Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName
            : throw new PlatformNotSupportedException("the ike suite needs Linux's network namespaces");
        foreach (var signal in (PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP])
        {
            signals.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                Remove();
                Environment.Exit(128 + 2);
            }));
        }

        try
        {
            foreach (var space in (NetworkNamespace[])[Initiator, Responder, Stranger])
            {
                Ip("netns", "add", space.Name);
                Ip("-n", space.Name, "link", "set", "lo", "up");
            }

            Ip("link", "add", Device, "netns", Initiator.Name, "type", "veth", "peer", "name", Device, "netns", Responder.Name);
            Ip("link", "add", StrangerDevice, "netns", Stranger.Name, "type", "veth", "peer", "name", StrangerDevice, "netns", Responder.Name);
            Ip("-n", Initiator.Name, "addr", "add", InitiatorAddress + "/24", "dev", Device);
            Ip("-n", Responder.Name, "addr", "add", ResponderAddress + "/24", "dev", Device);
            Ip("-n", Stranger.Name, "addr", "add", "203.0.113.1/24", "dev", StrangerDevice);
            Ip("-n", Responder.Name, "addr", "add", "203.0.113.2/24", "dev", StrangerDevice);
            foreach (var (space, device) in ((NetworkNamespace, string)[])[(Initiator, Device), (Responder, Device), (Responder, StrangerDevice), (Stranger, StrangerDevice)])
                Ip("-n", space.Name, "link", "set", device, "up");
            Ip("-n", Responder.Name, "route", "add", ForgedInits.Network, "via", "203.0.113.1");
            Ip("-n", Stranger.Name, "route", "add", ResponderAddress + "/32", "via", "203.0.113.2");
        }
        catch
        {
            Remove();
            throw;
        }
    }

    /// <summary>Who begins.</summary>
    public NetworkNamespace Initiator => new(prefix + "a");

    /// <summary>Who answers.</summary>
    public NetworkNamespace Responder => new(prefix + "b");

    /// <summary>Who floods.</summary>
    public NetworkNamespace Stranger => new(prefix + "c");

    /// <summary>A folder on tmpfs of this run.</summary>
    public string Folder { get; }

    /// <summary>What ends before the namespaces go.</summary>
    public void Own(IDisposable thing)
    {
        lock (inside) inside.Add(thing);
    }

    /// <summary>Datagrams that the initiator sent and received.</summary>
    public (long Sent, long Received) Traffic() => Initiator.Ask(() =>
    {
        // One thread's namespace is another's than the process's: its own /proc entry says which.
        var words = File.ReadLines("/proc/thread-self/net/dev").First(l => l.TrimStart().StartsWith(Device + ":", StringComparison.Ordinal)).Split([':', ' '], StringSplitOptions.RemoveEmptyEntries);
        return (long.Parse(words[10], CultureInfo.InvariantCulture), long.Parse(words[2], CultureInfo.InvariantCulture));
    });

    public void Dispose()
    {
        Remove();
        foreach (var signal in signals) signal.Dispose();
    }

    private void Remove()
    {
        lock (inside)
        {
            if (removed) return;
            removed = true;
            foreach (var thing in inside) thing.Dispose();
            foreach (var space in (NetworkNamespace[])[Initiator, Responder, Stranger])
                if (File.Exists(Path.Combine("/run/netns", space.Name))) Ip("netns", "del", space.Name);
            Directory.Delete(Folder, recursive: true);
        }
    }

    private static void Ip(params string[] arguments)
    {
        Tool.Run(["ip", .. arguments]);
    }
}
