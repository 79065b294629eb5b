using Appliance.Ike.Children;
using Appliance.Ike.Keys;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>IKE_INTERMEDIATE as the responder: the next of the additional key exchanges that were chosen, and no other (RFC 9370 §2.2.2).</summary>
internal sealed class IkeIntermediateResponder(IkeSa sa) : RespondedExchange(sa)
{
    public override void Request(Step step, IReadOnlyList<Payload> payloads)
    {
        var method = Sa.Establishment!.Chosen!.Additional[Sa.Establishment.AdditionalDone];
        Intermediates.Received(Sa);
        if (payloads.First<KeyExchangePayload>() is not { } key || key.Method != (ushort)method)
        {
            Refuse(step, $"IKE_INTERMEDIATE request refused: its KE payload is not of {AlgorithmNames.Of(method)}");
            return;
        }

        step.Actions.Add(new AnswerKeyExchange(step.NewToken(this), method, key.Data) { HalfOpen = true });
    }

    public override void Work(Step step, WorkDone result)
    {
        if (result is not SharedSecretComputed { Secret: { } secret } computed)
        {
            WorkResults.Discard(result);
            Refuse(step, "IKE_INTERMEDIATE request refused: its key exchange came to nothing");
            return;
        }

        using (secret)
        {
            Payload[] payloads = [new KeyExchangePayload((ushort)Sa.Establishment!.Chosen!.Additional[Sa.Establishment.AdditionalDone], computed.PublicValue)];
            Intermediates.Sent(Sa, Sa.HeaderOf(ExchangeType.IkeIntermediate, true, Sa.ExpectedRequestId), payloads);
            Sa.Respond(step, payloads);
            Intermediates.Complete(step, Sa, secret);
        }
    }

    private void Refuse(Step step, string why)
    {
        step.Log(IkeLogLevel.Warning, Sa, "invalid-ke", why);
        Sa.Respond(step, [new NotifyPayload(NotifyType.InvalidSyntax)]);
        Sa.State = IkeSaState.Refused;
    }
}
