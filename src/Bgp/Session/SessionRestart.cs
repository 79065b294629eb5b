namespace Appliance.Bgp;

/// <summary>Graceful restart of the neighbour: we are the Receiving Speaker (RFC 4724 §4.2).</summary>
internal sealed partial class Session
{
    /// <summary>Routes are kept of a session that ended.</summary>
    public bool HasStale => Families.Any(f => f.HasStale);

    /// <summary>
    /// After our own restart: End-of-RIB of tables is still to come from it (RFC 4724 §4.1). Not from who restarted too or does not know of restarts, nor from who came and went.
    /// </summary>
    public bool OwesEndOfRib(DeferredTables tables)
    {
        if (Range is not null || IsDisabled || !tables.Concern(Configuration)) return false;
        if (Established is not { } connection) return TimesEstablished == 0;
        return connection.Negotiated.Restart is { Restarted: false } && Families.Any(f => f.Negotiated is not null && !f.EndOfRibReceived && tables.Hold(Configuration.Vrf, f.Family));
    }

    /// <summary>The session ended: routes of families that the neighbour keeps through a restart stay, stale; the others go.</summary>
    private void KeepOrForget(BgpStep step, Negotiated negotiated, Loss loss)
    {
        var looksLikeRestart = loss == Loss.Transport || (negotiated.NotificationKeeps && loss is Loss.NotificationReceived or Loss.ErrorHere);
        var keeps = looksLikeRestart && Configuration.GracefulRestart && !isFinal && !IsDisabled && negotiated.Restart is { Seconds: > 0 };
        var kept = false;
        foreach (var state in Families)
        {
            if (state.Negotiated is null) continue;
            // What was stale before and not announced since is from before an earlier restart: it goes (RFC 4724 §4.2, consecutive restarts).
            if (state.HasStale || state.IsRefreshing) step.Machine.PeerRoutes.Sweep(this, state.Family);
            state.HasStale = keeps && negotiated.Keeps(state.Family);
            kept |= state.HasStale;
            step.Machine.PeerRoutes.Down(this, state.Family, state.HasStale);
        }

        step.StopTimer(this, SessionTimer.Stale);
        if (!kept) return;
        step.SetTimer(this, SessionTimer.Restart, negotiated.Restart!.Seconds * 1000L);
        step.Notice(this, false, $"its routes are kept for {negotiated.Restart.Seconds} s while it restarts (RFC 4724)");
    }

    /// <summary>It is back: what it did not keep goes at once.</summary>
    private void ReturnedStale(BgpStep step, Negotiated negotiated)
    {
        step.StopTimer(this, SessionTimer.Restart);
        var left = false;
        foreach (var state in Families)
        {
            if (!state.HasStale) continue;
            if (state.Negotiated is null || !negotiated.Kept(state.Family)) SweepFamily(step, state);
            left |= state.HasStale;
        }

        if (left) step.SetTimer(this, SessionTimer.Stale, BgpTuning.StaleMost);
    }

    private void RestartTimeOver(BgpStep step)
    {
        if (Established is not null) return;
        step.Notice(this, true, "it did not come back in its Restart Time: the routes that were kept go (RFC 4724 §4.2)");
        SweepAll(step);
    }

    private void StaleTimeOver(BgpStep step)
    {
        if (HasStale) step.Notice(this, true, $"no End-of-RIB came in {BgpTuning.StaleMost / 1000} s: routes that it did not announce again go (RFC 4724 §4.2)");
        SweepAll(step);
    }

    /// <summary>All that is stale goes.</summary>
    private void SweepAll(BgpStep step)
    {
        step.StopTimer(this, SessionTimer.Restart);
        step.StopTimer(this, SessionTimer.Stale);
        foreach (var state in Families)
            if (state.HasStale) SweepFamily(step, state);
    }

    private void SweepFamily(BgpStep step, FamilyState state)
    {
        state.HasStale = false;
        step.Machine.PeerRoutes.Sweep(this, state.Family);
    }

    /// <summary>The neighbour's End-of-RIB: what it did not announce again goes.</summary>
    public void TakeEndOfRib(BgpStep step, Family family)
    {
        if (Of(family) is not { Negotiated: not null } state) return;
        state.EndOfRibReceived = true;
        if (state.HasStale) SweepFamily(step, state);
        if (!HasStale) step.StopTimer(this, SessionTimer.Stale);
        step.Machine.Deferral.Check(step);
        if (family == Family.RouteTarget) StartExports(step);
    }
}
