using Appliance.Crypto;
using Appliance.Ike.Children;
using Appliance.Ike.Keys;
using Appliance.Ike.Machine;
using Appliance.Ike.Messages;

namespace Appliance.Ike.Exchanges;

/// <summary>
/// CREATE_CHILD_SA that we begin, for a child: [key exchange begun →] request → response → [shared secret → additional key exchanges (RFC 9370) →] installed. What it is for (a new child, or one in the place of
/// another) is in the classes that derive from it.
/// </summary>
internal abstract class ChildCreation(IkeSa sa) : InitiatedExchange(sa)
{
    /// <summary>Octets of our nonces (RFC 7296 §2.10).</summary>
    private const int NonceLength = 32;

    /// <summary>INVALID_KE_PAYLOAD is followed so often.</summary>
    private const int MethodRetries = 3;

    private ChildOffer? offer;
    private KeyExchangeMethod method;
    private KeyExchange? keyExchange;
    private ChildAgreement? agreement;
    private ChildState? created;
    private int retries;
    private byte[] link = [];
    private FollowupInitiator? followup;

    /// <inheritdoc/>
    public sealed override ExchangeType Type => IsFollowingUp ? ExchangeType.IkeFollowupKe : ExchangeType.CreateChildSa;

    /// <summary>The peer has agreed, and additional key exchanges are under way.</summary>
    public bool IsFollowingUp => followup is not null;

    /// <summary>Ni.</summary>
    protected byte[] InitiatorNonce { get; private set; } = [];

    /// <summary>Nr.</summary>
    protected byte[] ResponderNonce { get; private set; } = [];

    /// <inheritdoc/>
    public sealed override void Begin(Step step)
    {
        offer = MakeOffer(step);
        if (offer is null)
        {
            Sa.Finish(step, this);
            return;
        }

        method = ProposalBuilder.FirstMethod(offer.Proposals);
        Prepare(step);
    }

    /// <inheritdoc/>
    public sealed override void Response(Step step, IReadOnlyList<Payload> payloads)
    {
        if (followup is not null)
        {
            if (followup.Response(step, payloads) is { } problem) Refuse(step, problem);
            return;
        }

        agreement = offer!.Accept(step, Sa, payloads, out var refusal);
        if (agreement is null && refusal!.Notify == NotifyType.InvalidKePayload && TryOtherMethod(refusal.Data))
        {
            keyExchange?.Dispose();
            keyExchange = null;
            Prepare(step);
            return;
        }

        refusal ??= Check(payloads);
        if (refusal is not null)
        {
            Refuse(step, refusal);
            return;
        }

        ResponderNonce = payloads.First<NoncePayload>()!.Data;
        if (agreement!.Chosen.Method == KeyExchangeMethod.None)
        {
            Install(step, null);
            return;
        }

        step.Actions.Add(new CompleteKeyExchange(step.NewToken(this), keyExchange!, payloads.First<KeyExchangePayload>()!.Data));
        keyExchange = null;
    }

    /// <inheritdoc/>
    public sealed override void Work(Step step, WorkDone result)
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
                if (followup.IsDone) Install(step, followup.First, followup.Additional);
                else followup.Begin(step);
                break;
            case SharedSecretComputed { Secret: { } secret }:
                using (secret) Computed(step, secret);
                break;
            case SharedSecretComputed:
                Refuse(step, new(NotifyType.InvalidSyntax, "the peer's key exchange value is not of the group", PeerHasIt: true));
                break;
            case ChildInstalled installed when created is not null:
                Installed(step, installed, created);
                break;
            default:
                WorkResults.Discard(result);
                Refuse(step, new(NotifyType.TemporaryFailure, "too much work at the moment", PeerHasIt: agreement is not null));
                break;
        }
    }

    /// <inheritdoc/>
    public sealed override void Failed(Step step, string why) => NotCreated(step, new(NotifyType.TemporaryFailure, why));

    /// <inheritdoc/>
    public override void Release()
    {
        keyExchange?.Dispose();
        keyExchange = null;
        followup?.Release();
        followup = null;
    }

    /// <summary>What is proposed, or null when there is nothing to do any more.</summary>
    protected abstract ChildOffer? MakeOffer(Step step);

    /// <summary>There is nothing to ask for any more.</summary>
    protected virtual bool IsMoot => false;

    /// <summary>Whether we send by it at once: the peer has it, it answered.</summary>
    protected virtual bool ActivatesOutbound() => true;

    /// <summary>The child is installed.</summary>
    protected abstract void Created(Step step, ChildState child, bool resources);

    /// <summary>There is no child; logged and told to the peer already.</summary>
    protected abstract void NotCreated(Step step, ChildRefusal refusal);

    private void Prepare(Step step)
    {
        if (method == KeyExchangeMethod.None) Send(step);
        else step.Actions.Add(new BeginKeyExchange(step.NewToken(this), method));
    }

    private void Send(Step step)
    {
        if (IsMoot)
        {
            NotCreated(step, new(NotifyType.TemporaryFailure, "the peer was faster"));
            Sa.Finish(step, this);
            return;
        }

        InitiatorNonce = step.Entropy.Octets(NonceLength);
        Payload[] own = keyExchange is null ? [new NoncePayload(InitiatorNonce)] : [new NoncePayload(InitiatorNonce), new KeyExchangePayload((ushort)method, keyExchange.PublicValue)];
        Sa.SendRequest(step, offer!.Payloads(own));
    }

    private bool TryOtherMethod(byte[] data)
    {
        if (data.Length != 2 || retries++ >= MethodRetries) return false;
        var wanted = (KeyExchangeMethod)((data[0] << 8) | data[1]);
        if (wanted == method || !offer!.Proposals.Any(p => p.Transforms.Any(t => t.Type == TransformType.KeyExchange && t.Id == (ushort)wanted && t.Id != 0))) return false;
        method = wanted;
        return true;
    }

    private ChildRefusal? Check(IReadOnlyList<Payload> payloads)
    {
        if (payloads.First<NoncePayload>() is null) return new(NotifyType.InvalidSyntax, "the answer has no nonce", PeerHasIt: true);
        var chosen = agreement!.Chosen.Method;
        if (chosen == KeyExchangeMethod.None) return null;
        if (!FollowupInitiator.HasLink(payloads, agreement.Chosen.Additional.Count > 0, out link)) return new(NotifyType.InvalidSyntax, "the answer has no link to the additional key exchanges", PeerHasIt: true);
        return chosen == method && payloads.First<KeyExchangePayload>()?.Method == (ushort)method
            ? null : new(NotifyType.InvalidSyntax, $"the peer chose {AlgorithmNames.Of(chosen)}, the key exchange was {AlgorithmNames.Of(method)}", PeerHasIt: true);
    }

    private void Computed(Step step, Secret secret)
    {
        if (agreement!.Chosen.Additional.Count == 0)
        {
            Install(step, secret);
            return;
        }

        followup = new FollowupInitiator(this, agreement.Chosen.Additional, secret, link);
        followup.Begin(step);
    }

    private void Install(Step step, Secret? shared, params ReadOnlySpan<Secret> additional) =>
        created = ChildInstall.Begin(step, this, Sa, agreement!, InitiatorNonce, ResponderNonce, shared, weInitiated: true, ActivatesOutbound(), additional);

    private void Installed(Step step, ChildInstalled installed, ChildState child)
    {
        if (!ChildInstall.Done(step, Sa, child, installed))
        {
            Refuse(step, new(NotifyType.TemporaryFailure, installed.Problem ?? "it was deleted meanwhile", PeerHasIt: installed.Problem is not null));
            return;
        }

        Created(step, child, agreement!.Resources);
        Sa.Finish(step, this);
    }

    private void Refuse(Step step, ChildRefusal refusal)
    {
        ChildInstall.Refused(step, Sa, offer!, refusal);
        NotCreated(step, refusal);
        Sa.Finish(step, this);
    }
}
