using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Appliance.LineRate.Nodes;

namespace Appliance.LineRate.Bgp;

/// <summary>BIRD or FRR, which keep the routes to themselves as ours does here: nothing goes to a kernel.</summary>
internal abstract class ForeignSpeaker : IBgpSpeaker
{
    private const double ReadySeconds = 20;
    private readonly List<Process> processes = [];
    private readonly StringBuilder said = new();

    protected ForeignSpeaker(BgpLink link)
    {
        Link = link;
        link.Own(this);
    }

    /// <inheritdoc/>
    public abstract string? Peer { get; }

    /// <inheritdoc/>
    public abstract long Prefixes { get; }

    /// <inheritdoc/>
    public double CpuSeconds => ProcessFigures.CpuSeconds(Measured);

    /// <inheritdoc/>
    public long Memory => ProcessFigures.Memory(Measured);

    protected BgpLink Link { get; }

    /// <summary>The process that keeps the routes: the last that was started.</summary>
    private int Measured => processes[^1].Id;

    /// <inheritdoc/>
    public InvalidOperationException Failed(string what)
    {
        lock (said) return new InvalidOperationException($"{Peer} {what}:\n{said}");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var process in Enumerable.Reverse(processes))
        {
            if (!process.HasExited) process.Kill();
            process.WaitForExit();
            process.Dispose();
        }

        processes.Clear();
        GC.SuppressFinalize(this);
    }

    /// <summary>Starts a daemon that stays in the foreground; ip(8) becomes it, so the process is its own.</summary>
    protected void Start(params string[] command)
    {
        var process = Process.Start(new ProcessStartInfo("ip", ["netns", "exec", Link.Measured.Name, .. command]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        process.OutputDataReceived += (_, line) => Note(line.Data);
        process.ErrorDataReceived += (_, line) => Note(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        processes.Add(process);
    }

    /// <summary>Waits for a file that says that the last daemon is ready.</summary>
    protected void Await(string file)
    {
        for (var clock = Stopwatch.StartNew(); !File.Exists(file); Thread.Sleep(10))
            if (processes[^1].HasExited || clock.Elapsed.TotalSeconds > ReadySeconds) throw Failed($"is not ready ({file})");
    }

    private void Note(string? line)
    {
        const int Kept = 4000;
        lock (said)
        {
            if (line is not null && said.Length < Kept) said.AppendLine(line);
        }
    }
}

/// <summary>BIRD 2.</summary>
internal sealed class BirdSpeaker : ForeignSpeaker
{
    private readonly string control;

    public BirdSpeaker(BgpLink link, int neighbors) : base(link)
    {
        var text = new StringBuilder("router id 10.9.0.1; protocol device {}\n");
        for (var n = 0; n < neighbors; n++)
            text.Append(CultureInfo.InvariantCulture, $"protocol bgp n{n} {{ local {BgpLink.Speaker} as {BgpLink.SpeakerAs}; neighbor {BgpLink.NeighborAddress(n)} as {BgpLink.NeighborAs(n)}; passive on; hold time 600; ipv4 {{ import all; export none; }}; }}\n");
        var file = Path.Combine(link.Folder, "bird.conf");
        File.WriteAllText(file, text.ToString());
        control = Path.Combine(link.Folder, "bird.ctl");
        Start("bird", "-f", "-c", file, "-s", control, "-P", Path.Combine(link.Folder, "bird.pid"));
        Await(control);
    }

    /// <inheritdoc/>
    public override string? Peer => "bird";

    /// <inheritdoc/>
    public override long Prefixes
    {
        get
        {
            // "1000000 of 1000000 routes for 1000000 networks in table master4"
            var line = Tool.Run(["birdc", "-s", control, "show", "route", "count"]).Split('\n').FirstOrDefault(l => l.Contains("networks in table master4", StringComparison.Ordinal));
            return line is null ? 0 : long.Parse(line.Split(' ')[5], CultureInfo.InvariantCulture);
        }
    }
}

/// <summary>FRR's bgpd, with zebra for its next hops.</summary>
internal sealed class FrrSpeaker : ForeignSpeaker
{
    /// <summary>Where Debian keeps its daemons.</summary>
    public const string Folder = "/usr/lib/frr";

    private readonly string state;

    public FrrSpeaker(BgpLink link, int neighbors) : base(link)
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"router bgp {BgpLink.SpeakerAs}\n bgp router-id 10.9.0.1\n no bgp ebgp-requires-policy\n no bgp network import-check\n");
        for (var n = 0; n < neighbors; n++)
            text.Append(CultureInfo.InvariantCulture, $" neighbor {BgpLink.NeighborAddress(n)} remote-as {BgpLink.NeighborAs(n)}\n neighbor {BgpLink.NeighborAddress(n)} passive\n neighbor {BgpLink.NeighborAddress(n)} timers 200 600\n");
        state = Path.Combine(link.Folder, "frr");
        Directory.CreateDirectory(state);
        File.WriteAllText(Path.Combine(state, "bgpd.conf"), text.ToString());
        File.WriteAllText(Path.Combine(state, "zebra.conf"), "");
        File.WriteAllText(Path.Combine(state, "vtysh.conf"), "");
        // FRR's daemons become the user frr, who must get to the folder.
        Tool.Run(["chmod", "711", link.Folder]);
        Tool.Run(["chown", "-R", "frr:frr", state]);
        foreach (var daemon in (string[])["zebra", "bgpd"])
        {
            string[] alone = daemon == "bgpd" ? ["--no_kernel"] : [];
            Start([$"{Folder}/{daemon}", "-f", $"{state}/{daemon}.conf", "-i", $"{state}/{daemon}.pid", "-z", $"{state}/zserv.api", "--vty_socket", state, "-A", "127.0.0.1", .. alone]);
            Await($"{state}/{daemon}.vty");
        }
    }

    /// <inheritdoc/>
    public override string? Peer => "frr";

    /// <inheritdoc/>
    public override long Prefixes
    {
        get
        {
            using var summary = JsonDocument.Parse(Tool.Run(["vtysh", "--vty_socket", state, "--config_dir", state, "-c", "show bgp ipv4 unicast summary json"]));
            return summary.RootElement.TryGetProperty("ribCount", out var count) ? count.GetInt64() : 0;
        }
    }
}
