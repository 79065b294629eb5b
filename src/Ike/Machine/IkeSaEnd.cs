using Appliance.Ike.Children;
using Appliance.Ike.Groups;

namespace Appliance.Ike.Machine;

/// <summary>The end of an IKE SA.</summary>
internal sealed partial class IkeSa
{
    private static readonly TimerKind[] Kinds = Enum.GetValues<TimerKind>();

    /// <summary>
    /// Takes the IKE SA and its children out of use at once and forgets everything. Nothing is sent: to delete it with the peer is an exchange of its own, which ends here.
    /// </summary>
    public void Destroy(Step step, string why)
    {
        if (State == IkeSaState.Dead) return;
        var before = State;
        State = IkeSaState.Dead;
        LeaveHalfOpen(step);
        var tunnels = children.Where(c => c.IsCurrent).Select(c => c.Sa.Tunnel).Distinct().ToArray();
        foreach (var child in children.ToArray())
        {
            RemoveChild(step, child);
            step.Actions.Add(new RemoveChild(child.Sa.InboundSpi, child.Sa.OutboundSpi, 0, why));
        }

        foreach (var kind in Kinds) step.StopTimer(this, kind);
        step.Machine.Remove(this);
        step.Machine.Identities.Remove(this);
        step.Machine.Instances.Give(InstanceNumber);
        ConfigurationRequests.Release(step, this);
        if (Saved) step.Actions.Add(new ForgetContext(LocalSpi));
        GroupServers.Ended(step, this);
        AbandonRequests(step, why);
        AbandonResponse();
        ForgetFollowups();
        Keys?.Dispose();
        Keys = null;
        Establishment = null;
        step.Machine.Manager.Ended(step, this, before, tunnels, why);
    }
}
