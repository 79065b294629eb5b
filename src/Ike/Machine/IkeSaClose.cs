using Appliance.Ike.Messages;

namespace Appliance.Ike.Machine;

/// <summary>We end an IKE SA.</summary>
internal sealed partial class IkeSa
{
    /// <summary>Deletes it and its children (RFC 7296 §1.4.1). Before it is established nobody is told.</summary>
    public void Close(Step step, string why)
    {
        if (State is IkeSaState.Dead or IkeSaState.Deleting) return;
        if (State is IkeSaState.Connecting or IkeSaState.Refused) Destroy(step, why);
        else CloseNow(step, why);
    }

    /// <summary>Deletes it without waiting for an answer: the peer is told once.</summary>
    public void CloseNow(Step step, string why)
    {
        if (State is IkeSaState.Established or IkeSaState.Rekeying) SendLast(step, ExchangeType.Informational, [new DeletePayload(ProtocolId.Ike, [])]);
        if (State != IkeSaState.Connecting) State = IkeSaState.Deleting;
        Destroy(step, why);
    }

    /// <summary>Deletes it in a moment, when what is under way on it is over.</summary>
    public void CloseLater(Step step) => step.SetTimer(this, TimerKind.Linger, Tuning.CrossedLingers);
}
