namespace Appliance.Bgp;

/// <summary>
/// Our own restart (RFC 4724 §4.1, Restarting Speaker): an earlier process left forwarding state in place. Routes are taken but not decided on until every neighbour that is to say
/// End-of-RIB said so, or the Selection_Deferral_Timer expired; each group of tables for itself. Behind its first routes the host hears <see cref="RoutesComplete"/>, and neighbours are told of it.
/// </summary>
internal sealed class Deferral
{
    private readonly List<DeferredTables> held = [];
    private readonly List<DeferredTables> settling = [];
    private readonly List<DeferredTables> complete = [];
    private bool isConfigured;

    /// <summary>An earlier process left forwarding state.</summary>
    public bool Restarted { get; private set; }

    /// <summary>Routes are waited for.</summary>
    public bool IsActive => held.Count > 0;

    /// <summary>The first decisions were made and told, everywhere.</summary>
    public bool IsComplete => isConfigured && held.Count + settling.Count == 0;

    /// <summary>The first configuration is there, in the RIB too.</summary>
    public void Begin(BgpStep step, bool restarted)
    {
        if (isConfigured) return;
        (isConfigured, Restarted) = (true, restarted);
        foreach (var tables in DeferredTables.All)
        {
            var waits = restarted && tables.ConcernAnybody(step.Configuration);
            (waits ? held : settling).Add(tables);
            if (waits) tables.Hold(step, true);
        }

        if (IsActive) step.Machine.Timers.Set(new TimerKey(0, SessionTimer.Deferral), step.Now.Plus(Math.Max(0, step.Configuration.DeferralSeconds) * 1000L));
        Check(step);
    }

    /// <summary>End-of-RIB came, a session was established or ended, the configuration changed: perhaps nothing is waited for any more.</summary>
    public void Check(BgpStep step)
    {
        foreach (var tables in held.ToArray())
            if (!tables.IsWaitedFor(step)) Release(step, tables);
    }

    /// <summary>Whether neighbours may be told of a table: its first routes were decided on.</summary>
    public bool IsCompleteFor(string vrf, Family family) => complete.Exists(t => t.Hold(vrf, family)) || !DeferredTables.All.Any(t => t.Hold(vrf, family));

    /// <summary>The timer expired: the decision is made with what is there; a second time: what was decided until now is all.</summary>
    public void TimeOver(BgpStep step)
    {
        if (IsActive)
        {
            var missing = step.Machine.Sessions.All.Where(s => held.Exists(t => s.OwesEndOfRib(t))).Select(s => s.Name).Order(StringComparer.Ordinal).ToList();
            if (missing.Count > 0)
            {
                step.Actions.Add(new BgpNotice(missing[0], true,
                    $"after our restart End-of-RIB did not come in {step.Configuration.DeferralSeconds} s from {string.Join(", ", missing)}: routes are chosen without (RFC 4724 §4.1)"));
            }

            foreach (var tables in held.ToArray()) Release(step, tables);
        }
        else
        {
            Announce(step);
        }
    }

    /// <summary>All that was to be decided on was; after a restart, the next hops that it rests on have to be looked up too.</summary>
    public void Settled(BgpStep step, bool hopsAreKnown)
    {
        if (settling.Count > 0 && (!Restarted || hopsAreKnown)) Announce(step);
    }

    /// <summary>A VRF that came with a later configuration holds nothing from an earlier process.</summary>
    public void Added(BgpStep step, string vrf)
    {
        foreach (var tables in complete) tables.Announce(step, vrf);
    }

    private void Release(BgpStep step, DeferredTables tables)
    {
        held.Remove(tables);
        settling.Add(tables);
        tables.Hold(step, false);
        // The decision takes some steps, and the next hops have to be looked up: this bounds the wait for both.
        if (!IsActive) step.Machine.Timers.Set(new TimerKey(0, SessionTimer.Deferral), step.Now.Plus(BgpTuning.CompletionMost));
    }

    private void Announce(BgpStep step)
    {
        foreach (var tables in settling) tables.Announce(step);
        complete.AddRange(settling);
        settling.Clear();
        if (!IsActive) step.Machine.Timers.Stop(new TimerKey(0, SessionTimer.Deferral));
        foreach (var session in step.Machine.Sessions.All) session.StartExports(step);
    }
}
