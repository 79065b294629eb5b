namespace Appliance.Cli.Labs;

/// <summary>
/// Every ordered pair of sites by itself: large pings in every family that both have, and TCP. It is direct when all was answered, the router saw at least as many large ESP packets from the one
/// site's own outer address to the other's, and not a single large one between any others meanwhile: a way round by a third gateway would show there.
/// </summary>
internal static class DirectPairs
{
    private const int Pings = 5, PingOctets = 1000, QuietMilliseconds = 60, SettleMilliseconds = 1500;
    private const string TcpOctets = "200K";

    /// <summary>Figures: pairs, direct_pairs.</summary>
    public static void Run(PhaseContext context, DirectPhase phase)
    {
        var pairs = ScenarioReader.Pairs(context.Sites).ToList();
        var direct = 0;
        foreach (var (from, to) in pairs)
        {
            var wrong = Try(context, from, to);
            context.Wait(0);
            if (wrong.Length == 0) direct++;
            else context.Problems.Add($"{from.Host} to {to.Host}: {wrong}");
            context.Say(phase, $"{direct} of {pairs.Count} pairs{(wrong.Length == 0 ? "" : $"; {from.Host} to {to.Host}: {wrong}")}");
        }

        context.Figures["direct_pairs"] = direct;
        context.Figures["pairs"] = pairs.Count;
    }

    /// <summary>What is wrong with a pair; empty when nothing is.</summary>
    private static string Try(PhaseContext context, LabSite from, LabSite to)
    {
        var before = Quiet(context);
        var families = to.Addresses.Where(a => from.Addresses.Any(b => b.Contains(':') == a.Contains(':'))).ToList();
        foreach (var address in families)
        {
            var (sent, received) = PingCount.Start(context.Space(from), address, Pings, "0.02", PingOctets).Result;
            if (received < sent) return $"{sent - received} of {sent} pings to {address} were not answered";
        }

        if (TcpProbe.Once(context.Space(to), context.Space(from), to.Addresses[0], TcpOctets) is { Length: > 0 } problem) return $"TCP: {problem}";
        // TCP's own segments come on top of the echo requests.
        var least = Pings * families.Count;
        var seen = Quiet(context).Since(before);
        if (seen.Large(from, to) <= least || seen.Large(to, from) < least) return $"the router saw {seen.Large(from, to)} and {seen.Large(to, from)} large packets straight between them, not more than {least}";
        return seen.LargeElsewhere(from, to) is > 0 and var others ? $"the router saw {others} large packets between others meanwhile" : "";
    }

    /// <summary>What the router saw so far, once nothing large comes any more: the capture is some milliseconds late.</summary>
    private static EspFlows Quiet(PhaseContext context)
    {
        long large;
        var end = Environment.TickCount64 + SettleMilliseconds;
        do
        {
            large = context.Capture.Large;
            context.Wait(QuietMilliseconds);
        }
        while (context.Capture.Large != large && Environment.TickCount64 < end);
        return context.Capture.Flows;
    }
}
