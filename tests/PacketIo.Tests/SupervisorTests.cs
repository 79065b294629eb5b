using System.Diagnostics;
using Appliance.Shared;

namespace Appliance.PacketIo.Tests;

/// <summary>The supervisor with shell scripts in the place of the data plane and the slow path: what it opens, hands down, restarts and takes away.</summary>
[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class SupervisorTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly string folder = Directory.CreateTempSubdirectory("supervisor").FullName;
    private readonly string runtime = $"/dev/shm/supervisor-test-{Environment.ProcessId}-{Guid.NewGuid():N}";

    private readonly List<Process> started = [];

    private string Configuration => Path.Combine(folder, "gw.yaml");

    public void Dispose()
    {
        foreach (var process in started.Where(p => !p.HasExited)) process.Kill();
        foreach (var name in (string[])["serve", "plane"])
        {
            if (Running(name)) LinuxProcess.Signal(ProcessOf(name), LinuxProcess.Kill);
        }

        Directory.Delete(folder, recursive: true);
        if (Directory.Exists(runtime)) Directory.Delete(runtime, recursive: true);
    }

    [SkippableFact]
    public void It_opens_doors_hands_them_down_restarts_children_and_leaves_nothing_behind() => InNamespace(network =>
    {
        network.Exec("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.conf.all.rp_filter=1");
        Prepare(Plan("w0"));
        var supervisor = Start(network);
        Until(() => Running("serve") && Running("plane"), supervisor);

        Assert.Contains("xdp", network.Exec("ip link show w0"), StringComparison.Ordinal);
        Assert.Contains("10.99.0.1/32", network.Exec("ip addr show vpn0"), StringComparison.Ordinal);
        Assert.Contains("fd00:99::1/128", network.Exec("ip addr show vpn0"), StringComparison.Ordinal);
        Assert.DoesNotContain("fe80", network.Exec("ip addr show vpn0"), StringComparison.Ordinal);
        Assert.Equal("0 0 0 0 1", network.Exec("cd /proc/sys/net; echo $(cat ipv4/ip_forward ipv6/conf/all/forwarding ipv6/conf/w0/accept_ra ipv4/conf/vpn0/rp_filter ipv4/conf/w1/rp_filter)").Trim());
        Assert.Equal(PortModeWanted.Native, LaunchPlan.Read(Path.Combine(runtime, "plan.json")).Ports.First(p => p.Name == "wan").Mode);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(runtime, "region")));

        // Exactly what it needs: a socket map, two address maps, a TUN queue.
        var descriptors = PortDescriptors.Parse(Said("plane").Split("--descriptors ")[1].Trim());
        int[] passed = [descriptors.Require("xsk", "wan"), descriptors.Require("local4", "wan"), descriptors.Require("local6", "wan"), .. descriptors.Find("tun", "vpn0")];
        Assert.Equal([3, 4, 5, 6], passed);
        Assert.Equal(["0", "1", "2", "3", "4", "5", "6"], Descriptors("plane"));
        Assert.Equal(["0", "1", "2"], Descriptors("serve"));
        Assert.Contains("tun", File.ResolveLinkTarget($"/proc/{ProcessOf("plane")}/fd/6", false)!.Name, StringComparison.Ordinal);

        var first = ProcessOf("plane");
        var time = Stopwatch.StartNew();
        Process.GetProcessById(first).Kill();
        Until(() => ProcessOf("plane") != first && Running("plane"), supervisor);
        Assert.InRange(time.ElapsedMilliseconds, 0, 2000);
        Assert.Contains("xdp", network.Exec("ip link show w0"), StringComparison.Ordinal);
        Assert.True(Running("serve"));

        var second = Start(network);
        Assert.True(second.WaitForExit(Patience));
        Assert.Equal(1, second.ExitCode);

        network.Exec("ip link del w0");
        network.AddVeth("w0", "w1");
        Until(() => network.Exec("ip link show w0").Contains("xdp", StringComparison.Ordinal), supervisor);

        first = ProcessOf("plane");
        network.Exec("ip link del vpn0");
        Until(() => ProcessOf("plane") != first && Running("plane"), supervisor);
        Assert.Contains("10.99.0.1/32", network.Exec("ip addr show vpn0"), StringComparison.Ordinal);

        Stop(supervisor);
        Assert.Equal(0, supervisor.ExitCode);
        Assert.False(Running("serve") || Running("plane"));
        Assert.DoesNotContain("xdp", network.Exec("ip link show w0"), StringComparison.Ordinal);
        Assert.DoesNotContain("vpn0", network.Exec("ip link"), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(runtime));
        Assert.Equal("0", network.Exec("cat /proc/sys/net/ipv4/ip_forward").Trim());
    });

    [SkippableFact]
    public void After_a_kill_the_region_stays_nothing_is_forwarded_and_the_next_run_goes_on() => InNamespace(network =>
    {
        const int unusedPlace = 4000;
        byte[] marker = [0xa5, 0x5a];
        Prepare(Plan("w0"));
        var supervisor = Start(network);
        Until(() => Running("serve") && Running("plane"), supervisor);
        using (var region = File.OpenHandle(Path.Combine(runtime, "region"), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite)) RandomAccess.Write(region, marker, unusedPlace);
        var (plane, serve) = (ProcessOf("plane"), ProcessOf("serve"));
        supervisor.Kill();
        Assert.True(supervisor.WaitForExit(Patience));
        Assert.Equal("0", network.Exec("cat /proc/sys/net/ipv4/ip_forward").Trim());
        LinuxProcess.Signal(serve, LinuxProcess.Kill);

        // The old data plane still holds the TUN device's queue while the new supervisor starts.
        supervisor = Start(network);
        Until(() => ProcessOf("plane") != plane && Running("plane") && Running("serve"), supervisor);
        LinuxProcess.Signal(plane, LinuxProcess.Kill);
        Assert.Contains("10.99.0.1/32", network.Exec("ip addr show vpn0"), StringComparison.Ordinal);
        Assert.Contains("xdp", network.Exec("ip link show w0"), StringComparison.Ordinal);
        var kept = new byte[2];
        using (var region = File.OpenHandle(Path.Combine(runtime, "region"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite)) RandomAccess.Read(region, kept, unusedPlace);
        Assert.Equal(marker, kept);
        Stop(supervisor);
        Assert.Empty(Directory.GetFiles(runtime));
    });

    [SkippableFact]
    public void A_child_that_keeps_dying_is_started_ever_more_slowly() => InNamespace(network =>
    {
        Prepare(Plan("w0"), plane: "echo once >>$D/starts; exit 3");
        var supervisor = Start(network);
        Until(() => Running("serve"), supervisor);
        Thread.Sleep(3000);
        var starts = File.ReadAllLines(Path.Combine(folder, "starts")).Length;
        Assert.InRange(starts, 4, 9);
        Stop(supervisor);
    });

    [SkippableFact]
    public void A_configuration_that_is_wrong_starts_nothing() => InNamespace(network =>
    {
        Prepare("", planExit: 2);
        var supervisor = Start(network);
        Assert.True(supervisor.WaitForExit(Patience));
        Assert.Equal(2, supervisor.ExitCode);
        Assert.False(Directory.Exists(runtime));
    });

    [SkippableFact]
    public void A_port_that_cannot_be_opened_leaves_nothing_behind() => InNamespace(network =>
    {
        Prepare(Plan("absent0"));
        var supervisor = Start(network);
        Assert.True(supervisor.WaitForExit(Patience));
        Assert.Equal(1, supervisor.ExitCode);
        Assert.False(File.Exists(Path.Combine(runtime, "region")));
        Assert.DoesNotContain("vpn0", network.Exec("ip link"), StringComparison.Ordinal);
    });

    private static void InNamespace(Action<NetworkNamespace> body)
    {
        Need.Root();
        using var network = new NetworkNamespace();
        network.AddVeth("w0", "w1");
        network.Run(() => body(network));
    }

    private string Plan(string device) => new LaunchPlan
    {
        Instance = "test",
        Runtime = runtime,
        Workers = [0],
        Region = new RegionSizes { OutboundSas = 16, InboundSas = 16, Tunnels = 16, NextHops = 16, Adjacencies = 16, SpdRules = 16, Ipv4Groups = 16, Ipv6Nodes = 16 },
        Vpn = new VpnPlan { Device = "vpn0", Addresses = ["10.99.0.1/32", "fd00:99::1/128"] },
        Ports =
        [
            new PortPlan { Index = 0, Name = "vpn0", Kind = PortKind.Tun, Device = "vpn0" },
            new PortPlan { Index = 1, Name = "wan", Kind = PortKind.AfXdp, Device = device, Side = PortSide.Unprotected },
        ],
    }.ToJson();

    private void Prepare(string plan, int planExit = 0, string? plane = null)
    {
        var built = AppContext.BaseDirectory.Replace("PacketIo.Tests", "Supervisor", StringComparison.Ordinal);
        foreach (var file in Directory.GetFiles(built)) File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        File.WriteAllText(Configuration, "");
        File.WriteAllText(Path.Combine(folder, "plan"), plan);
        Script(Programs.SlowPath, $"if [ \"$1\" = plan ]; then cat {folder}/plan; exit {planExit}; fi\n" + Stay("serve"));
        Script(Programs.DataPlane, plane?.Replace("$D", folder, StringComparison.Ordinal) ?? Stay("plane"));
    }

    private string Stay(string name) => $"echo \"$$ $*\" >{folder}/{name}.new; mv {folder}/{name}.new {folder}/{name}; exec sleep 300";

    private void Script(string name, string body)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllText(path, "#!/bin/sh\n" + body + "\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }

    private Process Start(NetworkNamespace network)
    {
        var process = Process.Start("ip", ["netns", "exec", network.Name, Path.Combine(folder, Programs.Supervisor), Configuration]);
        started.Add(process);
        return process;
    }

    private static void Stop(Process supervisor)
    {
        LinuxProcess.Signal(supervisor.Id, LinuxProcess.Terminate);
        Assert.True(supervisor.WaitForExit(Patience), "the supervisor does not end");
    }

    private string Said(string name) => File.Exists(Path.Combine(folder, name)) ? File.ReadAllText(Path.Combine(folder, name)) : "";

    private int ProcessOf(string name) => Said(name) is { Length: > 0 } said ? int.Parse(said.Split(' ')[0]) : 0;

    private bool Running(string name) => LinuxProcess.StartTime(ProcessOf(name)) != 0 && File.ReadAllText($"/proc/{ProcessOf(name)}/comm").Trim() == "sleep";

    private string[] Descriptors(string name) => [.. Directory.GetFiles($"/proc/{ProcessOf(name)}/fd").Select(f => Path.GetFileName(f)!).Order()];

    private static void Until(Func<bool> condition, Process supervisor)
    {
        var time = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.False(supervisor.HasExited, "the supervisor has ended");
            Assert.True(time.Elapsed < Patience, "it does not happen");
            Thread.Sleep(20);
        }
    }
}
