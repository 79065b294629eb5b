using Appliance.Machine;

namespace Appliance.Bgp;

/// <summary>
/// Timers of a session. Hold and keepalive timers are not moved with every message: when one fires too early for what was heard or sent meanwhile, it is set for the rest.
/// </summary>
internal sealed partial class Session
{
    /// <summary>A timer is due.</summary>
    public void Fire(BgpStep step, TimerKey timer)
    {
        switch (timer.Kind)
        {
            case SessionTimer.ConnectRetry:
                ConnectRetry(step);
                break;
            case SessionTimer.IdleHold:
                Start(step, "IdleHoldTimer_Expires");
                break;
            case SessionTimer.Steady:
                failures = 0;
                break;
            case SessionTimer.Restart:
                RestartTimeOver(step);
                break;
            case SessionTimer.Stale:
                StaleTimeOver(step);
                break;
            case SessionTimer.RouteTargets:
                TargetTimeOver(step);
                break;
            case SessionTimer.RefreshEnd:
                RefreshTimeOver(step);
                break;
            default:
                if (step.Machine.Connections.TryGetValue(timer.Connection, out var connection)) Fire(step, connection, timer.Kind);
                break;
        }
    }

    private void Fire(BgpStep step, Connection connection, SessionTimer kind)
    {
        switch (kind)
        {
            case SessionTimer.Hold when connection.Hold != 0:
                var silent = step.Now - connection.Heard;
                if (silent < connection.Hold)
                {
                    step.SetTimer(this, SessionTimer.Hold, connection.Hold - silent, connection);
                    break;
                }

                Drop(step, connection, new NotificationMessage(NotificationCode.HoldTimerExpired), $"HoldTimer_Expires: nothing was heard for {connection.Hold / 1000} s", Loss.ErrorHere);
                break;
            case SessionTimer.Keepalive:
                // What was sent less than a quarter of the interval ago serves as well.
                if (step.Now - connection.Spoke >= connection.Hold / 12) SendKeepalive(step, connection);
                ScheduleKeepalive(step, connection);
                break;
            case SessionTimer.SendHold when connection.Unsent > 0:
                Drop(step, connection, new NotificationMessage(NotificationCode.SendHoldTimerExpired),
                    $"SendHoldTimer_Expires: the neighbor does not read, {connection.Unsent} octets wait (RFC 9687)", Loss.ErrorHere);
                break;
        }
    }
}
