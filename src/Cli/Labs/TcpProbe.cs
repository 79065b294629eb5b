using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Appliance.Shared;

namespace Appliance.Cli.Labs;

/// <summary>What a TCP stream has carried so far, in Mbit/s of payload: the last second, and on average.</summary>
internal sealed record TcpFigures(double NowMbps, double MeanMbps, string? Problem);

/// <summary>One iperf3 TCP stream through the lab.</summary>
internal sealed class TcpProbe : IDisposable
{
    private readonly Process server;
    private readonly Process client;
    private readonly Task reading;
    private readonly TcpReader reader = new();

    /// <summary>Starts a server and, once it listens, a client; 0 seconds: until it is stopped.</summary>
    /// <exception cref="Failure">iperf3 does not start.</exception>
    public TcpProbe(string serverSpace, string clientSpace, string address, int seconds)
    {
        server = StartServer(serverSpace);
        client = Tool.Start("setsid", ["ip", .. Topology.Inside(clientSpace, "iperf3", "-c", address, "-t", $"{seconds}", "-f", "m", "-i", "1", "--forceflush", "--connect-timeout", "5000")]);
        reading = Task.Factory.StartNew(() =>
        {
            while (client.StandardOutput.ReadLine() is { } line) reader.Take(line);
            reader.End(client.StandardError.ReadToEnd().Trim());
        }, TaskCreationOptions.LongRunning);
    }

    /// <summary>What it has carried so far.</summary>
    public TcpFigures Figures => reader.Figures;

    /// <summary>True when the client has ended by itself.</summary>
    public bool Ended => client.HasExited;

    /// <summary>Sends so many octets (200K) and waits for their end; what went wrong, or empty.</summary>
    /// <exception cref="Failure">iperf3 does not start.</exception>
    public static string Once(string serverSpace, string clientSpace, string address, string octets)
    {
        using var server = StartServer(serverSpace);
        try
        {
            var result = Tool.Run("ip", Topology.Inside(clientSpace, "iperf3", "-c", address, "-n", octets, "--connect-timeout", "3000"), limitSeconds: 10);
            return result.ExitCode == 0 ? "" : $"{result.Output}\n{result.Error}".Trim().Split('\n')[^1];
        }
        finally
        {
            if (!server.HasExited) server.Kill();
        }
    }

    /// <summary>Stops it and returns what it carried.</summary>
    public TcpFigures Stop()
    {
        if (!client.WaitForExit(reader.Started ? 1500 : 0))
        {
            LinuxProcess.Signal(client.Id, LinuxProcess.Interrupt);
            if (!client.WaitForExit(3000)) client.Kill();
        }

        reading.Wait(1000);
        return Figures;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var process in new[] { client, server })
        {
            if (!process.HasExited) process.Kill();
            process.Dispose();
        }
    }

    /// <summary>A server of one test, once it listens.</summary>
    private static Process StartServer(string space)
    {
        var server = Tool.Start("setsid", ["ip", .. Topology.Inside(space, "iperf3", "-s", "-1", "--forceflush")]);
        while (server.StandardOutput.ReadLine() is { } line && !line.Contains("listening", StringComparison.Ordinal))
        {
        }

        if (server.HasExited) throw new Failure("the iperf3 server does not start", space, server.StandardError.ReadToEnd().Trim(), "look whether its port 5201 is free in the namespace");
        _ = server.StandardOutput.ReadToEndAsync();
        return server;
    }
}

/// <summary>Reads the lines of <c>iperf3 -f m</c>.</summary>
internal sealed partial class TcpReader
{
    // What an interrupted client writes; its own summary then says 0 for a receiver that it did not ask any more.
    private const string Interrupted = "the client has terminated";

    private readonly Lock gate = new();
    private readonly List<double> seconds = [];
    private double? receiver;
    private string? problem;

    /// <summary>What the lines so far say: the receiver's own summary once it is there.</summary>
    public TcpFigures Figures
    {
        get
        {
            lock (gate) return new TcpFigures(seconds.LastOrDefault(), receiver ?? (seconds.Count == 0 ? 0 : Math.Round(seconds.Average(), 1)), problem);
        }
    }

    /// <summary>True once a whole second was reported.</summary>
    public bool Started
    {
        get
        {
            lock (gate) return seconds.Count > 0;
        }
    }

    /// <summary>Takes a line.</summary>
    public void Take(string line)
    {
        var match = Interval.Match(line);
        lock (gate)
        {
            if (line.StartsWith("iperf3: error", StringComparison.Ordinal)) problem = line;
            if (line.Contains(Interrupted, StringComparison.Ordinal)) receiver = null;
            if (!match.Success) return;
            var mbps = double.Parse(match.Groups[3].ValueSpan, CultureInfo.InvariantCulture);
            if (line.EndsWith("receiver", StringComparison.Ordinal)) receiver = mbps;
            else if (!line.EndsWith("sender", StringComparison.Ordinal) && Length(match) > 0.5) seconds.Add(mbps);
        }
    }

    /// <summary>Takes what it wrote to its error output.</summary>
    public void End(string error)
    {
        lock (gate)
        {
            if (error.Contains(Interrupted, StringComparison.Ordinal)) receiver = null;
            else if (error.Length > 0) problem ??= error;
        }
    }

    private static double Length(Match match) =>
        double.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture) - double.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"([0-9.]+)-([0-9.]+)\s+sec\s.*?\s([0-9.]+) Mbits/sec")]
    private static partial Regex Interval { get; }
}
