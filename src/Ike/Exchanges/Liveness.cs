using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>Asks whether the peer lives: an empty INFORMATIONAL (RFC 7296 §2.4). No answer ends the IKE SA.</summary>
internal sealed class Liveness(IkeSa sa) : InitiatedExchange(sa)
{
    /// <inheritdoc/>
    public override ExchangeType Type => ExchangeType.Informational;

    /// <inheritdoc/>
    public override void Begin(Step step) => Sa.SendRequest(step, []);

    /// <inheritdoc/>
    public override void Response(Step step, IReadOnlyList<Payload> payloads) => Sa.Finish(step, this);
}
