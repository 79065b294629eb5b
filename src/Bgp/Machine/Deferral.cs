namespace Appliance.Bgp;

/// <summary>
/// Our own restart (RFC 4724 §4.1, Restarting Speaker): an earlier process left forwarding state in place. Routes are taken but not decided on until every neighbour that is to say
/// End-of-RIB said so, or the Selection_Deferral_Timer expired; then the host hears <see cref="RoutesComplete"/> behind the first routes.
/// </summary>
internal sealed class Deferral
{
    private bool isConfigured;
    private bool isAnnounced;

    /// <summary>An earlier process left forwarding state.</summary>
    public bool Restarted { get; private set; }

    /// <summary>Routes are waited for: nothing is decided on and nothing sent.</summary>
    public bool IsActive { get; private set; }

    /// <summary>The first decisions were made and told.</summary>
    public bool IsComplete => isAnnounced;

    /// <summary>The first configuration is there.</summary>
    public void Begin(BgpStep step, bool restarted)
    {
        if (isConfigured) return;
        (isConfigured, Restarted) = (true, restarted);
        IsActive = restarted && (step.Configuration.Neighbors.Any(n => !n.Disabled) || step.Configuration.Dynamic.Count > 0);
        if (IsActive) step.Machine.Timers.Set(new TimerKey(0, SessionTimer.Deferral), step.Now.Plus(Math.Max(0, step.Configuration.DeferralSeconds) * 1000L));
    }

    /// <summary>End-of-RIB came, a session was established or ended: perhaps nothing is waited for any more.</summary>
    public void Check(BgpStep step)
    {
        // Which neighbours of a range will come back nobody knows: they get the whole time.
        if (IsActive && step.Configuration.Dynamic.Count == 0 && step.Machine.Sessions.All.All(s => s.Range is not null || s.IsDisabled || s.OwesNoEndOfRib)) End(step);
    }

    /// <summary>The timer expired: the decision is made with what is there.</summary>
    public void TimeOver(BgpStep step)
    {
        if (IsActive)
        {
            var missing = step.Machine.Sessions.All.Where(s => s.Range is null && !s.IsDisabled && !s.OwesNoEndOfRib).Select(s => s.Name).Order(StringComparer.Ordinal).ToList();
            if (missing.Count > 0)
            {
                step.Actions.Add(new BgpNotice(missing[0], true,
                    $"after our restart End-of-RIB did not come in {step.Configuration.DeferralSeconds} s from {string.Join(", ", missing)}: routes are chosen without (RFC 4724 §4.1)"));
            }

            End(step);
        }
        else if (!isAnnounced)
        {
            Announce(step);
        }
    }

    /// <summary>All that was to be decided on was, and the next hops that it rests on were looked up.</summary>
    public void Settled(BgpStep step, bool hopsAreKnown)
    {
        if (IsActive || isAnnounced || !isConfigured || (Restarted && !hopsAreKnown)) return;
        Announce(step);
    }

    /// <summary>A table that came with a later configuration holds nothing from an earlier process.</summary>
    public static void Announce(BgpStep step, string vrf)
    {
        step.Actions.Add(new RoutesComplete(vrf, Family.Ipv4Unicast));
        step.Actions.Add(new RoutesComplete(vrf, Family.Ipv6Unicast));
    }

    private void Announce(BgpStep step)
    {
        isAnnounced = true;
        step.Machine.Timers.Stop(new TimerKey(0, SessionTimer.Deferral));
        Announce(step, "");
        foreach (var vrf in step.Configuration.Vrfs) Announce(step, vrf.Name);
    }

    private void End(BgpStep step)
    {
        IsActive = false;
        // The decision takes some steps, and the next hops have to be looked up: this bounds the wait for both.
        step.Machine.Timers.Set(new TimerKey(0, SessionTimer.Deferral), step.Now.Plus(BgpTuning.CompletionMost));
    }
}
