using System.Buffers.Binary;
using System.Net;
using Appliance.Crypto;
using Appliance.Ike.Children;
using Appliance.Ike.Groups;
using Appliance.Ike.Keys;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>
/// IKE_SA_INIT as the initiator (RFC 7296 §1.2): SAi1, KEi, Ni → SAr1, KEr, Nr. COOKIE (§2.6) and INVALID_KE_PAYLOAD (§1.3) are followed a bounded number of times.
/// REDIRECT (RFC 5685 §3) ends it, and another one begins elsewhere. Nothing here is authenticated: an answer that makes no sense is dropped, and the true one may still come.
/// </summary>
internal sealed class IkeSaInitInitiator(IkeSa sa, IkePeer peer, IPAddress? redirectedFrom = null) : InitiatedExchange(sa)
{
    private readonly IReadOnlyList<Proposal> proposals = ProposalBuilder.OfIke([.. peer.Proposals], []);
    private KeyExchange? ours;
    private NotifyPayload? cookie;
    private int retries;
    private IReadOnlyList<Payload>? answer;

    public override ExchangeType Type => ExchangeType.IkeSaInit;

    private Establishment Establishment => Sa.Establishment!;

    public override void Begin(Step step)
    {
        Sa.Establishment = new Establishment { StartedAt = step.Now, InitiatorNonce = step.Entropy.Octets(Tuning.NonceLength), Candidates = [peer] };
        step.SetTimer(Sa, TimerKind.HalfOpen, Tuning.HalfOpenInitiator);
        Propose(step, ProposalBuilder.FirstMethod(proposals));
    }

    public override void Work(Step step, WorkDone result)
    {
        switch (result)
        {
            case KeyExchangeBegun begun:
                ours?.Dispose();
                ours = begun.Exchange;
                Send(step);
                break;
            case SharedSecretComputed { Secret: { } secret }:
                using (secret) TakeSecret(step, secret);
                break;
            case SharedSecretComputed:
                Sa.Destroy(step, $"the peer's KE payload is no value of {AlgorithmNames.Of(Establishment.Chosen!.Method)}");
                break;
            default:
                WorkResults.Discard(result);
                Sa.Destroy(step, "no worker has time for the key exchange");
                break;
        }
    }

    /// <summary>A response, in the clear.</summary>
    public void Receive(Step step, in IkeHeader header, byte[] datagram, IPEndPoint local, IPEndPoint remote)
    {
        if (answer is not null || ours is null) return;
        if (!PayloadReader.TryRead(header.NextPayload, datagram.AsSpan(IkeHeader.Size), out var payloads, out var error))
        {
            step.Log(IkeLogLevel.Warning, Sa, "malformed", $"IKE_SA_INIT response dropped: {error.Detail}");
            return;
        }

        if (Redirected(step, payloads) || Retry(step, payloads)) return;
        if (payloads.Error() is { } refused)
        {
            Refused(step, refused);
            return;
        }

        if (ExchangeRules.Check(Type, true, payloads) is { } broken || header.ResponderSpi == 0)
        {
            step.Log(IkeLogLevel.Warning, Sa, "malformed", $"IKE_SA_INIT response dropped: {ExchangeRules.Check(Type, true, payloads)?.Detail ?? "no responder SPI"}");
            return;
        }

        Take(step, header, datagram, payloads, local, remote);
    }

    public override void Response(Step step, IReadOnlyList<Payload> payloads)
    {
    }

    public override void Release()
    {
        ours?.Dispose();
        ours = null;
    }

    private void Propose(Step step, KeyExchangeMethod method)
    {
        ours?.Dispose();
        ours = null;
        step.Actions.Add(new BeginKeyExchange(step.NewToken(this), method));
    }

    private void Send(Step step)
    {
        List<Payload> payloads = cookie is null ? [] : [cookie];
        payloads.Add(new SecurityAssociationPayload(proposals));
        payloads.Add(new KeyExchangePayload((ushort)ours!.Method, ours.PublicValue));
        payloads.Add(new NoncePayload(Establishment.InitiatorNonce));
        payloads.AddRange(NatDetection.Notifies(Sa.InitiatorSpi, 0, Sa.Local, Sa.Remote, peer.ForceUdp ? step.Entropy : null));
        payloads.AddRange(InitNotifies.Ours([peer]));
        payloads.AddRange(MultipointSupport.VendorIds(step.Configuration, peer));
        payloads.Add(redirectedFrom is null ? new NotifyPayload(NotifyType.RedirectSupported) : new NotifyPayload(NotifyType.RedirectedFrom, GatewayIdentity.Of(redirectedFrom).Write()));
        Establishment.Request = MessageWriter.Write(Sa.HeaderOf(Type, false, 0), payloads);
        Sa.SendSealed(step, [Establishment.Request]);
    }

    /// <summary>COOKIE and INVALID_KE_PAYLOAD ask for the same again, with a cookie or another method.</summary>
    private bool Retry(Step step, List<Payload> payloads)
    {
        if (payloads.Notify(NotifyType.Cookie) is { Data.Length: > 0 and <= 64 } asked)
        {
            if (cookie is not null && cookie.Data.AsSpan().SequenceEqual(asked.Data)) return true;
            if (!MayRetry(step, "COOKIE")) return true;
            cookie = new NotifyPayload(NotifyType.Cookie, asked.Data);
            Send(step);
            return true;
        }

        if (payloads.Notify(NotifyType.InvalidKePayload) is not { Data: { Length: 2 } data }) return false;
        var method = (KeyExchangeMethod)BinaryPrimitives.ReadUInt16BigEndian(data);
        if (method == ours!.Method) return true;
        if (!proposals.SelectMany(p => p.Transforms).Any(t => t.Type == TransformType.KeyExchange && t.Id == (ushort)method))
        {
            Sa.Destroy(step, $"no proposal chosen: the peer wants key exchange {AlgorithmNames.Of(method)}, we offered {ProposalText.Format(proposals)}");
            return true;
        }

        if (MayRetry(step, "INVALID_KE_PAYLOAD")) Propose(step, method);
        return true;
    }

    /// <summary>RFC 5685 §3: the nonce shows that who answers has seen our request; an answer without it is dropped, and the true one may still come.</summary>
    private bool Redirected(Step step, List<Payload> payloads)
    {
        if (payloads.Notify(NotifyType.Redirect) is not { } redirect) return false;
        if (!GatewayIdentity.TryRead(redirect.Data, out var gateway) || !gateway.Nonce.AsSpan().SequenceEqual(Establishment.InitiatorNonce))
            step.Log(IkeLogLevel.Warning, Sa, "redirect", "REDIRECT dropped: it names no gateway, or our nonce is not in it");
        else Sa.Destroy(step, step.Machine.Manager.Follow(step, Sa, gateway, out var why) ? $"redirected to {gateway}" : $"the peer sends us to another gateway, we do not go: {why}");
        return true;
    }

    private bool MayRetry(Step step, string what)
    {
        if (++retries <= Tuning.InitRetries) return true;
        Sa.Destroy(step, $"the peer answered with {what} once too often");
        return false;
    }

    private void Refused(Step step, NotifyPayload refused) => Sa.Destroy(step, refused.NotifyType == NotifyType.NoProposalChosen
        ? $"no proposal chosen: the peer refused all of {ProposalText.Format(proposals)}, or it has no entry for our address"
        : $"the peer refused IKE_SA_INIT: {refused.NotifyType}");

    private void Take(Step step, in IkeHeader header, byte[] datagram, List<Payload> payloads, IPEndPoint local, IPEndPoint remote)
    {
        var offer = payloads.OfType<SecurityAssociationPayload>().Single().Proposals;
        var key = payloads.OfType<KeyExchangePayload>().Single();
        if (ProposalSelection.Verify(offer, proposals, out var why) is not { } chosen || (ushort)chosen.Method != key.Method || key.Method != (ushort)ours!.Method)
        {
            Sa.Destroy(step, why.Length > 0 ? why : $"the peer chose another key exchange ({ProposalText.Format(offer)}) than its KE payload is of");
            return;
        }

        answer = payloads;
        Sa.RemoteSpi = header.ResponderSpi;
        Establishment.Response = datagram;
        Establishment.Chosen = chosen;
        Establishment.ResponderNonce = payloads.OfType<NoncePayload>().Single().Data;
        Establishment.PeerHashes = InitNotifies.PeerHashes(payloads);
        Establishment.UsesPpk = peer.Ppk is not null && payloads.Has(NotifyType.UsePpk);
        Sa.Extensions = InitNotifies.Common([peer], payloads) | MultipointSupport.Common(step.Configuration, peer, payloads);
        Sa.VendorIds = InitNotifies.VendorIds(payloads);
        Sa.FirstRequestAnswered(step);
        Sa.TakePath(payloads, local, remote, peer);
        step.Actions.Add(new CompleteKeyExchange(step.NewToken(this), ours, key.Data));
        ours = null;
    }

    private void TakeSecret(Step step, Secret secret)
    {
        Sa.Suite = Establishment.Chosen!.ToSuite();
        Sa.TakeKeys(step, IkeKeys.Derive(Sa.Suite, secret, Establishment.InitiatorNonce, Establishment.ResponderNonce, Sa.InitiatorSpi, Sa.ResponderSpi));
        if (!Establishment.KeysAreComplete && !Sa.Extensions.HasFlag(Machine.Extensions.Intermediate))
        {
            Sa.Destroy(step, $"the peer chose additional key exchanges ({Sa.Suite}), but does not know IKE_INTERMEDIATE (RFC 9242)");
            return;
        }

        Sa.Start(step, Establishment.KeysAreComplete ? new IkeAuthInitiator(Sa, peer) : new IkeIntermediateInitiator(Sa, peer));
        Sa.Finish(step, this);
    }
}
