using Appliance.Crypto;
using Appliance.Ike.Children;
using Appliance.Ike.Keys;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>IKE_INTERMEDIATE as the initiator, once for each additional key exchange (RFC 9242, RFC 9370 §2.2.2): KEi(n) → KEr(n) → other keys.</summary>
internal sealed class IkeIntermediateInitiator(IkeSa sa, IkePeer peer) : InitiatedExchange(sa)
{
    private readonly KeyExchangeMethod method = sa.Establishment!.Chosen!.Additional[sa.Establishment.AdditionalDone];
    private KeyExchange? ours;

    public override ExchangeType Type => ExchangeType.IkeIntermediate;

    public override void Begin(Step step) => step.Actions.Add(new BeginKeyExchange(step.NewToken(this), method));

    public override void Work(Step step, WorkDone result)
    {
        switch (result)
        {
            case KeyExchangeBegun begun:
                ours = begun.Exchange;
                Payload[] payloads = [new KeyExchangePayload((ushort)method, ours.PublicValue)];
                Intermediates.Sent(Sa, Sa.HeaderOf(Type, false, Sa.NextRequestId), payloads);
                Sa.SendRequest(step, payloads);
                break;
            case SharedSecretComputed { Secret: { } secret }:
                using (secret) Intermediates.Complete(step, Sa, secret);
                Sa.Start(step, Sa.Establishment!.KeysAreComplete ? new IkeAuthInitiator(Sa, peer) : new IkeIntermediateInitiator(Sa, peer));
                Sa.Finish(step, this);
                break;
            case SharedSecretComputed:
                Sa.Destroy(step, $"the peer's KE payload of IKE_INTERMEDIATE is no value of {AlgorithmNames.Of(method)}");
                break;
            default:
                WorkResults.Discard(result);
                Sa.Destroy(step, "no worker has time for the key exchange");
                break;
        }
    }

    public override void Response(Step step, IReadOnlyList<Payload> payloads)
    {
        if (payloads.First<KeyExchangePayload>() is not { } key || key.Method != (ushort)method || ours is null)
        {
            Sa.Destroy(step, $"the peer refused the additional key exchange {AlgorithmNames.Of(method)}: {payloads.Error()?.NotifyType.ToString() ?? "no KE payload of it"}");
            return;
        }

        Intermediates.Received(Sa);
        step.Actions.Add(new CompleteKeyExchange(step.NewToken(this), ours, key.Data));
        ours = null;
    }

    public override void Failed(Step step, string why) => Sa.Destroy(step, why);

    public override void Release() => ours?.Dispose();
}
