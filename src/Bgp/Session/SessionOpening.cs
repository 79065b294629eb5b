namespace Appliance.Bgp;

/// <summary>OpenSent and OpenConfirm: the neighbour's OPEN, collisions, and the way to Established (RFC 4271 §8.2.2).</summary>
internal sealed partial class Session
{
    private void TakeOpen(BgpStep step, Connection connection, ReadOnlySpan<byte> body)
    {
        connection.Heard = step.Now;
        if (!OpenMessage.TryRead(body, out var open, out var error) || open is null)
        {
            Drop(step, connection, error, "BGPOpenMsgErr: the neighbor's OPEN cannot be read", Loss.ErrorHere);
            return;
        }

        if (Opens.Check(step, this, open) is { } refusal)
        {
            Drop(step, connection, refusal.Message, $"BGPOpenMsgErr: {refusal.Why}", Loss.ErrorHere);
            return;
        }

        connection.Negotiated = Opens.Negotiate(step, this, open);
        if (!Prevails(step, connection)) return;
        (connection.Reading, connection.Writing) = Opens.Codec(connection.Negotiated, LocalAs(step.Configuration));
        connection.State = SessionState.OpenConfirm;
        connection.Hold = connection.Negotiated.HoldSeconds * 1000L;
        if (connection.Hold == 0) step.StopTimer(this, SessionTimer.Hold, connection);
        else step.SetTimer(this, SessionTimer.Hold, connection.Hold, connection);
        SendKeepalive(step, connection);
        ScheduleKeepalive(step, connection);
        Enter(step, $"BGPOpen: AS {connection.Negotiated.RemoteAs}, hold time {connection.Negotiated.HoldSeconds} s");
    }

    /// <summary>Whether a connection whose OPEN was taken stays beside the others; those that do not stay are closed (RFC 4271 §6.8, RFC 4724 §5).</summary>
    private bool Prevails(BgpStep step, Connection connection)
    {
        if (Established is { } established)
        {
            if (established.Negotiated.Restart is not null && connection.Negotiated.Restart is not null && connection.Opened - Since >= BgpTuning.CrossingConnections)
            {
                Drop(step, established, null, "the neighbor connected anew: it lost the session (RFC 4724 §5)", Loss.Transport);
                return true;
            }

            Drop(step, connection, Cease(CeaseReason.CollisionResolution), "there is an established session already", Loss.Collision);
            return false;
        }

        if (connections.Find(c => c != connection && c.State == SessionState.OpenConfirm) is not { } other) return true;
        var outgoingStays = Collision.OutgoingStays(step.Configuration.RouterId, LocalAs(step.Configuration), connection.Negotiated.RemoteId, connection.Negotiated.RemoteAs);
        var loser = connection.IsOutgoing == outgoingStays ? other : connection;
        Drop(step, loser, Cease(CeaseReason.CollisionResolution), $"two connections crossed: the one that {(outgoingStays ? "we" : "the neighbor")} made stays (RFC 4271 §6.8)", Loss.Collision);
        return loser == other;
    }

    private void Establish(BgpStep step, Connection connection)
    {
        connection.State = SessionState.Established;
        Established = connection;
        TimesEstablished++;
        connectFailures = 0;
        CancelAttempt(step);
        waiting = SessionState.Active;
        step.StopTimer(this, SessionTimer.ConnectRetry);
        step.SetTimer(this, SessionTimer.Steady, BgpTuning.Steady);
        Enter(step, $"KeepAliveMsg: established with AS {connection.Negotiated.RemoteAs}, {string.Join(", ", connection.Negotiated.Families.Select(f => f.Family))}");
        foreach (var state in Families)
        {
            state.Reset();
            state.Negotiated = connection.Negotiated.Of(state.Family);
        }

        step.Machine.PeerRoutes.Up(this, step.Configuration);
        hadTimeForTargets = false;
        step.SetTimer(this, SessionTimer.RouteTargets, BgpTuning.RouteTargetsMost);
        StartExports(step);
        ReturnedStale(step, connection.Negotiated);
        WatchBfd(step, connection);
        step.Machine.Deferral.Check(step);
    }

    private void ScheduleKeepalive(BgpStep step, Connection connection)
    {
        if (connection.Hold != 0) step.SetTimer(this, SessionTimer.Keepalive, step.Jitter(connection.Hold / 3), connection);
    }
}
