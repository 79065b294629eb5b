using System.Runtime.InteropServices;
using Appliance.Shared;

namespace Appliance.Supervisor;

/// <summary>
/// A running instance. In order: lock, region, doors (sysctls, TUN, XDP), plan for the data plane, children; then it watches until a signal comes, and takes
/// everything down the other way round. The region with its keys is wiped only by an orderly end.
/// </summary>
internal sealed class Instance : IDisposable
{
    private const int WatchMilliseconds = 1000;

    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(5);

    private readonly RuntimePaths paths;
    private readonly FileStream runLock;
    private readonly Region region;
    private readonly Doors doors;
    private readonly AutoResetEvent news = new(false);
    private readonly Ward slowPath;
    private readonly Ward dataPlane;
    private volatile bool ending;
    private volatile bool reload;

    private Instance(RuntimePaths paths, FileStream runLock, Region region, Doors doors, string configuration, string? exportFile)
    {
        this.paths = paths;
        this.runLock = runLock;
        this.region = region;
        this.doors = doors;
        slowPath = new Ward("slow path", () => StartSlowPath(configuration, exportFile), () => news.Set());
        dataPlane = new Ward("data plane", StartDataPlane, () => news.Set());
    }

    /// <summary>Takes the instance's lock, opens (or goes on with) its region, and opens its doors.</summary>
    /// <param name="plan">What the slow path says is to be opened.</param>
    /// <param name="configuration">Full path of the configuration.</param>
    /// <param name="exportFile">Full path of the file that the slow path exports keys to, or null.</param>
    /// <exception cref="IOException">The instance runs already, or something could not be opened.</exception>
    public static Instance Open(LaunchPlan plan, string configuration, string? exportFile)
    {
        var paths = RuntimePaths.At(plan.Runtime);
        paths.Create();
        var runLock = Lock(paths, plan.Instance);
        var region = Region.CreateOrOpen(paths.Region, plan.Region, plan.Workers.Count, out var kept);
        region.Header.SupervisorProcess = Environment.ProcessId;
        if (kept) Log.Say("goes on with the region that is there");
        try
        {
            var doors = Doors.Open(plan);
            File.WriteAllText(paths.Plan, doors.Resolve(plan).ToJson());
            return new Instance(paths, runLock, region, doors, configuration, exportFile);
        }
        catch
        {
            region.Dispose();
            if (!kept) RegionEraser.Erase(paths.Region);
            runLock.Dispose();
            throw;
        }
    }

    /// <summary>Runs until SIGTERM or SIGINT.</summary>
    public int Run()
    {
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
        using var hangup = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Reload);
        while (!ending)
        {
            var now = Environment.TickCount64;
            slowPath.Tend(now);
            dataPlane.Tend(now);
            region.Header.SlowPathStarts = slowPath.Starts;
            region.Header.DataPlaneStarts = dataPlane.Starts;
            if (reload)
            {
                reload = false;
                slowPath.Signal(PosixSignal.SIGHUP);
            }

            if (doors.Watch(Volatile.Read(ref region.Header.MulticastVersion) != 0)) dataPlane.Signal(PosixSignal.SIGTERM);
            news.WaitOne(Math.Min(WatchMilliseconds, Math.Min(slowPath.Due(now), dataPlane.Due(now))));
        }

        return 0;
    }

    /// <summary>Children, doors, region, lock: in this order, so that nothing is open to the kernel while a worker still runs.</summary>
    public void Dispose()
    {
        foreach (var ward in (Ward[])[dataPlane, slowPath]) ward.Signal(PosixSignal.SIGTERM);
        dataPlane.End(EndPatience);
        slowPath.End(EndPatience);
        doors.Dispose();
        region.Dispose();
        RegionEraser.Erase(paths.Region);
        File.Delete(paths.Plan);
        File.Delete(paths.SupervisorLock);
        runLock.Dispose();
        news.Dispose();
    }

    private static FileStream Lock(RuntimePaths paths, string instance)
    {
        try
        {
            return new FileStream(paths.SupervisorLock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(paths.SupervisorLock))
        {
            throw new IOException($"instance '{instance}' runs already ({paths.SupervisorLock} is locked): stop it, or give this one another `instance:`");
        }
    }

    private ChildProcess StartSlowPath(string configuration, string? exportFile) => ChildProcess.Start(
        Programs.Find(Programs.SlowPath),
        ["serve", configuration, "--region", paths.Region, "--runtime", paths.Directory, .. exportFile is null ? (string[])[] : ["--export-keys", exportFile]],
        new ChildOptions { Capabilities = [Capability.NetAdmin, Capability.IpcLock, Capability.NetBindService], Environment = Programs.SlowPathEnvironment });

    private ChildProcess StartDataPlane()
    {
        var (descriptors, argument) = doors.ForDataPlane(ChildProcess.FirstDescriptor);
        return ChildProcess.Start(
            Programs.Find(Programs.DataPlane),
            ["--plan", paths.Plan, "--region", paths.Region, "--descriptors", argument],
            new ChildOptions { Descriptors = descriptors, Capabilities = [Capability.NetRaw, Capability.NetAdmin, Capability.IpcLock] });
    }

    private void End(PosixSignalContext context)
    {
        context.Cancel = true;
        ending = true;
        news.Set();
    }

    private void Reload(PosixSignalContext context)
    {
        context.Cancel = true;
        reload = true;
        news.Set();
    }
}
