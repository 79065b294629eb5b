using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>Asks the initiator of an IKE SA to go to another gateway (RFC 5685 §5): <c>N(REDIRECT) → empty</c>. It deletes the IKE SA when it has left.</summary>
internal sealed class RedirectPeer(IkeSa sa, GatewayIdentity target) : InitiatedExchange(sa)
{
    /// <inheritdoc/>
    public override ExchangeType Type => ExchangeType.Informational;

    /// <inheritdoc/>
    public override void Begin(Step step)
    {
        if (Sa.Successor is { } successor)
        {
            successor.AskedToMove = true;
            successor.Start(step, new RedirectPeer(successor, target));
        }

        if (Sa.State is not (IkeSaState.Established or IkeSaState.Rekeying) || Sa.Successor is not null || !step.Machine.Manager.IsDraining)
        {
            Sa.Finish(step, this);
            return;
        }

        step.Log(IkeLogLevel.Information, Sa, "draining", $"this node drains: the peer is asked to go to {target}");
        Sa.SendRequest(step, [new NotifyPayload(NotifyType.Redirect, target.Write())]);
    }

    /// <inheritdoc/>
    public override void Response(Step step, IReadOnlyList<Payload> payloads) => Sa.Finish(step, this);
}
