using Appliance.Crypto;
using Appliance.Ike.Children;
using Appliance.Ike.Keys;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>
/// An IKE SA in the place of this one (RFC 7296 §1.3.2, §2.18): <c>SA, Ni, KEi → SA, Nr, KEr</c> [→ additional key exchanges, RFC 9370]; it inherits the children, and the old one is deleted. When the peer rekeys it
/// too, the exchange with the lowest nonce loses (§2.8.2).
/// </summary>
internal sealed class RekeyIkeSaInitiator(IkeSa sa) : InitiatedExchange(sa)
{
    private const int NonceLength = 32;

    /// <summary>INVALID_KE_PAYLOAD is followed so often.</summary>
    private const int MethodRetries = 3;

    private ulong localSpi;
    private IReadOnlyList<Proposal> proposals = [];
    private KeyExchangeMethod method;
    private KeyExchange? keyExchange;
    private byte[] nonce = [];
    private byte[] theirNonce = [];
    private ChosenProposal? chosen;
    private int retries;
    private byte[] link = [];
    private FollowupInitiator? followup;

    /// <inheritdoc/>
    public override ExchangeType Type => IsFollowingUp ? ExchangeType.IkeFollowupKe : ExchangeType.CreateChildSa;

    /// <summary>The peer has agreed, and additional key exchanges are under way.</summary>
    public bool IsFollowingUp => followup is not null;

    /// <inheritdoc/>
    public override void Begin(Step step)
    {
        if (Sa.State != IkeSaState.Established || Sa.Successor is not null || Sa.Peer is not { } peer || Sa.Keys is not { } keys)
        {
            Sa.Finish(step, this);
            return;
        }

        Sa.State = IkeSaState.Rekeying;
        localSpi = step.NewIkeSpi();
        proposals = ProposalBuilder.OfIke(peer.Proposals, SpiOctets.OfIke(localSpi));
        // What the peer took before it will most likely take again.
        method = Offers(keys.Suite.Method) ? keys.Suite.Method : ProposalBuilder.FirstMethod(proposals);
        step.Actions.Add(new BeginKeyExchange(step.NewToken(this), method));
    }

    /// <inheritdoc/>
    public override void Response(Step step, IReadOnlyList<Payload> payloads)
    {
        if (followup is not null)
        {
            if (followup.Response(step, payloads) is { } refusal) GiveUp(step, refusal.Notify, refusal.Why);
            return;
        }

        if (payloads.First<SecurityAssociationPayload>() is not { } answer)
        {
            Refused(step, payloads.Error());
            return;
        }

        chosen = ProposalSelection.Verify(answer.Proposals, proposals, out var why);
        var theirs = payloads.First<KeyExchangePayload>();
        if (chosen is null) GiveUp(step, NotifyType.NoProposalChosen, why);
        else if (SpiOctets.ReadIke(chosen.Proposal.Spi) is null) GiveUp(step, NotifyType.InvalidSyntax, "the peer's new SPI is none");
        else if (!chosen.ToIkeSuite().IsSupported) GiveUp(step, NotifyType.NoProposalChosen, $"no suite of ours is {chosen}");
        else if (payloads.First<NoncePayload>() is not { } peerNonce || theirs is null || chosen.Method != method || theirs.Method != (ushort)method)
            GiveUp(step, NotifyType.InvalidSyntax, $"the answer has no nonce or no key exchange of {AlgorithmNames.Of(method)}");
        else if (!FollowupInitiator.HasLink(payloads, chosen.Additional.Count > 0, out link)) GiveUp(step, NotifyType.InvalidSyntax, "the answer has no link to the additional key exchanges");
        else
        {
            theirNonce = peerNonce.Data;
            step.Actions.Add(new CompleteKeyExchange(step.NewToken(this), keyExchange!, theirs.Data));
            keyExchange = null;
        }
    }

    /// <inheritdoc/>
    public override void Work(Step step, WorkDone result)
    {
        switch (result)
        {
            case KeyExchangeBegun begun when followup is not null:
                followup.Send(step, begun.Exchange);
                break;
            case KeyExchangeBegun begun:
                keyExchange = begun.Exchange;
                Send(step);
                break;
            case SharedSecretComputed { Secret: { } secret } when followup is not null:
                followup.Add(secret);
                if (followup.IsDone) Create(step, followup.First, followup.Additional);
                else followup.Begin(step);
                break;
            case SharedSecretComputed { Secret: { } secret }:
                using (secret) Computed(step, secret);
                break;
            case SharedSecretComputed:
                GiveUp(step, NotifyType.InvalidSyntax, "the peer's key exchange value is not of the group");
                break;
            default:
                WorkResults.Discard(result);
                GiveUp(step, NotifyType.TemporaryFailure, "too much work at the moment");
                break;
        }
    }

    /// <inheritdoc/>
    public override void Release()
    {
        keyExchange?.Dispose();
        keyExchange = null;
        followup?.Release();
        followup = null;
    }

    /// <inheritdoc/>
    public override void Failed(Step step, string why)
    {
        if (Sa.State == IkeSaState.Rekeying) NotRekeyed(step);
    }

    private bool Offers(KeyExchangeMethod wanted) =>
        wanted != KeyExchangeMethod.None && proposals.Any(p => p.Transforms.Any(t => t.Type == TransformType.KeyExchange && t.Id == (ushort)wanted));

    private void Send(Step step)
    {
        if (Sa.PeerRekey is not null)
        {
            // The peer was faster than our own key exchange.
            NotRekeyed(step);
            Sa.Finish(step, this);
            return;
        }

        nonce = step.Entropy.Octets(NonceLength);
        Sa.SendRequest(step, [new SecurityAssociationPayload(proposals), new NoncePayload(nonce), new KeyExchangePayload((ushort)method, keyExchange!.PublicValue)]);
    }

    private void Computed(Step step, Secret secret)
    {
        if (chosen!.Additional.Count == 0)
        {
            Create(step, secret);
            return;
        }

        followup = new FollowupInitiator(this, chosen.Additional, secret, link);
        followup.Begin(step);
    }

    private void Create(Step step, Secret secret, params ReadOnlySpan<Secret> additional)
    {
        var made = IkeSaReplacement.Make(step, Sa, isInitiator: true, localSpi, SpiOctets.ReadIke(chosen!.Proposal.Spi)!.Value, chosen.ToIkeSuite(), secret, nonce, theirNonce, additional);
        if (Sa.PeerRekey is { Sa.State: IkeSaState.Established } theirs)
        {
            var loses = NonceOrder.FirstIsLowest((nonce, theirNonce), (theirs.InitiatorNonce, theirs.ResponderNonce));
            var (stays, goes) = loses ? (theirs.Sa, made) : (made, theirs.Sa);
            IkeSaReplacement.Replace(step, Sa, stays);
            IkeSaReplacement.IsRedundant(step, goes, stays);
            // RFC 7296 §2.8.2: each deletes what it made in vain; who made the one that stays deletes the old one.
            if (loses) made.Start(step, new DeleteIkeSa(made, "both sides rekeyed; this one is redundant"));
            else Sa.Start(step, new DeleteIkeSa(Sa, "rekeyed"));
        }
        else
        {
            IkeSaReplacement.Replace(step, Sa, made);
            Sa.Start(step, new DeleteIkeSa(Sa, "rekeyed"));
        }

        Sa.Finish(step, this);
    }

    private void Refused(Step step, NotifyPayload? error)
    {
        if (error is { NotifyType: NotifyType.InvalidKePayload, Data.Length: 2 } && retries++ < MethodRetries)
        {
            var wanted = (KeyExchangeMethod)((error.Data[0] << 8) | error.Data[1]);
            if (wanted != method && Offers(wanted))
            {
                method = wanted;
                Release();
                step.Actions.Add(new BeginKeyExchange(step.NewToken(this), method));
                return;
            }
        }

        GiveUp(step, error?.NotifyType ?? NotifyType.InvalidSyntax, error is null ? "the answer has no SA payload" : $"the peer refused it ({error.NotifyType}); we offered {ProposalText.Format(proposals)}");
    }

    private void GiveUp(Step step, NotifyType notify, string why)
    {
        var level = notify == NotifyType.TemporaryFailure ? IkeLogLevel.Information : IkeLogLevel.Warning;
        step.Log(level, Sa, LogKeys.Of(notify), $"the IKE SA was not rekeyed: {why}");
        NotRekeyed(step);
        Sa.Finish(step, this);
    }

    /// <summary>The peer's own rekeying stands for ours, or it is tried again in a while; after several minutes the IKE SA is closed (RFC 7296 §2.25).</summary>
    private void NotRekeyed(Step step)
    {
        Sa.State = IkeSaState.Established;
        if (Sa.PeerRekey is { Sa.State: IkeSaState.Established } theirs) IkeSaReplacement.Replace(step, Sa, theirs.Sa);
        else if (Sa.RekeyRefusals >= RekeyRetries.Most) Sa.Start(step, new DeleteIkeSa(Sa, "it could not be rekeyed for several minutes"));
        else step.SetTimer(Sa, TimerKind.RekeyIke, RekeyRetries.Wait(Sa.RekeyRefusals++, step.Entropy));
    }
}
