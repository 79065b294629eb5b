using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>Tells the peer to delete children that it has and we do not: INFORMATIONAL with D (RFC 7296 §1.4.1).</summary>
internal sealed class DeleteSpis(IkeSa sa, IReadOnlyList<uint> inboundSpis) : InitiatedExchange(sa)
{
    public override ExchangeType Type => ExchangeType.Informational;

    public override void Begin(Step step) => Sa.SendRequest(step, [new DeletePayload(ProtocolId.Esp, inboundSpis)]);

    public override void Response(Step step, IReadOnlyList<Payload> payloads) => Sa.Finish(step, this);
}
