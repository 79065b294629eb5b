using Appliance.Ike.Exchanges;
using Appliance.Ike.Machine;

namespace Appliance.Ike.Children;

/// <summary>Lifetimes of a child, in the machine's timers.</summary>
internal static class ChildTimers
{
    /// <summary>From its installation: rekeying, and the end (RFC 7296 §2.8).</summary>
    public static void Start(Step step, IkeSa sa, ChildState child)
    {
        if (Template(sa, child) is not { RekeySeconds: > 0 } template) return;
        step.SetTimer(sa, TimerKind.RekeyChild, ChildLifetimes.Soft(template.RekeySeconds, step.Entropy), child.InboundSpi);
        step.SetTimer(sa, TimerKind.ExpireChild, ChildLifetimes.Hard(template), child.InboundSpi);
    }

    /// <summary>
    /// The peer put rekeying off, or refused it: again in a while, twice as long each time. After several minutes the two sides are out of step, and the IKE SA is closed
    /// (RFC 7296 §2.25).
    /// </summary>
    public static void RetryRekey(Step step, IkeSa sa, ChildState child)
    {
        if (child.Refusals >= RekeyRetries.Most)
        {
            sa.Start(step, new DeleteIkeSa(sa, $"child {child.Sa.Instance} could not be rekeyed for several minutes"));
            return;
        }

        step.SetTimer(sa, TimerKind.RekeyChild, RekeyRetries.Wait(child.Refusals++, step.Entropy), child.InboundSpi);
    }

    /// <summary>The child goes on under another IKE SA: so do its timers.</summary>
    public static void Move(Step step, IkeSa from, IkeSa to, ChildState child)
    {
        foreach (var kind in (ReadOnlySpan<TimerKind>)[TimerKind.RekeyChild, TimerKind.ExpireChild, TimerKind.ActivateChild])
        {
            if (step.Machine.Timers.DueOf(new(from.LocalSpi, kind, child.InboundSpi)) is not { } due) continue;
            step.Machine.Timers.Stop(new(from.LocalSpi, kind, child.InboundSpi));
            step.Machine.Timers.Set(new(to.LocalSpi, kind, child.InboundSpi), due);
        }
    }

    /// <summary>The template that a child came from, in the configuration in force; null when there is none any more.</summary>
    public static ChildTemplate? Template(IkeSa sa, ChildState child) => sa.Peer?.Children.FirstOrDefault(t => t.Name == child.Sa.Tunnel);
}
