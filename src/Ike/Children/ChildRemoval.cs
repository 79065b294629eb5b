using Appliance.Ike.Machine;

namespace Appliance.Ike.Children;

/// <summary>A child goes.</summary>
internal static class ChildRemoval
{
    /// <summary>What is still under way is taken in for so long. Milliseconds.</summary>
    public const int Linger = 2000;

    /// <summary>
    /// Takes it out of use: outbound at once, inbound a moment later. What waits to send in its place begins to: whoever lets the old one go has the new one (RFC 7296 §2.8).
    /// </summary>
    public static void Remove(Step step, IkeSa sa, ChildState child, string why)
    {
        if (!sa.Children.Contains(child)) return;
        if (child.Successor is { } successor) Activate(step, sa, successor);
        sa.RemoveChild(step, child);
        foreach (var old in sa.Children.Where(c => c.Successor == child)) Reinstate(step, sa, old);
        step.Actions.Add(new RemoveChild(child.Sa.InboundSpi, child.Sa.OutboundSpi, Linger, why));
        step.Log(IkeLogLevel.Information, sa, "child-deleted", $"child {child.Sa.Instance} with SPIs {child.Sa.InboundSpi:x8} in, {child.Sa.OutboundSpi:x8} out is gone: {why}");
        sa.Save(step);
    }

    /// <summary>What should have taken its place is gone: it is in use as before, and is rekeyed in a while.</summary>
    private static void Reinstate(Step step, IkeSa sa, ChildState child)
    {
        child.Successor = null;
        if (child.Stage != ChildStage.Replaced) return;
        child.Stage = ChildStage.Established;
        ChildTimers.RetryRekey(step, sa, child);
    }

    /// <summary>Sends by it from now on, if that waited.</summary>
    public static void Activate(Step step, IkeSa sa, ChildState child)
    {
        step.StopTimer(sa, TimerKind.ActivateChild, child.InboundSpi);
        if (!child.OutboundWaits || !sa.Children.Contains(child)) return;
        child.OutboundWaits = false;
        sa.Save(step);
        step.Actions.Add(new ActivateOutbound(child.Sa.OutboundSpi));
    }
}
