using System.Globalization;

namespace Appliance.Cli.Labs;

/// <summary>
/// A member is shut out. Its exported keys are tried on what the router captured of the others: before, they must open something (else the check could not fail); from ROLL1 after the reload on, nothing.
/// The others' traffic goes on without loss, and the one that is out gets no answer any more.
/// </summary>
internal static class Leaving
{
    private const int BeforeMilliseconds = 1000;

    /// <summary>Figures: member_decrypts (before), ex_member_packets, ex_member_decrypts, NAME_loss_pct.</summary>
    public static void Run(PhaseContext context, LeavePhase phase)
    {
        var site = context.Site(phase.Node);
        context.Sites.Remove(site);
        context.Say(phase, $"{phase.Node} is shut out by {phase.At}");
        var seconds = (BeforeMilliseconds + phase.AfterMilliseconds) / 1000 + phase.Seconds + 1;
        var pings = context.PingAll(seconds);
        var before = Sample(context, site, BeforeMilliseconds);
        context.Lab.Edit(phase.At, phase.Replace, phase.By);
        context.Lab.Command(phase.At, ["reload"]);
        context.Wait(phase.AfterMilliseconds);
        var after = Sample(context, site, phase.Seconds * 1000);
        using var keys = new ExportedKeys(context.Lab.ExportedKeys(phase.Node));
        var (could, can) = (keys.Opened(before.Packets), keys.Opened(after.Packets));
        var (_, loss, losers) = pings.End();
        var last = context.Sites.Select(other => PingCount.Start(context.Space(site), other.Addresses[0], 2, "0.1")).ToList();
        var heard = last.Sum(ping => ping.Result.Received);
        context.Wait(0);
        context.Figures["member_decrypts"] = could;
        context.Figures["ex_member_packets"] = after.Packets.Count;
        context.Figures["ex_member_decrypts"] = can;
        context.Figures[$"{phase.Name}_loss_pct"] = loss;
        if (could == 0) context.Problems.Add($"{phase.Name}: the {keys.Count} keys of {phase.Node} opened none of {before.Packets.Count} packets even while it was a member: the check says nothing");
        if (after.Packets.Count == 0) context.Problems.Add($"{phase.Name}: the router saw no packet afterwards: the check says nothing");
        if (can > 0) context.Problems.Add($"{phase.Name}: {phase.Node} opens {can} of {after.Packets.Count} packets that others sent {phase.AfterMilliseconds} ms after it was shut out, and later");
        if (loss > 0) context.Problems.Add($"{phase.Name}: lost pings: {losers}");
        if (heard > 0) context.Problems.Add($"{phase.Name}: {heard} of its pings were answered after {phase.Node} was shut out");
        context.Say(phase, string.Create(CultureInfo.InvariantCulture, $"{phase.Node}'s {keys.Count} keys open {could} of {before.Packets.Count} packets before, {can} of {after.Packets.Count} after; the others lost {loss} % meanwhile"));
    }

    private static EspSample Sample(PhaseContext context, LabSite site, int milliseconds)
    {
        var sample = new EspSample(site.Outer);
        context.Capture.BeginSample(sample);
        context.Wait(milliseconds);
        context.Capture.EndSample();
        return sample;
    }
}
