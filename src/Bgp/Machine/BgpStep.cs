using Appliance.Machine;

namespace Appliance.Bgp;

/// <summary>One step of the machine: what came in with the event, and where what shall be done goes.</summary>
internal sealed class BgpStep(BgpMachine machine, in StepContext context, ICollection<BgpAction> actions)
{
    /// <summary>The machine.</summary>
    public BgpMachine Machine { get; } = machine;

    /// <summary>The host's clock.</summary>
    public Instant Now { get; } = context.Now;

    /// <summary>Fresh randomness, for jitter.</summary>
    public Entropy Entropy { get; } = context.Entropy;

    /// <summary>What shall be done, in order.</summary>
    public ICollection<BgpAction> Actions { get; } = actions;

    /// <summary>The configuration in force.</summary>
    public BgpConfiguration Configuration => Machine.Configuration;

    /// <summary>Starts or moves a timer.</summary>
    public void SetTimer(Session session, SessionTimer kind, long milliseconds, Connection? connection = null) =>
        Machine.Timers.Set(new TimerKey(session.Id, kind, connection?.Id ?? 0), Now.Plus(milliseconds));

    /// <summary>Stops a timer, if it runs.</summary>
    public void StopTimer(Session session, SessionTimer kind, Connection? connection = null) => Machine.Timers.Stop(new TimerKey(session.Id, kind, connection?.Id ?? 0));

    /// <summary>75 to 100 percent of a time (RFC 4271 §10).</summary>
    public long Jitter(long milliseconds) => milliseconds - Entropy.Below(milliseconds / 4 + 1);

    /// <summary>Tells the operator about a neighbour, at most so often (<see cref="BgpTuning.NoticesMost"/>).</summary>
    public void Notice(Session session, bool isWarning, string message)
    {
        if (session.Notices.Admits(Now, out var left)) Say(session, isWarning, message, left);
    }

    /// <summary>Tells the operator what <see cref="NoticeLimit.Admits"/> admitted.</summary>
    /// <param name="session">About whom.</param>
    /// <param name="isWarning">It is a warning.</param>
    /// <param name="message">What.</param>
    /// <param name="left">Notices that were left out before.</param>
    public void Say(Session session, bool isWarning, string message, long left) =>
        Actions.Add(new BgpNotice(session.Name, isWarning, left == 0 ? message : $"{message} ({left} notices about this neighbor were left out before)"));
}
