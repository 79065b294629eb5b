using Appliance.Ike.Children;

namespace Appliance.Ike.Machine;

/// <summary>Which timer calls what.</summary>
internal static class TimerTable
{
    /// <summary>A timer of an IKE SA is due.</summary>
    public static void Fire(Step step, IkeSa sa, TimerKey timer)
    {
        switch (timer.Kind)
        {
            case TimerKind.HalfOpen when sa.State == IkeSaState.Connecting:
                sa.Destroy(step, "it was not established in time");
                break;
            case TimerKind.RekeyChild or TimerKind.ExpireChild or TimerKind.ActivateChild:
                ChildEvents.Fire(step, sa, timer);
                break;
        }
    }
}
