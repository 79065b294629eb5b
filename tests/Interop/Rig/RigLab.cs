using System.Diagnostics;
using System.Text.Json.Nodes;
using Appliance.Cli.Api;
using Appliance.Cli.Labs;
using Appliance.Cli.Show;
using Appliance.Shared;

namespace Appliance.Interop.Rig;

/// <summary>A lab of the product for a test: up with traffic passing, and removed however the test ends.</summary>
internal sealed class RigLab : IDisposable
{
    public const string Server = "10.2.0.2", Server6 = "fd00:2::2";

    private readonly List<string> said = [];

    public RigLab(string name = "api-keys")
    {
        Skip.IfNot(Environment.IsPrivilegedProcess, "needs root: network namespaces and AF_XDP");
        Lab = Lab.Up(LabReader.Read(Path.Combine(AppContext.BaseDirectory, "labs", name, "lab.yaml")), transient: true, said.Add, CancellationToken.None);
        try
        {
            WaitForTraffic();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public Lab Lab { get; }

    public LabState State => Lab.State;

    public string Space(string node) => State.Node(node).Namespace;

    public RuntimePaths Paths(string gateway) => State.Paths(State.Node(gateway));

    /// <summary>Both families answer; fails after the time that a start may take.</summary>
    public void WaitForTraffic()
    {
        foreach (var address in new[] { Server, Server6 }) Eventually(20, () => PingProbe.Once(Space("host-a"), address), $"no answer from {address}");
    }

    /// <summary>Polls until it holds; fails with what the gateways say.</summary>
    public void Eventually(double seconds, Func<bool> holds, string otherwise)
    {
        var clock = Stopwatch.StartNew();
        while (!holds())
        {
            if (clock.Elapsed.TotalSeconds > seconds) Assert.Fail($"{otherwise} within {seconds} s\n{Describe()}");
            Thread.Sleep(50);
        }
    }

    public T Header<T>(string gateway, Func<RegionHeader, T> read)
    {
        using var region = Region.Open(Paths(gateway).Region);
        return read(region.Header);
    }

    public JsonNode Api(string gateway, string path)
    {
        using var api = new ApiClient(Paths(gateway).ApiSocket);
        return api.Get(path);
    }

    /// <summary>Health as the command shows it: from the slow path, else from the region.</summary>
    public JsonObject Health(string gateway) => HealthView.Ask(Paths(gateway));

    /// <summary>Kills a process at once and returns when it is gone.</summary>
    public void Kill(int process)
    {
        Assert.True(LinuxProcess.Signal(process, LinuxProcess.Kill), $"process {process} was not there to be killed");
        Eventually(5, () => LinuxProcess.StartTime(process) == 0, $"process {process} did not go");
    }

    /// <summary>Sends pings 5 ms apart and waits for stragglers; returns what was sent and answered.</summary>
    public Task<(int Sent, int Received)> CountedPing(string node, string address, int count, string? source = null) => Task.Run(() =>
    {
        string[] from = source is null ? [] : ["-I", source];
        var output = Tool.Run("ip", Topology.Inside(Space(node), ["ping", "-n", "-q", "-i", "0.005", "-c", $"{count}", "-W", "3", .. from, address]), limitSeconds: 120).Output;
        var words = output.Split('\n').First(l => l.Contains("packets transmitted", StringComparison.Ordinal)).Split(' ');
        return (int.Parse(words[0], null), int.Parse(words[3], null));
    });

    public string Describe() => string.Join('\n', said.Concat(Lab.File.Gateways.Select(g =>
    {
        var figures = GatewayFigures.Read(Paths(g.Name));
        var log = State.Log(State.Node(g.Name));
        return $"{g.Name}: {(figures is null ? "no region" : $"rx {figures.Rx} tx {figures.Tx} encrypted {figures.OutboundPackets} decrypted {figures.InboundPackets} drops {string.Join(", ", figures.Drops)}")}\n"
            + (File.Exists(log) ? string.Join('\n', File.ReadLines(log).TakeLast(15)) : "");
    })));

    public void Dispose() => LabRemoval.Remove(State);
}
