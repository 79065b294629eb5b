using Appliance.Crypto;
using Appliance.Ike.Children;
using Appliance.Ike.Groups;
using Appliance.Ike.Keys;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>IKE_SA_INIT as the responder (RFC 7296 §1.2), from when proposal and method fit: SAr1, KEr, Nr. A request that leads nowhere leaves nothing behind.</summary>
internal sealed class IkeSaInitResponder(IkeSa sa) : RespondedExchange(sa)
{
    private Establishment Establishment => Sa.Establishment!;

    public override void Request(Step step, IReadOnlyList<Payload> payloads)
    {
        Establishment.ResponderNonce = step.Entropy.Octets(Tuning.NonceLength);
        Establishment.PeerHashes = InitNotifies.PeerHashes(payloads);
        Sa.Extensions = InitNotifies.Common(Establishment.Candidates, payloads) | MultipointSupport.Common(step.Configuration, null, payloads);
        Sa.VendorIds = InitNotifies.VendorIds(payloads);
        Sa.TakePath(payloads, Sa.Local, Sa.Remote, Establishment.Candidates.FirstOrDefault(p => p.ForceUdp));
        step.Actions.Add(new AnswerKeyExchange(step.NewToken(this), Establishment.Chosen!.Method, payloads.First<KeyExchangePayload>()!.Data) { HalfOpen = true });
    }

    public override void Work(Step step, WorkDone result)
    {
        if (result is not SharedSecretComputed { Secret: { } secret } computed)
        {
            WorkResults.Discard(result);
            if (result is SharedSecretComputed) step.Log(IkeLogLevel.Warning, Sa, "bad-ke", $"IKE_SA_INIT request dropped: its KE payload is no value of {AlgorithmNames.Of(Establishment.Chosen!.Method)}");
            Sa.Destroy(step, "its key exchange came to nothing");
            return;
        }

        using (secret)
        {
            var chosen = Establishment.Chosen!;
            List<Payload> payloads =
            [
                new SecurityAssociationPayload([chosen.Answer([])]), new KeyExchangePayload((ushort)chosen.Method, computed.PublicValue), new NoncePayload(Establishment.ResponderNonce),
                .. NatDetection.Notifies(Sa.InitiatorSpi, Sa.ResponderSpi, Sa.Local, Sa.Remote, Establishment.Candidates.Any(p => p.ForceUdp) ? step.Entropy : null),
                .. InitNotifies.Ours(Establishment.Candidates), .. MultipointSupport.VendorIds(step.Configuration, null),
            ];
            if (Establishment.Candidates.Any(p => p.Childless)) payloads.Add(new NotifyPayload(NotifyType.ChildlessIkev2Supported));
            if (CertificateRequests.Request(step.Configuration, Establishment.Candidates) is { } authorities) payloads.Add(authorities);
            Sa.Respond(step, payloads);
            Establishment.Response = Sa.LastResponse[0];
            Sa.Suite = chosen.ToSuite();
            Sa.TakeKeys(step, IkeKeys.Derive(Sa.Suite, secret, Establishment.InitiatorNonce, Establishment.ResponderNonce, Sa.InitiatorSpi, Sa.ResponderSpi));
        }
    }
}
