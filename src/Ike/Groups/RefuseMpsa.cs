using Appliance.Ike.Exchanges;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Groups;

/// <summary>Tells a gateway that we do not take a multi-point SA, and why: <c>HDR, SK {N(MPSA_REFUSED)} → HDR, SK {}</c>. The answer to MPSA_PUT itself stays empty.</summary>
internal sealed class RefuseMpsa(IkeSa sa, IReadOnlyList<NotifyPayload> refusals) : InitiatedExchange(sa)
{
    /// <inheritdoc/>
    public override ExchangeType Type => ExchangeType.Informational;

    /// <inheritdoc/>
    public override void Begin(Step step) => Sa.SendRequest(step, refusals);

    /// <inheritdoc/>
    public override void Response(Step step, IReadOnlyList<Payload> payloads) => Sa.Finish(step, this);
}
