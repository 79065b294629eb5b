using System.Net;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>Tells the initiator of a MOBIKE association where else we are (RFC 4555 §3.6): it decides what to do about it.</summary>
internal sealed class AnnounceAddresses(IkeSa sa, IReadOnlyList<IPAddress> addresses) : InitiatedExchange(sa)
{
    /// <inheritdoc/>
    public override ExchangeType Type => ExchangeType.Informational;

    /// <inheritdoc/>
    public override void Begin(Step step) => Sa.SendRequest(step, [.. Mobility.Additional(Sa, addresses)]);

    /// <inheritdoc/>
    public override void Response(Step step, IReadOnlyList<Payload> payloads) => Sa.Finish(step, this);
}
