using Appliance.Ike.Children;

namespace Appliance.Ike.Machine;

/// <summary>When an IKE SA is rekeyed, when it ends, when its peer is asked whether it lives.</summary>
internal static class SaLifetimes
{
    /// <summary>From when it is established.</summary>
    public static void Start(Step step, IkeSa sa)
    {
        if (sa.Peer is not { } peer) return;
        if (peer.RekeySeconds > 0)
        {
            step.SetTimer(sa, TimerKind.RekeyIke, ChildLifetimes.Soft(peer.RekeySeconds, step.Entropy));
            step.SetTimer(sa, TimerKind.ExpireIke, ChildLifetimes.Hard(peer.RekeySeconds));
        }

        if (peer.LivenessSeconds > 0) step.SetTimer(sa, TimerKind.Liveness, peer.LivenessSeconds * 1000L);
    }
}
