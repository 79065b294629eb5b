using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Appliance.Shared;

namespace Appliance.LineRate.Nodes;

/// <summary>A slow path as it runs, in a namespace, over a region of its own that this process makes as the supervisor does. No data plane, no NIC.</summary>
internal sealed class SlowPathNode : IDisposable
{
    private const double ReadySeconds = 60;
    private readonly Region region;
    private readonly Process process;
    private readonly HttpClient api;
    private readonly RuntimePaths paths;
    private readonly List<string> log = [];
    private bool disposed;

    /// <summary>Starts it, and waits until it is ready unless told otherwise.</summary>
    /// <exception cref="InvalidOperationException">It does not become ready; its log is in the message.</exception>
    public SlowPathNode(TemporaryNamespaces link, NetworkNamespace space, string name, string configuration, bool awaitReady = true)
    {
        Name = name;
        var file = Path.Combine(link.Folder, name + ".yaml");
        File.WriteAllText(file, configuration);
        paths = RuntimePaths.In(link.Folder, name);
        paths.Create();
        var plan = LaunchPlan.FromJson(Tool.Run(["ip", "netns", "exec", space.Name, Programs.Find(Programs.SlowPath), "plan", file]));
        region = Region.CreateOrOpen(paths.Region, plan.Region, plan.Workers.Count, out _);
        var start = new ProcessStartInfo("ip", ["netns", "exec", space.Name, Programs.Find(Programs.SlowPath), "serve", file, "--region", paths.Region, "--runtime", paths.Directory])
        {
            RedirectStandardError = true,
        };
        foreach (var (variable, value) in Programs.SlowPathEnvironment) start.Environment[variable] = value;
        process = Process.Start(start)!;
        process.ErrorDataReceived += (_, line) => Note(line.Data);
        process.BeginErrorReadLine();
        link.Own(this);
        api = new HttpClient(new SocketsHttpHandler { ConnectCallback = ConnectAsync }) { BaseAddress = new Uri("http://localhost"), Timeout = TimeSpan.FromSeconds(60) };
        var clock = Stopwatch.StartNew();
        while (awaitReady && Volatile.Read(ref region.Header.SlowPathReady) == 0)
        {
            if (process.HasExited || clock.Elapsed.TotalSeconds > ReadySeconds) throw Failed("is not ready");
            Thread.Sleep(2);
        }
    }

    /// <summary>What it is called.</summary>
    public string Name { get; }

    /// <summary>The process.</summary>
    public int ProcessId => process.Id;

    /// <summary>The region, as a data plane has it.</summary>
    public Region Region => region;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => process.HasExited;

    /// <summary>CPU time so far, of all its threads and of the kernel for it, in seconds.</summary>
    public double CpuSeconds => ProcessFigures.CpuSeconds(process.Id);

    /// <summary>Memory in use, in octets: its own and the pages of the region.</summary>
    public long Memory => ProcessFigures.Memory(process.Id);

    /// <summary>Of <see cref="Memory"/> what others can have too: the region and programs.</summary>
    public long SharedMemory => ProcessFigures.SharedMemory(process.Id);

    /// <summary>Pages of the region that hold something, in octets: a file on tmpfs has no others.</summary>
    public long RegionMemory => long.Parse(Tool.Run(["stat", "-c", "%b", paths.Region]), CultureInfo.InvariantCulture) * 512;

    /// <summary>The sum of a metric over its labels, where <paramref name="label"/> stands among them.</summary>
    public long Metric(string name, string label = "")
    {
        var sum = 0L;
        foreach (var line in api.GetStringAsync("/metrics").GetAwaiter().GetResult().Split('\n'))
            if (line.StartsWith(name, StringComparison.Ordinal) && line[name.Length] is ' ' or '{' && line.Contains(label, StringComparison.Ordinal))
                sum += long.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
        return sum;
    }

    /// <summary>What the API says.</summary>
    public string Get(string path) => api.GetStringAsync(path).GetAwaiter().GetResult();

    /// <summary>What an operator asks: up, down or rekey. Returns when it is done.</summary>
    /// <exception cref="InvalidOperationException">It was refused.</exception>
    public void Ask(string verb, string name)
    {
        using var answer = api.PostAsync($"/ike/{verb}/{name}", null).GetAwaiter().GetResult();
        if (answer.StatusCode != HttpStatusCode.OK) throw Failed($"refused {verb} {name}: {answer.Content.ReadAsStringAsync().GetAwaiter().GetResult()}");
    }

    /// <summary>An exception with the end of the log.</summary>
    public InvalidOperationException Failed(string what)
    {
        lock (log) return new InvalidOperationException($"{Name} {what}{(process.HasExited ? $", exit code {process.ExitCode}" : "")}:\n{string.Join('\n', log)}");
    }

    public void Dispose()
    {
        if (disposed) return;
        disposed = true;
        api?.Dispose();
        if (!process.HasExited) process.Kill();
        process.WaitForExit();
        process.Dispose();
        region.Dispose();
        RegionEraser.Erase(paths.Region);
    }

    private void Note(string? line)
    {
        const int Kept = 40;
        if (line is null) return;
        lock (log)
        {
            log.Add(line);
            if (log.Count > Kept) log.RemoveAt(0);
        }
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(paths.ApiSocket), cancel);
        return new NetworkStream(socket, ownsSocket: true);
    }
}
