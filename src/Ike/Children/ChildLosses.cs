using Appliance.Ike.Exchanges;
using Appliance.Ike.Machine;

namespace Appliance.Ike.Children;

/// <summary>Children that are lost or do not come to be: who keeps them up (<c>start: always</c>) is told.</summary>
internal static class ChildLosses
{
    /// <summary>A child that was in use is gone, and nothing takes its place.</summary>
    public static void Lost(Step step, IkeSa sa, ChildState child, string why)
    {
        if (child.Sa.Worker is not null || sa.Peer is not { } peer) return;
        if (sa.Children.Any(c => c != child && c.IsCurrent && c.Sa.Tunnel == child.Sa.Tunnel)) return;
        step.Log(IkeLogLevel.Warning, peer.Name, "child-lost", $"tunnel {child.Sa.Tunnel} lost its child: {why}");
    }

    /// <summary>A new child was refused, by the peer or by us.</summary>
    public static void Failed(Step step, IkeSa sa, string tunnel, ChildRefusal refusal)
    {
        if (sa.Peer is { } peer) step.Log(IkeLogLevel.Warning, peer.Name, "child-lost", $"tunnel {tunnel} has no child: {refusal.Why}");
    }

    /// <summary>RFC 7296 §2.25: the peer does not know the child that we wanted to rekey: it is forgotten, and made anew.</summary>
    public static void UnknownToPeer(Step step, IkeSa sa, ChildState child)
    {
        ChildRemoval.Remove(step, sa, child, "the peer does not know it");
        if (ChildTimers.Template(sa, child) is { } template && sa.State == IkeSaState.Established) sa.Start(step, new CreateChildSaInitiator(sa, new ChildWish(sa.Peer!, template, Worker: child.Sa.Worker)));
    }
}
