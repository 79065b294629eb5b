namespace Appliance.Bgp;

/// <summary>How connections and the session end, and when it begins anew.</summary>
internal sealed partial class Session
{
    // Milliseconds that a limit asks to stay down; 0 for good.
    private long? rest;

    /// <summary>A limit keeps it down.</summary>
    public bool IsHeld { get; private set; }

    /// <summary>The host says that a connection ended (TcpConnectionFails).</summary>
    public void ConnectionClosed(BgpStep step, Connection connection, string why) => Drop(step, connection, null, $"TcpConnectionFails: {why}", Loss.Transport, isClosed: true);

    /// <summary>Ends everything, to begin anew after a while or, when <paramref name="final"/> is set, never.</summary>
    public void Stop(BgpStep step, NotificationMessage message, string reason, bool final = false)
    {
        isFinal |= final;
        CancelAttempt(step);
        step.StopTimer(this, SessionTimer.ConnectRetry);
        step.StopTimer(this, SessionTimer.IdleHold);
        failures = 0;
        foreach (var connection in connections.ToArray()) Drop(step, connection, message, reason, Loss.Administrative);
        if (connections.Count == 0 && waiting != SessionState.Idle) Rest(step, reason);
        SweepAll(step);
    }

    /// <summary>Ends a connection; the NOTIFICATION goes out before, when there is one.</summary>
    public void Drop(BgpStep step, Connection connection, NotificationMessage? message, string reason, Loss loss, bool isClosed = false)
    {
        if (connection.State == SessionState.Idle) return;
        if (!isClosed)
        {
            if (message is not null) SendNotification(step, connection, Hardened(connection, message, loss));
            connection.HandOver(step);
            step.Actions.Add(new CloseConnection(connection.Id));
        }

        var from = connection.State;
        Forget(step, connection);
        if (Established == connection) LeaveEstablished(step, connection, loss);
        var isOfTcp = loss is Loss.Transport or Loss.Collision || (from == SessionState.OpenSent && loss == Loss.NotificationReceived);
        if (connections.Count > 0 || (isAttempting && isOfTcp)) Enter(step, reason);
        else if (isOfTcp && from == SessionState.OpenSent && !isFinal && !IsDisabled) Retry(step, reason);
        else Rest(step, reason, message is null ? "" : $"; sent {message}");
    }

    /// <summary>With RFC 8538 a NOTIFICATION leaves routes in place: where ours shall not, it goes inside of a Hard Reset.</summary>
    private static NotificationMessage Hardened(Connection connection, NotificationMessage message, Loss loss) =>
        connection is { State: SessionState.Established, Negotiated.NotificationKeeps: true } && loss is Loss.Administrative or Loss.PathDown
            ? new NotificationMessage(NotificationCode.Cease, CeaseReason.HardReset, [(byte)message.Code, message.Subcode, .. message.Data]) : message;

    private void Forget(BgpStep step, Connection connection)
    {
        connection.Abandon();
        connection.State = SessionState.Idle;
        connections.Remove(connection);
        step.Machine.Connections.Remove(connection.Id);
        step.StopTimer(this, SessionTimer.Hold, connection);
        step.StopTimer(this, SessionTimer.Keepalive, connection);
        step.StopTimer(this, SessionTimer.SendHold, connection);
    }

    private void LeaveEstablished(BgpStep step, Connection connection, Loss loss)
    {
        Established = null;
        step.StopTimer(this, SessionTimer.Steady);
        step.StopTimer(this, SessionTimer.RefreshEnd);
        step.StopTimer(this, SessionTimer.RouteTargets);
        UnwatchBfd(step);
        KeepOrForget(step, connection.Negotiated, loss);
        foreach (var state in Families) state.Reset();
        step.Machine.Deferral.Check(step);
    }

    /// <summary>Idle: held down for a while that grows with every failure in a row, for longer when a limit says so, or until the operator asks.</summary>
    private void Rest(BgpStep step, string reason, string sent = "")
    {
        waiting = SessionState.Idle;
        CancelAttempt(step);
        step.StopTimer(this, SessionTimer.ConnectRetry);
        if (isFinal || IsDisabled)
        {
            Enter(step, reason + sent);
            return;
        }

        if (rest is { } asked)
        {
            (rest, IsHeld) = (null, true);
            if (asked > 0) step.SetTimer(this, SessionTimer.IdleHold, asked);
            Enter(step, reason + sent + (asked > 0 ? $"; starts again in {asked / 60_000} min" : "; stays down until an operator clears it"));
            return;
        }

        var wait = step.Jitter(Math.Min(BgpTuning.IdleHoldFirst << Math.Min(failures++, 16), BgpTuning.IdleHoldMost));
        step.SetTimer(this, SessionTimer.IdleHold, wait);
        Enter(step, $"{reason}{sent}; starts again in {(wait + 999) / 1000} s");
    }

    /// <summary>A family has more prefixes than it may: the session ends, for the configured time or for good (RFC 4486 §4).</summary>
    public void EndBeyondMaximum(BgpStep step, FamilyConfiguration family, int count)
    {
        if (Established is not { } connection) return;
        foreach (var other in connections.Where(c => c != connection).ToArray()) Drop(step, other, Cease(CeaseReason.ConnectionRejected), "the session ends", Loss.Collision);
        rest = family.MaximumRestartMinutes * 60_000L;
        Drop(step, connection, NotificationMessage.MaximumPrefixes(family.Family, (uint)family.MaximumPrefixes),
            $"the neighbor sent {count} {family.Family} prefixes, {family.MaximumPrefixes} are allowed", Loss.Administrative);
    }
}
