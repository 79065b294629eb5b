namespace Appliance.Ike.Machine;

/// <summary>The end of an IKE SA.</summary>
internal sealed partial class IkeSa
{
    /// <summary>
    /// Takes the IKE SA and its children out of use at once and forgets everything. Nothing is sent: to delete it with the peer is an exchange of its own, which ends here.
    /// </summary>
    public void Destroy(Step step, string why)
    {
        if (State == IkeSaState.Dead) return;
        var established = State != IkeSaState.Connecting;
        State = IkeSaState.Dead;
        foreach (var child in children.ToArray())
        {
            RemoveChild(step, child);
            step.Actions.Add(new RemoveChild(child.Sa.InboundSpi, child.Sa.OutboundSpi, 0, why));
        }

        foreach (var kind in Enum.GetValues<TimerKind>()) step.StopTimer(this, kind);
        step.Machine.Remove(this);
        AbandonRequests(step, why);
        AbandonResponse();
        if (established) step.Actions.Add(new ForgetContext(LocalSpi));
    }
}
