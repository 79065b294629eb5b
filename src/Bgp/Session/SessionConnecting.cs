using System.Net;

namespace Appliance.Bgp;

/// <summary>Idle, Connect and Active: how connections come about (RFC 4271 §8.2.2).</summary>
internal sealed partial class Session
{
    /// <summary>ManualStart or AutomaticStart: connects, or waits for the neighbour to do it.</summary>
    public void Start(BgpStep step, string reason)
    {
        if (IsDisabled || isFinal || connections.Count > 0 || isAttempting) return;
        step.StopTimer(this, SessionTimer.IdleHold);
        IsHeld = false;
        if (Configuration.Passive || Range is not null)
        {
            waiting = SessionState.Active;
            Enter(step, reason + "; waits for the neighbor to connect");
        }
        else
        {
            Dial(step, reason);
        }
    }

    /// <summary>ConnectRetryTimer_Expires: an attempt that takes too long is given up; the next one begins.</summary>
    public void ConnectRetry(BgpStep step)
    {
        if (waiting == SessionState.Idle || Established is not null || connections.Any(c => c.IsOutgoing)) return;
        CancelAttempt(step);
        Dial(step, "ConnectRetryTimer_Expires");
    }

    /// <summary>The host could not connect (TcpConnectionFails).</summary>
    public void ConnectionFailed(BgpStep step, string why)
    {
        if (!isAttempting) return;
        isAttempting = false;
        Retry(step, $"TcpConnectionFails: {why}");
    }

    /// <summary>A connection that we asked for is there (Tcp_CR_Acked).</summary>
    public void Connected(BgpStep step, ConnectionOpened opened)
    {
        if (!isAttempting || Established is not null)
        {
            step.Actions.Add(new CloseConnection(opened.Connection));
            return;
        }

        isAttempting = false;
        waiting = SessionState.Active;
        step.StopTimer(this, SessionTimer.ConnectRetry);
        Begin(step, opened, isOutgoing: true, "Tcp_CR_Acked: connected");
    }

    /// <summary>The neighbour connected (TcpConnectionConfirmed).</summary>
    public void Accepted(BgpStep step, ConnectionOpened opened)
    {
        if (waiting == SessionState.Idle)
        {
            Refuse(step, opened, IsDisabled ? CeaseReason.AdministrativeShutdown : CeaseReason.ConnectionRejected);
            return;
        }

        // One that came before and never said anything is left over from an attempt that the neighbour gave up; one that spoke is in use as far as we know.
        if (connections.Find(c => !c.IsOutgoing && c.State != SessionState.Established) is { } earlier)
        {
            if (earlier.State != SessionState.OpenSent)
            {
                Refuse(step, opened, CeaseReason.CollisionResolution);
                return;
            }

            Drop(step, earlier, Cease(CeaseReason.CollisionResolution), "the neighbor connected once more", Loss.Collision);
        }

        step.StopTimer(this, SessionTimer.ConnectRetry);
        Begin(step, opened, isOutgoing: false, "TcpConnectionConfirmed: the neighbor connected");
    }

    private static void Refuse(BgpStep step, ConnectionOpened opened, byte why)
    {
        SendAlone(step, opened.Connection, Cease(why));
    }

    private void Dial(BgpStep step, string reason)
    {
        isAttempting = true;
        waiting = SessionState.Connect;
        var transport = Transports.Of(Configuration, step.Configuration);
        step.Actions.Add(new OpenConnection(Name, new IPEndPoint(Configuration.Address, Configuration.Port), transport));
        step.SetTimer(this, SessionTimer.ConnectRetry, Math.Max(BgpTuning.ConnectAttempt, Configuration.ConnectRetrySeconds * 1000L));
        Enter(step, reason);
    }

    private void CancelAttempt(BgpStep step)
    {
        if (isAttempting) step.Actions.Add(new CancelConnection(Name));
        isAttempting = false;
    }

    /// <summary>Active: waits, and listens meanwhile.</summary>
    private void Retry(BgpStep step, string reason)
    {
        if (connections.Count > 0) return;
        waiting = SessionState.Active;
        if (!Configuration.Passive && Range is null)
        {
            var configured = Math.Max(1, Configuration.ConnectRetrySeconds) * 1000L;
            var most = Math.Max(configured, Math.Min(configured * BgpTuning.ConnectRetryGrowth, BgpTuning.ConnectRetryMost));
            var wait = step.Jitter(Math.Min(configured << Math.Min(connectFailures / 3, 10), most));
            connectFailures++;
            step.SetTimer(this, SessionTimer.ConnectRetry, wait);
            reason = $"{reason}; tries again in {(wait + 999) / 1000} s";
        }

        Enter(step, reason);
    }

    private void Begin(BgpStep step, ConnectionOpened opened, bool isOutgoing, string reason)
    {
        var connection = new Connection(this, opened.Connection, isOutgoing, opened.Local, opened.Remote, step.Now);
        connections.Add(connection);
        step.Machine.Connections.Add(connection.Id, connection);
        step.SetTimer(this, SessionTimer.Hold, BgpTuning.OpenHold, connection);
        SendOpen(step, connection);
        Enter(step, $"{reason} ({opened.Local} to {opened.Remote})");
    }
}
