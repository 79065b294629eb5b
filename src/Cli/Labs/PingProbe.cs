using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Appliance.Shared;

namespace Appliance.Cli.Labs;

/// <summary>What a ping has seen so far. A request whose answer is still under way counts neither way.</summary>
internal sealed record PingFigures(int Sent, int Received, double AverageMilliseconds)
{
    /// <summary>Requests without an answer, in percent; 100 when nothing was sent, since nothing was shown to work.</summary>
    public double LossPercent => Sent == 0 ? 100 : Math.Round(100.0 * (Sent - Received) / Sent, 2);
}

/// <summary>A ping that runs until it is stopped.</summary>
internal sealed partial class PingProbe : IDisposable
{
    private readonly Process process;
    private readonly Task reading;
    private readonly PingReader reader = new();

    /// <summary>Starts pinging five times a second from inside a namespace.</summary>
    public PingProbe(string space, string address)
    {
        process = Tool.Start("setsid", ["ip", .. Topology.Inside(space, "ping", "-n", "-O", "-i", "0.2", address)]);
        reading = Task.Run(() =>
        {
            while (process.StandardOutput.ReadLine() is { } line) reader.Take(line);
        });
    }

    /// <summary>What it has seen so far.</summary>
    public PingFigures Figures => reader.Figures;

    /// <summary>One request; true when it was answered within a second.</summary>
    public static bool Once(string space, string address) => Tool.Run("ip", Topology.Inside(space, "ping", "-n", "-c", "1", "-W", "1", address)).ExitCode == 0;

    /// <summary>Stops it and returns what it saw.</summary>
    public PingFigures Stop()
    {
        LinuxProcess.Signal(process.Id, LinuxProcess.Interrupt);
        if (!process.WaitForExit(3000)) process.Kill();
        reading.Wait(1000);
        return Figures;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!process.HasExited) process.Kill();
        process.Dispose();
    }
}

/// <summary>Reads the lines of <c>ping -O</c>.</summary>
internal sealed partial class PingReader
{
    private readonly Lock gate = new();
    private readonly HashSet<int> answered = [];
    private int highest;
    private double total;

    /// <summary>What the lines so far say.</summary>
    public PingFigures Figures
    {
        get
        {
            lock (gate) return new PingFigures(highest, answered.Count, answered.Count == 0 ? 0 : Math.Round(total / answered.Count, 3));
        }
    }

    /// <summary>Takes a line.</summary>
    public void Take(string line)
    {
        var match = Sequence.Match(line);
        if (!match.Success || line.Contains("(DUP!)", StringComparison.Ordinal)) return;
        var number = int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        lock (gate)
        {
            highest = Math.Max(highest, number);
            if (Time.Match(line) is { Success: true } time && answered.Add(number)) total += double.Parse(time.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        }
    }

    [GeneratedRegex("icmp_seq=([0-9]+)")]
    private static partial Regex Sequence { get; }

    [GeneratedRegex("time=([0-9.]+) ms")]
    private static partial Regex Time { get; }
}
