using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>Deletes the IKE SA with what children it still has (RFC 7296 §1.4.1): <c>D → empty</c>. It is the last request on it.</summary>
internal sealed class DeleteIkeSa(IkeSa sa, string why) : InitiatedExchange(sa)
{
    /// <inheritdoc/>
    public override ExchangeType Type => ExchangeType.Informational;

    /// <inheritdoc/>
    public override void Begin(Step step)
    {
        Sa.State = IkeSaState.Deleting;
        Sa.SendRequest(step, [new DeletePayload(ProtocolId.Ike, [])]);
    }

    /// <inheritdoc/>
    public override void Response(Step step, IReadOnlyList<Payload> payloads) => Sa.Destroy(step, why);
}
