using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>
/// A request that an earlier process had sent and not seen answered: it is sent again as it was, since the peer takes no other under its message ID (RFC 7296 §2.3). Nobody knows
/// any more what the answer to CREATE_CHILD_SA means, so the IKE SA is then made anew; that of INFORMATIONAL means no more than that the peer lives.
/// </summary>
internal sealed class AbandonedExchange(IkeSa sa, ExchangeType type, IReadOnlyList<byte[]> request) : InitiatedExchange(sa)
{
    public override ExchangeType Type => type;

    public override void Begin(Step step)
    {
        if (request.Count > 0) Sa.SendSealed(step, request);
        else Sa.Close(step, "a request of the process before this one was too large to be kept");
    }

    public override void Response(Step step, IReadOnlyList<Payload> payloads)
    {
        Sa.Finish(step, this);
        if (Type != ExchangeType.Informational) Sa.Close(step, "this process took it over in the middle of an exchange");
    }
}
