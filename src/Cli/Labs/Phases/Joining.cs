using System.Diagnostics;
using System.Globalization;

namespace Appliance.Cli.Labs;

/// <summary>
/// A new member: its gateway is started while all hosts ping its host, and its host theirs. The time counts from the first IKE message that the router sees of it until the last of these pairs had an
/// answer, by the clocks of tcpdump and ping, which is this machine's.
/// </summary>
internal static class Joining
{
    private const int LimitMilliseconds = 30_000;

    /// <summary>Figures: NAME_ms, NAME_start_ms (from the start of its process).</summary>
    public static void Run(PhaseContext context, JoinPhase phase)
    {
        var site = context.Site(phase.Node);
        context.Say(phase, $"{phase.Node} is started");
        var probes = new List<(string Pair, PingProbe Probe)>();
        try
        {
            foreach (var other in context.Sites)
            {
                probes.AddRange(Pings(context, other, site));
                probes.AddRange(Pings(context, site, other));
            }

            var clock = Stopwatch.StartNew();
            context.Lab.StartGateway(context.Lab.File.Node(phase.Node));
            context.Until(() =>
            {
                context.Lab.ThrowIfEnded(phase.Node);
                return probes.All(p => p.Probe.FirstAnswer is not null);
            }, LimitMilliseconds);
            var started = clock.ElapsedMilliseconds;
            var silent = probes.Where(p => p.Probe.FirstAnswer is null).Select(p => p.Pair).ToList();
            if (silent.Count > 0)
            {
                context.Problems.Add($"{phase.Name}: no answer within {LimitMilliseconds / 1000} s: {string.Join(", ", silent)}");
                context.Say(phase, $"no answer: {string.Join(", ", silent)}");
                return;
            }

            var last = probes.Max(p => p.Probe.FirstAnswer!.Value);
            var first = context.Capture.FirstIke(site.Outer) ?? throw new Failure("the router saw no IKE of the new member", phase.Node, "no packet from its outer addresses", "look at outer: of its site in the lab file");
            var milliseconds = Math.Round((last - first) * 1000, 1);
            context.Figures[$"{phase.Name}_ms"] = milliseconds;
            context.Figures[$"{phase.Name}_start_ms"] = started;
            if (milliseconds > phase.WithinMilliseconds) context.Problems.Add(string.Create(CultureInfo.InvariantCulture, $"{phase.Name}: {milliseconds} ms until all reached {phase.Node}, more than {phase.WithinMilliseconds}"));
            context.Say(phase, string.Create(CultureInfo.InvariantCulture, $"{phase.Node} reaches all and all reach it {milliseconds} ms after its first IKE message"));
            context.Sites.Add(site);
        }
        finally
        {
            foreach (var (_, probe) in probes) probe.Dispose();
        }
    }

    private static IEnumerable<(string, PingProbe)> Pings(PhaseContext context, LabSite from, LabSite to) =>
        to.Addresses.Select(address => ($"{from.Host} to {address}", new PingProbe(context.Space(from), address, "0.02")));
}
