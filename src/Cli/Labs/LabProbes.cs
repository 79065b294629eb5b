using System.Globalization;

namespace Appliance.Cli.Labs;

/// <summary>What <c>lab run</c> sends, once it is started: a ping for each of the lab's, and TCP where the lab has a server.</summary>
internal sealed class LabProbes(LabState state, LabTraffic traffic) : IDisposable
{
    private readonly List<(LabPing Ping, PingProbe Probe)> pings = [];
    private TcpProbe? tcp;

    /// <summary>What is sent.</summary>
    public LabTraffic Traffic => traffic;

    /// <summary>TCP gave up.</summary>
    public bool Ended => tcp?.Ended == true;

    /// <summary>What they see at this moment, a line each.</summary>
    public IReadOnlyList<(string Name, string Value)> Lines =>
        [.. traffic.Sites.Count > 0 ? [("pings", $"{pings.Count} pairs: {Answers(PingFigures.Together([.. pings.Select(p => p.Probe.Figures)]))}")] : pings.Select(p => (p.Ping.Name, Answers(p.Probe.Figures))), .. tcp is null ? [] : new[] { ("tcp", tcp.Figures.NowMbps.ToString("0", CultureInfo.InvariantCulture) + " Mbit/s") }];

    /// <summary>What the pings saw, in the order of the file.</summary>
    public IReadOnlyList<PingFigures> Pings { get; private set; } = [];

    /// <summary>What TCP saw; null in a lab without.</summary>
    public TcpFigures? Tcp { get; private set; }

    /// <summary>Starts them all.</summary>
    public void Start(int seconds)
    {
        foreach (var ping in traffic.Pings) pings.Add((ping, new PingProbe(state.Node(ping.From).Namespace, ping.Address)));
        if (traffic.Tcp is { } server) tcp = new TcpProbe(state.Node(server.Node).Namespace, state.Node(traffic.From).Namespace, server.Address, seconds);
    }

    /// <summary>Stops them and keeps what they saw.</summary>
    public void Stop()
    {
        Tcp = tcp?.Stop();
        Pings = [.. pings.Select(p => p.Probe.Stop())];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (_, probe) in pings) probe.Dispose();
        tcp?.Dispose();
    }

    private static string Answers(PingFigures f) =>
        string.Create(CultureInfo.InvariantCulture, $"{f.Received}/{f.Sent} answered, {f.LossPercent} % lost, {f.AverageMilliseconds} ms");
}
