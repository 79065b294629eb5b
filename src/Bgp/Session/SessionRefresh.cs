namespace Appliance.Bgp;

/// <summary>ROUTE-REFRESH, both ways (RFC 2918, RFC 7313).</summary>
internal sealed partial class Session
{
    /// <summary>Asks the neighbour for all routes of a family again. False: it cannot be asked.</summary>
    public bool AskForRoutes(BgpStep step, FamilyState state)
    {
        if (Established is not { Negotiated.RouteRefresh: true } || state.Negotiated is null) return false;
        SendRefresh(step, state.Family, RefreshSubtype.Request);
        return true;
    }

    private void TakeRefresh(BgpStep step, Connection connection, ReadOnlySpan<byte> body)
    {
        if (!RouteRefreshMessage.TryRead(body, out var message, out var error))
        {
            Drop(step, connection, error, "the neighbor's ROUTE-REFRESH has a wrong length (RFC 7313 §5)", Loss.ErrorHere);
            return;
        }

        if (Of(message.Family) is not { Negotiated: not null } state)
        {
            step.Notice(this, true, $"ROUTE-REFRESH for {message.Family}, which is not spoken with it, was ignored");
            return;
        }

        switch (message.Subtype)
        {
            case RefreshSubtype.Request:
                SendAgain(step, state);
                break;
            case RefreshSubtype.Begin when connection.Negotiated.EnhancedRefresh:
                BeginRefresh(step, connection, state);
                break;
            case RefreshSubtype.End when state.IsRefreshing:
                EndRefresh(step, state);
                break;
            case RefreshSubtype.End or RefreshSubtype.Begin:
                break;
            default:
                step.Notice(this, true, $"ROUTE-REFRESH with subtype {(byte)message.Subtype} was ignored (RFC 7313 §5)");
                break;
        }
    }

    /// <summary>
    /// Everything of a family goes out again. What is asked while all routes are under way anyhow is done when they are out, once: a flood of requests makes no more than one dump at a time.
    /// </summary>
    public void SendAgain(BgpStep step, FamilyState state)
    {
        if (Established is not { } connection || state.Negotiated is null) return;
        // BoRR must not come before End-of-RIB (RFC 7313 §4).
        if (!state.EndOfRibSent || state.OwesEndOfRefresh)
        {
            state.WantsAgain = true;
            return;
        }

        state.WantsAgain = false;
        if (connection.Negotiated.EnhancedRefresh) SendRefresh(step, state.Family, RefreshSubtype.Begin);
        state.OwesEndOfRefresh = true;
        step.Machine.PeerRoutes.Again(this, state.Family);
    }

    /// <summary>All routes of a family went out: End-of-RIB the first time (RFC 4724 §2), later the end of a refresh.</summary>
    public void AllSent(BgpStep step, FamilyState state, ExportKind kind)
    {
        if (Established is not { } connection) return;
        if (kind == ExportKind.EndOfRib)
        {
            connection.Advance(step, UpdateWriter.EndOfRib(connection.Room(step, MessageHeader.MaximumLength), state.Family));
            Counters.Sent(MessageType.Update);
            state.EndOfRibSent = true;
        }
        else
        {
            if (connection.Negotiated.EnhancedRefresh) SendRefresh(step, state.Family, RefreshSubtype.End);
            state.OwesEndOfRefresh = false;
        }

        if (state.WantsAgain) SendAgain(step, state);
    }

    private void BeginRefresh(BgpStep step, Connection connection, FamilyState state)
    {
        if (connection.Negotiated.Restart is not null && !state.EndOfRibReceived)
        {
            step.Notice(this, true, $"BoRR for {state.Family} before End-of-RIB was ignored (RFC 7313 §4)");
            return;
        }

        state.IsRefreshing = true;
        step.Machine.PeerRoutes.MarkStale(this, state.Family);
        step.SetTimer(this, SessionTimer.RefreshEnd, BgpTuning.RefreshMost);
    }

    private void EndRefresh(BgpStep step, FamilyState state)
    {
        state.IsRefreshing = false;
        step.Machine.PeerRoutes.Sweep(this, state.Family);
        if (!Families.Any(f => f.IsRefreshing)) step.StopTimer(this, SessionTimer.RefreshEnd);
    }

    private void RefreshTimeOver(BgpStep step)
    {
        foreach (var state in Families)
        {
            if (!state.IsRefreshing) continue;
            step.Notice(this, true, $"EoRR for {state.Family} did not come in {BgpTuning.RefreshMost / 1000} s: routes that were not announced again go (RFC 7313 §4)");
            EndRefresh(step, state);
        }
    }
}
