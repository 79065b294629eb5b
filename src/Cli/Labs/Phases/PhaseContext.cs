using System.Text.Json.Nodes;

namespace Appliance.Cli.Labs;

/// <summary>What the phases of a running lab share: the lab, the router's capture, the sites that are there at this moment, and what they found.</summary>
internal sealed class PhaseContext(Lab lab, EspCapture capture, Action<string> say, CancellationToken stop)
{
    private const int PingsPerSecond = 90;
    private readonly Lock gate = new();
    private readonly List<(string Name, string Value)> lines = [];

    /// <summary>The lab.</summary>
    public Lab Lab => lab;

    /// <summary>What the router sees.</summary>
    public EspCapture Capture => capture;

    /// <summary>Sites whose gateway runs and takes part.</summary>
    public List<LabSite> Sites { get; } = [.. lab.File.Traffic!.Sites.Where(s => !lab.File.Node(s.Gateway).Later)];

    /// <summary>Figures; complete once the phases have ended.</summary>
    public JsonObject Figures { get; } = [];

    /// <summary>Phases that went to their end.</summary>
    public List<string> Done { get; } = [];

    /// <summary>What was wrong; complete once the phases have ended.</summary>
    public List<string> Problems { get; } = [];

    /// <summary>What each phase says, for the live table.</summary>
    public IReadOnlyList<(string Name, string Value)> Lines
    {
        get
        {
            lock (gate) return [.. lines];
        }
    }

    /// <summary>The site of a gateway.</summary>
    public LabSite Site(string gateway) => lab.File.Traffic!.Sites.First(s => s.Gateway == gateway);

    /// <summary>Namespace of a site's host.</summary>
    public string Space(LabSite site) => lab.State.Node(site.Host).Namespace;

    /// <summary>Says how a phase stands; the last word of each is shown.</summary>
    public void Say(LabPhase phase, string value)
    {
        lock (gate)
        {
            lines.RemoveAll(l => l.Name == phase.Name);
            lines.Add((phase.Name, value));
        }

        say($"{phase.Name}: {value}");
    }

    /// <summary>Waits; 0: only looks whether the command is to end, since Ctrl-C in a terminal ends pings too, and what they say then is no finding.</summary>
    /// <exception cref="OperationCanceledException">The command is to end.</exception>
    public void Wait(int milliseconds)
    {
        stop.WaitHandle.WaitOne(milliseconds);
        stop.ThrowIfCancellationRequested();
    }

    /// <summary>Waits until it holds; false when it does not in time.</summary>
    /// <exception cref="OperationCanceledException">The command is to end.</exception>
    public bool Until(Func<bool> holds, int milliseconds)
    {
        var end = Environment.TickCount64 + milliseconds;
        while (!holds())
        {
            if (Environment.TickCount64 >= end) return false;
            Wait(10);
        }

        return true;
    }

    /// <summary>Pings between all sites that are there, 10 ms apart (what ping makes of it), for some seconds.</summary>
    public MeshPings PingAll(int seconds) =>
        new([.. ScenarioReader.Pairs(Sites).Select(p => ($"{p.From.Host} to {p.To.Host}", PingCount.Start(Space(p.From), p.To.Addresses[0], seconds * PingsPerSecond, "0.01")))]);
}
