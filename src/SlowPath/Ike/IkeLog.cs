using System.Globalization;
using Appliance.Ike;
using Appliance.SlowPath.Serving;
using Microsoft.Extensions.Logging;

namespace Appliance.SlowPath.Ike;

/// <summary>The machine's lines: one for each peer and kind in a second, the others are counted. A stranger can make no more lines than that, nor more keys than are kept.</summary>
internal sealed class IkeLog(ILogger log)
{
    private const long IntervalMilliseconds = 1000;
    private const int MostKinds = 256, MostPerSecond = 200;
    private readonly RateLimit<(string Peer, string Key)> limit = new(IntervalMilliseconds);
    private readonly Dictionary<(string Key, IkeLogLevel Level), long> counts = [];
    private long second;
    private int inSecond;

    /// <summary>Lines so far, also those held back, by kind.</summary>
    public IReadOnlyDictionary<(string Key, IkeLogLevel Level), long> Counts => counts;

    /// <summary>Writes a line, or counts it.</summary>
    public void Write(WriteLog line, long tick)
    {
        if (counts.Count < MostKinds || counts.ContainsKey((line.Key, line.Level))) counts[(line.Key, line.Level)] = counts.GetValueOrDefault((line.Key, line.Level)) + 1;
        if (!log.IsEnabled(Level(line.Level)) || !limit.TryPass((line.Peer, line.Key), tick, out var held) || !Passes(tick)) return;
        var more = held == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" ({held} more)");
        log.Log(Level(line.Level), "ike {Peer}: {Text}{More}", line.Peer, line.Text, more);
    }

    /// <summary>Forged addresses are peers without end: there is a bound for all of them together.</summary>
    private bool Passes(long tick)
    {
        if (tick / IntervalMilliseconds != second) (second, inSecond) = (tick / IntervalMilliseconds, 0);
        return ++inSecond <= MostPerSecond;
    }

    private static LogLevel Level(IkeLogLevel level) => level switch
    {
        IkeLogLevel.Debug => LogLevel.Debug,
        IkeLogLevel.Information => LogLevel.Information,
        IkeLogLevel.Warning => LogLevel.Warning,
        _ => LogLevel.Error,
    };
}
