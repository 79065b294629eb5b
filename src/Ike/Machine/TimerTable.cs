using Appliance.Ike.Children;
using Appliance.Ike.Exchanges;

namespace Appliance.Ike.Machine;

/// <summary>Which timer calls what.</summary>
internal static class TimerTable
{
    /// <summary>A timer of an IKE SA is due.</summary>
    public static void Fire(Step step, IkeSa sa, TimerKey timer)
    {
        switch (timer.Kind)
        {
            case TimerKind.Retransmit:
                sa.Retransmit(step);
                break;
            case TimerKind.HalfOpen:
                sa.Destroy(step, "it was not established in time");
                break;
            case TimerKind.RekeyChild or TimerKind.ExpireChild or TimerKind.ActivateChild:
                ChildEvents.Fire(step, sa, timer);
                break;
            case TimerKind.Early:
                sa.TakeEarly(step);
                break;
            case TimerKind.Fragments:
                sa.ForgetFragments();
                break;
            case TimerKind.Followup:
                sa.ForgetFollowups();
                break;
            case TimerKind.NatKeepalive:
                sa.Keepalive(step);
                break;
            case TimerKind.RekeyIke:
                IkeSaAge.Rekey(step, sa);
                break;
            case TimerKind.ExpireIke:
                IkeSaAge.Expire(step, sa);
                break;
            case TimerKind.Liveness:
                LivenessChecks.Fire(step, sa);
                break;
            case TimerKind.Linger when sa.Successor is not null:
                IkeSaAge.Linger(step, sa);
                break;
            case TimerKind.Linger when sa.MovesTo is { } other:
                if (sa.State is IkeSaState.Established or IkeSaState.Rekeying) sa.Start(step, new DeleteIkeSa(sa, $"its gateway sent us to {other}"));
                break;
            case TimerKind.Linger:
                sa.Close(step, "the other one of two that crossed stays");
                break;
        }
    }
}
