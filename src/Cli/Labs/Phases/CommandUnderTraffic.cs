using System.Globalization;

namespace Appliance.Cli.Labs;

/// <summary>A command of the product's in the middle of pings between all pairs: what was lost, and whether new SPIs are in use afterwards.</summary>
internal static class CommandUnderTraffic
{
    private const int BeforeMilliseconds = 1000, LastMilliseconds = 500;

    /// <summary>Figures: NAME_loss_pct, NAME_sent.</summary>
    public static void Run(PhaseContext context, CommandPhase phase)
    {
        var command = $"appliance {string.Join(' ', phase.Command)}";
        context.Say(phase, $"{command} at {phase.Node} in the middle of {phase.Seconds} s of pings between all pairs");
        var begun = Environment.TickCount64;
        var pings = context.PingAll(phase.Seconds);
        var beginning = context.Capture.Flows;
        context.Wait(BeforeMilliseconds);
        var before = context.Capture.Flows.Since(beginning);
        context.Lab.Command(phase.Node, phase.Command);
        context.Wait((int)Math.Max(0, phase.Seconds * 1000L - LastMilliseconds - (Environment.TickCount64 - begun)));
        var late = context.Capture.Flows;
        var (sent, loss, losers) = pings.End();
        context.Wait(0);
        context.Figures[$"{phase.Name}_sent"] = sent;
        context.Figures[$"{phase.Name}_loss_pct"] = loss;
        if (loss > 0) context.Problems.Add($"{phase.Name}: lost pings: {losers}");
        if (phase.NewSpi) CheckSpis(context, phase, before, context.Capture.Flows.Since(late));
        context.Say(phase, string.Create(CultureInfo.InvariantCulture, $"{command}: {sent} pings meanwhile, {loss} % lost"));
    }

    private static void CheckSpis(PhaseContext context, CommandPhase phase, EspFlows before, EspFlows after)
    {
        foreach (var (from, to) in ScenarioReader.Pairs(context.Sites))
        {
            if (before.Spi(from, to) is not { } old || after.Spi(from, to) is not { } now) context.Problems.Add($"{phase.Name}: the router saw no ESP from {from.Gateway} to {to.Gateway}");
            else if (old == now) context.Problems.Add($"{phase.Name}: {from.Gateway} still sends to {to.Gateway} by SPI 0x{now:x8}");
        }
    }
}
