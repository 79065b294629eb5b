using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Appliance.Shared;

namespace Appliance.Cli.Labs;

/// <summary>What a ping has seen so far. A request whose answer is still under way counts neither way; the gap is between two answers that followed each other.</summary>
internal sealed record PingFigures(int Sent, int Received, double AverageMilliseconds, double LongestGapSeconds = 0)
{
    /// <summary>Requests without an answer, in percent; 100 when nothing was sent, since nothing was shown to work.</summary>
    public double LossPercent => Sent == 0 ? 100 : Math.Round(100.0 * (Sent - Received) / Sent, 2);

    /// <summary>What several pings have seen; the time is the mean of theirs.</summary>
    public static PingFigures Together(IReadOnlyCollection<PingFigures> all) =>
        new(all.Sum(p => p.Sent), all.Sum(p => p.Received), all.Count == 0 ? 0 : Math.Round(all.Average(p => p.AverageMilliseconds), 3));
}

/// <summary>A ping that runs until it is stopped.</summary>
internal sealed partial class PingProbe : IDisposable
{
    private readonly Process process;
    private readonly Task reading;
    private readonly PingReader reader = new();

    /// <summary>Starts pinging from inside a namespace, five times a second unless another interval (in seconds) is given; from another source address where that is given.</summary>
    public PingProbe(string space, string address, string interval = "0.2", string? source = null)
    {
        string[] from = source is null ? [] : ["-I", source];
        process = Tool.Start("setsid", ["ip", .. Topology.Inside(space, ["ping", "-n", "-D", "-O", "-i", interval, .. from, address])]);
        // A thread of its own: dozens of readers that block would starve the pool.
        reading = Task.Factory.StartNew(() =>
        {
            while (process.StandardOutput.ReadLine() is { } line) reader.Take(line);
        }, TaskCreationOptions.LongRunning);
    }

    /// <summary>What it has seen so far.</summary>
    public PingFigures Figures => reader.Figures;

    /// <summary>When the first answer came, in seconds since 1970; null before.</summary>
    public double? FirstAnswer => reader.FirstAnswer;

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

/// <summary>Reads the lines of <c>ping -D -O</c>.</summary>
internal sealed partial class PingReader
{
    private readonly Lock gate = new();
    private readonly HashSet<int> answered = [];
    private int highest;
    private double total;
    private double lastAnswer;
    private double longestGap;
    private double? firstAnswer;

    /// <summary>What the lines so far say.</summary>
    public PingFigures Figures
    {
        get
        {
            lock (gate) return new PingFigures(highest, answered.Count, answered.Count == 0 ? 0 : Math.Round(total / answered.Count, 3), Math.Round(longestGap, 3));
        }
    }

    /// <summary>When the first answer came, in seconds since 1970; null before.</summary>
    public double? FirstAnswer
    {
        get
        {
            lock (gate) return firstAnswer;
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
            if (Time.Match(line) is not { Success: true } time || !answered.Add(number)) return;
            total += double.Parse(time.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
            if (Stamp.Match(line) is not { Success: true } stamp) return;
            var now = double.Parse(stamp.Groups[1].ValueSpan, CultureInfo.InvariantCulture);
            firstAnswer ??= now;
            if (lastAnswer > 0) longestGap = Math.Max(longestGap, now - lastAnswer);
            lastAnswer = now;
        }
    }

    [GeneratedRegex("icmp_seq=([0-9]+)")]
    private static partial Regex Sequence { get; }

    [GeneratedRegex(@"^\[([0-9.]+)\]")]
    private static partial Regex Stamp { get; }

    [GeneratedRegex("time=([0-9.]+) ms")]
    private static partial Regex Time { get; }
}
