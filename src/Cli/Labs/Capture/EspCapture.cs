using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using Appliance.Shared;

namespace Appliance.Cli.Labs;

/// <summary>
/// Reads every ESP and IKE packet that comes in to the router, by a tcpdump on each of its devices that writes to a pipe: nothing is stored but what is asked for. Each packet is seen once, as its
/// sender sent it.
/// </summary>
internal sealed partial class EspCapture : IDisposable
{
    private const string Filter = "ip proto 50 or ip6 proto 50 or udp port 500 or udp port 4500";
    private const int MaximumFlows = 100_000;
    private const int LinkHeader = 64;
    private readonly Lock gate = new();
    private readonly List<(Process Process, Task Reading)> captures = [];
    private readonly Dictionary<EspFlow, long> flows = [];
    private readonly Dictionary<IPAddress, double> firstIke = [];
    private readonly IvLedger ledger = new();
    private EspSample? sample;
    private Exception? broken;
    private long esp, large, unread;

    /// <summary>Begins; returns when every tcpdump listens. <paramref name="mtu"/>: the largest of the lab's links, in octets.</summary>
    /// <exception cref="Failure">tcpdump does not start.</exception>
    public EspCapture(LabState state, IReadOnlyList<(string Node, string Device)> wan, int mtu)
    {
        foreach (var (node, device) in wan) Start(state.Node(node).Namespace, device, mtu + LinkHeader);
    }

    /// <summary>ESP packets so far.</summary>
    public long Esp => Guarded(() => esp);

    /// <summary>Large ones among them.</summary>
    public long Large => Guarded(() => large);

    /// <summary>Packets whose IVs were compared, those whose IV another packet had, and those that were not compared any more.</summary>
    public (long Checked, long Repeated, long Unchecked) Ivs => Guarded(() => (ledger.Checked, ledger.Repeated, ledger.Unchecked));

    /// <summary>Packets of each flow so far.</summary>
    public EspFlows Flows => Guarded(() => new EspFlows(new Dictionary<EspFlow, long>(flows)));

    /// <summary>When the first IKE message came from one of these addresses, in seconds since 1970.</summary>
    public double? FirstIke(IEnumerable<IPAddress> sources) => Guarded(() => sources.Select(s => firstIke.TryGetValue(s, out var at) ? at : (double?)null).Min());

    /// <summary>Keeps packets from now on.</summary>
    public void BeginSample(EspSample into)
    {
        lock (gate) sample = into;
    }

    /// <summary>Keeps no more.</summary>
    public void EndSample()
    {
        lock (gate) sample = null;
    }

    /// <summary>Ends; returns how many packets tcpdump was too slow for, or could not be read: fragments.</summary>
    /// <exception cref="Failure">What tcpdump wrote could not be read.</exception>
    public long Stop()
    {
        long missed = 0;
        foreach (var (process, reading) in captures)
        {
            LinuxProcess.Signal(process.Id, LinuxProcess.Interrupt);
            var said = process.StandardError.ReadToEnd();
            process.WaitForExit(3000);
            reading.Wait(3000);
            if (Dropped.Match(said) is { Success: true } match) missed += long.Parse(match.Groups[1].ValueSpan, null);
        }

        return broken is null ? missed + Guarded(() => unread) : throw broken;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (process, _) in captures)
        {
            if (!process.HasExited) process.Kill();
            process.Dispose();
        }
    }

    private void Start(string space, string device, int snapLength)
    {
        // The kernel's ring has slots of the snap length.
        var process = Tool.Start("setsid", ["ip", .. Topology.Inside(space, ["tcpdump", "-i", device, "-n", "-p", "-Q", "in", "-s", $"{snapLength}", "-B", "8192", "--immediate-mode", "-Z", "root", "-U", "-w", "-", Filter])]);
        captures.Add((process, Task.Factory.StartNew(() => Read(process.StandardOutput.BaseStream), TaskCreationOptions.LongRunning)));
        while (process.StandardError.ReadLine() is { } line)
        {
            if (line.Contains("listening on", StringComparison.Ordinal)) return;
        }

        process.WaitForExit();
        throw new Failure("tcpdump does not start", $"{device} in {space}", $"exit code {process.ExitCode}", "install tcpdump: make setup");
    }

    private void Read(Stream stream)
    {
        try
        {
            var reader = new PcapReader(stream);
            while (reader.TryNext(out var seconds, out var frame))
            {
                if (OuterPacket.TryParse(frame, out var packet)) Take(packet, seconds);
                else Interlocked.Increment(ref unread);
            }
        }
        catch (Exception e) when (e is Failure or IOException or ObjectDisposedException)
        {
            if (e is Failure) broken = e;
        }
    }

    private void Take(OuterPacket packet, double seconds)
    {
        lock (gate)
        {
            if (packet.IsIke)
            {
                if (firstIke.Count < MaximumFlows) firstIke.TryAdd(packet.Source, seconds);
                return;
            }

            esp++;
            ledger.Take(packet.Spi, packet.Iv, packet.Esp);
            sample?.Take(packet);
            var flow = new EspFlow(packet.Source, packet.Destination, packet.Spi, packet.Esp.Length > EspFlows.LargeOctets);
            if (flow.IsLarge) large++;
            if (flows.Count < MaximumFlows || flows.ContainsKey(flow)) flows[flow] = flows.GetValueOrDefault(flow) + 1;
        }
    }

    private T Guarded<T>(Func<T> read)
    {
        lock (gate) return read();
    }

    [GeneratedRegex("([0-9]+) packets? dropped by kernel")]
    private static partial Regex Dropped { get; }
}
