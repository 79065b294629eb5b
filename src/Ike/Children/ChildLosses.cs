using Appliance.Ike.Exchanges;
using Appliance.Ike.Machine;

namespace Appliance.Ike.Children;

/// <summary>Children that are lost or do not come to be: who keeps them up (<c>start: always</c>) is told.</summary>
internal static class ChildLosses
{
    /// <summary>A child that was in use is gone, and nothing takes its place.</summary>
    public static void Lost(Step step, IkeSa sa, ChildState child, string why)
    {
        if (child.Sa.Worker is not null) return;
        if (sa.Children.Any(c => c != child && c.IsCurrent && c.Sa.Tunnel == child.Sa.Tunnel)) return;
        step.Machine.Manager.Lost(step, sa, child.Sa.Tunnel, why);
    }

    /// <summary>RFC 7296 §2.25: the peer does not know the child that we wanted to rekey: it is forgotten, and made anew.</summary>
    public static void UnknownToPeer(Step step, IkeSa sa, ChildState child)
    {
        ChildRemoval.Remove(step, sa, child, "the peer does not know it");
        if (ChildTimers.Template(sa, child) is { } template && sa.State == IkeSaState.Established) sa.Start(step, new CreateChildSaInitiator(sa, new ChildWish(sa.Peer!, template, Worker: child.Sa.Worker)));
    }
}
