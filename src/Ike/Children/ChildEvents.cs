using Appliance.Ike.Exchanges;
using Appliance.Ike.Machine;

namespace Appliance.Ike.Children;

/// <summary>Timers and news of children: what follows from them.</summary>
internal static class ChildEvents
{
    /// <summary>A timer of a child is due.</summary>
    public static void Fire(Step step, IkeSa sa, TimerKey timer)
    {
        if (sa.Children.FirstOrDefault(c => c.InboundSpi == timer.Child) is not { } child) return;
        switch (timer.Kind)
        {
            case TimerKind.RekeyChild:
                Rekey(step, sa, child);
                break;
            case TimerKind.ExpireChild:
                Expire(step, sa, child, "its lifetime is over");
                break;
            case TimerKind.ActivateChild:
                Activate(step, sa, child);
                break;
        }
    }

    /// <summary>The peer sends by a child: it surely has it, and so do we by now (RFC 7296 §2.8).</summary>
    public static void TrafficRead(Step step, TrafficRead e)
    {
        if (e.SilentMilliseconds is not null && step.Machine.FindChild(e.Child) is { } found) ChildRemoval.Activate(step, found.Sa, found.Child);
    }

    /// <summary>The data plane saw a limit of octets, packets or sequence numbers near or reached.</summary>
    public static void Expires(Step step, ChildExpires e)
    {
        foreach (var (child, sa) in step.Machine.AllChildren.Where(c => c.Child.Sa.OutboundSpi == e.OutboundSpi).ToArray())
        {
            if (e.Hard) Expire(step, sa, child, "its octets, packets or sequence numbers are used up");
            else Rekey(step, sa, child);
        }
    }

    /// <summary>It shall be replaced, if nobody does that yet. False: it is on its way out, or not there yet.</summary>
    public static bool Rekey(Step step, IkeSa sa, ChildState child)
    {
        if (child.Stage != ChildStage.Established || sa.State != IkeSaState.Established)
        {
            if (child.Stage == ChildStage.Established) ChildTimers.RetryRekey(step, sa, child);
            return false;
        }

        if (!sa.Waiting.OfType<RekeyChildInitiator>().Any(r => r.Child == child)) sa.Start(step, new RekeyChildInitiator(sa, child));
        return true;
    }

    /// <summary>A child that replaces another sends when the peer surely has it: when the peer sends by it (asked every second), deletes the old one, or after a while.</summary>
    private static void Activate(Step step, IkeSa sa, ChildState child)
    {
        if (step.Now - child.InstalledAt >= ChildLifetimes.ActivationAtLatest || !child.OutboundWaits)
        {
            ChildRemoval.Activate(step, sa, child);
            return;
        }

        step.SetTimer(sa, TimerKind.ActivateChild, ChildLifetimes.ActivationPoll, child.InboundSpi);
        step.Actions.Add(new ReadTraffic(sa.LocalSpi, [child.InboundSpi]) { Child = child.InboundSpi });
    }

    /// <summary>It has ended: it is deleted, and when nothing takes its place, that is a loss.</summary>
    private static void Expire(Step step, IkeSa sa, ChildState child, string why)
    {
        if (child.Stage is ChildStage.Deleting) return;
        var isLost = child.IsCurrent && child.Successor is null;
        step.Log(isLost ? IkeLogLevel.Warning : IkeLogLevel.Information, sa, "child-expired", $"child {child.Sa.Instance} with SPI {child.Sa.InboundSpi:x8} has ended: {why}");
        if (child.Successor is { } successor) ChildRemoval.Activate(step, sa, successor);
        if (sa.State is IkeSaState.Deleting or IkeSaState.Dead) ChildRemoval.Remove(step, sa, child, why);
        else sa.Start(step, new DeleteChild(sa, child, why));
        if (isLost) ChildLosses.Lost(step, sa, child, why);
    }
}
