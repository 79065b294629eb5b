using System.Globalization;
using System.Text.RegularExpressions;

namespace Appliance.Cli.Labs;

/// <summary>A number of pings whose stragglers are waited for: exactly how many were answered.</summary>
internal static partial class PingCount
{
    private const int GraceSeconds = 20;

    /// <summary>Starts them; <paramref name="octets"/> of payload each.</summary>
    public static Task<(int Sent, int Received)> Start(string space, string address, int count, string interval, int octets = 56) => Task.Factory.StartNew(() =>
    {
        var limit = (int)Math.Ceiling(count * double.Parse(interval, CultureInfo.InvariantCulture)) + GraceSeconds;
        var output = Tool.Run("ip", Topology.Inside(space, "ping", "-n", "-q", "-c", $"{count}", "-i", interval, "-W", "2", "-s", $"{octets}", address), limitSeconds: limit).Output;
        return Summary.Match(output) is { Success: true } match ? (Number(match, 1), Number(match, 2)) : (count, 0);
    }, TaskCreationOptions.LongRunning);

    private static int Number(Match match, int group) => int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex("([0-9]+) packets transmitted, ([0-9]+) received")]
    private static partial Regex Summary { get; }
}

/// <summary>Pings between all pairs of sites at once.</summary>
internal sealed class MeshPings(IReadOnlyList<(string Pair, Task<(int Sent, int Received)> Ping)> pings)
{
    /// <summary>Waits for them: all together, and the pairs that lost something.</summary>
    public (int Sent, double LossPercent, string Losers) End()
    {
        Task.WaitAll([.. pings.Select(p => p.Ping)]);
        var (sent, received) = (pings.Sum(p => p.Ping.Result.Sent), pings.Sum(p => p.Ping.Result.Received));
        var losers = pings.Where(p => p.Ping.Result.Received < p.Ping.Result.Sent).Select(p => $"{p.Pair} {p.Ping.Result.Sent - p.Ping.Result.Received} of {p.Ping.Result.Sent}");
        return (sent, Math.Round(100.0 * (sent - received) / Math.Max(1, sent), 3), string.Join(", ", losers));
    }
}
