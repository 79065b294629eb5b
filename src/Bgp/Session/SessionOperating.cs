namespace Appliance.Bgp;

/// <summary>What operator and configuration do to a session.</summary>
internal sealed partial class Session
{
    /// <summary>Starts a session that was stopped, after the neighbour had time to see it.</summary>
    public void StartSoon(BgpStep step)
    {
        if (waiting == SessionState.Idle && !IsDisabled && !isFinal) step.SetTimer(this, SessionTimer.IdleHold, step.Jitter(BgpTuning.IdleHoldFirst));
    }

    /// <summary>Administratively down until <see cref="Enable"/> or the end of the process.</summary>
    public void Disable(BgpStep step)
    {
        IsDisabledByOperator = true;
        Stop(step, NotificationMessage.Shutdown(CeaseReason.AdministrativeShutdown, ""), "ManualStop: the operator disabled the neighbor");
    }

    /// <summary>Up again.</summary>
    public void Enable(BgpStep step)
    {
        IsDisabledByOperator = false;
        if (waiting == SessionState.Idle) Start(step, "ManualStart: the operator enabled the neighbor");
    }

    /// <summary>The configuration changed: what can be changed in place is; where the session itself is another one, it ends and begins anew.</summary>
    public void Reconfigure(BgpStep step, NeighborConfiguration next, bool speakerChanged)
    {
        var before = Configuration;
        Configuration = next;
        if (next.Disabled)
        {
            if (!before.Disabled) Stop(step, NotificationMessage.Shutdown(CeaseReason.AdministrativeShutdown, ""), "ManualStop: the configuration disables the neighbor");
            Take(next);
            return;
        }

        if (speakerChanged || !NeighborChanges.SameSession(before, next))
        {
            Stop(step, Cease(CeaseReason.OtherConfigurationChange), "ManualStop: the configuration of the session changed");
            Take(next);
            StartSoon(step);
            return;
        }

        Take(next);
        if (before.Disabled || IsHeld) Start(step, "AutomaticStart: the configuration changed");
        if (Established is not { } connection) return;
        if (!Equals(before.Bfd, next.Bfd))
        {
            UnwatchBfd(step);
            WatchBfd(step, connection);
        }

        // The RIB asks changed policies again about what it has, and sends what comes out otherwise: nothing has to be asked of the neighbour.
        step.Machine.PeerRoutes.Changed(this, step.Configuration);
        foreach (var state in Families)
        {
            if (state.Negotiated is null) continue;
            step.Machine.Intake.CheckMaximum(step, this, state);
            if (Established is null) return;
        }
    }

    private void Take(NeighborConfiguration next)
    {
        Configuration = next;
        Families = [.. next.Families.Select(f => Of(f.Family) is { } state ? Renewed(state, f) : new FamilyState(f))];
    }

    private static FamilyState Renewed(FamilyState state, FamilyConfiguration configuration)
    {
        // A policy that says the same stays the same object: nothing is asked again because of it.
        var before = state.Configuration;
        state.Configuration = configuration with
        {
            Import = Equals(before.Import, configuration.Import) ? before.Import : configuration.Import,
            Export = Equals(before.Export, configuration.Export) ? before.Export : configuration.Export,
        };
        return state;
    }
}
