using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Appliance.Shared;

namespace Appliance.Cli.Labs;

/// <summary>
/// Counts what crosses the wan with tcpdump on the router, which is not ours: ESP (raw, or in UDP port 4500) on the first device, where
/// every packet between the gateways passes, and on every device whatever else is IP and not housekeeping of the link itself.
/// </summary>
internal sealed partial class WanWatch : IDisposable
{
    /// <summary>ESP, raw or in UDP.</summary>
    public const string EspFilter = "ip proto 50 or ip6 proto 50 or udp port 4500";

    /// <summary>
    /// IP packets in the clear. IKE (UDP 500) protects itself. Housekeeping is neighbour discovery (ICMPv6 133–137 with hop limit 255, which no router forwards, RFC 4861 §6.1) and
    /// multicast listener reports (hop-by-hop header to ff02::16, RFC 3810 §5.2.14).
    /// </summary>
    public const string ClearFilter = "(ip or ip6) and not (" + EspFilter + ") and not (udp port 500) and not (ip6[6] = 58 and ip6[7] = 255 and ip6[40] >= 133 and ip6[40] <= 137) and not (ip6[6] = 0 and dst host ff02::16)";

    // One file of 1 MB, written over again and again: a leak at full speed must not fill the machine's memory.
    private static readonly string[] Ring = ["-C", "1", "-W", "1"];

    private readonly List<(Process Process, bool Clear, string File)> captures = [];

    /// <summary>Starts counting; returns when every tcpdump listens.</summary>
    /// <exception cref="Failure">tcpdump does not start.</exception>
    public WanWatch(LabState state, IReadOnlyList<(string Node, string Device)> wan)
    {
        for (var i = 0; i < wan.Count; i++)
        {
            var space = state.Node(wan[i].Node).Namespace;
            if (i == 0) Start(space, wan[i].Device, EspFilter, "/dev/null", clear: false);
            Start(space, wan[i].Device, ClearFilter, Path.Combine(state.Directory, $"clear-{wan[i].Node}-{wan[i].Device}.pcap"), clear: true);
        }
    }

    /// <summary>Stops counting.</summary>
    public (long Esp, long Clear, string FirstClear) Stop()
    {
        long esp = 0, clear = 0;
        var first = "";
        foreach (var (process, isClear, file) in captures)
        {
            LinuxProcess.Signal(process.Id, LinuxProcess.Interrupt);
            var count = Count(process.StandardError.ReadToEnd());
            process.WaitForExit(3000);
            if (isClear) clear += count;
            else esp += count;
            if (isClear && count > 0 && first.Length == 0) first = Tool.Run("tcpdump", ["-n", "-c", "3", "-r", file]).Output.Trim();
        }

        return (esp, clear, first);
    }

    /// <summary>Reads tcpdump's own count: what passed the filter, also where tcpdump was too slow to read it.</summary>
    public static long Count(string output) => Received.Match(output) is { Success: true } match ? long.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture)
        : throw new Failure("tcpdump did not say how many packets it saw", "the lab's router", output.Trim(), "look whether tcpdump runs there: appliance lab exec router -- tcpdump -c 1");

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (process, _, _) in captures)
        {
            if (!process.HasExited) process.Kill();
            process.Dispose();
        }
    }

    private void Start(string space, string device, string filter, string file, bool clear)
    {
        var rotation = clear ? Ring : [];
        var process = Tool.Start("setsid", ["ip", .. Topology.Inside(space, ["tcpdump", "-i", device, "-n", "-p", "-s", "128", "-Z", "root", "-U", .. rotation, "-w", file, filter])]);
        captures.Add((process, clear, file));
        while (process.StandardError.ReadLine() is { } line)
        {
            if (line.Contains("listening on", StringComparison.Ordinal)) return;
        }

        process.WaitForExit();
        throw new Failure("tcpdump does not start", $"{device} in {space}", $"exit code {process.ExitCode}", "install tcpdump: make setup");
    }

    [GeneratedRegex("([0-9]+) packets? received by filter")]
    private static partial Regex Received { get; }
}
